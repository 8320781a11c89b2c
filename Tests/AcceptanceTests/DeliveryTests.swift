import Foundation
import SiteModel
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// Notifications over a webhook that is down, overloaded or refuses.
  @Suite(.serialized) struct DeliveryTests {
    private static let secret = "k3y-of-the-webhook"

    private func installation(_ broker: Broker, hook: String) throws -> Installation {
      let folder = try TemporaryFolder()
      try folder.write(Self.secret + "\n", to: "webhook-secret")
      var options = Installation.Options()
      options.rules = [
        "outage.mains: {delay_s: 0, clear_s: 0}", "device.silent: {enabled: false}",
      ]
      options.notify = [
        "{name: duty, type: webhook, url: \"\(hook)\", secret_file: webhook-secret, timeout_s: 2}",
        "{name: log, type: log}",
      ]
      return try Installation(broker: broker.url, options, folder: folder)
    }

    /// Outages that begin and end, each of a device of its own.
    private func outages(_ count: Int, from first: Int = 1) -> [Message] {
      (first..<(first + count)).flatMap { number in
        [(0, 0), (1, 1)].map { second, isPresent in
          Message(
            "uplink/D\(number)/json",
            "{\"time\":\(1_772_352_000 + number * 10 + second),\"mains.present\":\(isPresent)}")
        }
      }
    }

    @Test func aWebhookThatWasDownGetsEverythingInOrder() async throws {
      let broker = try Broker()
      let receiver = WebhookReceiver()
      try await receiver.start()
      let hook = await receiver.origin + "/hook"
      await receiver.stop()
      let installation = try installation(broker, hook: hook)
      let first = try await installation.startConnected()
      try await Publisher.publish(outages(20), to: broker.url)
      try await installation.stores(40)
      // The other channel is not held up, and neither is the way of the messages.
      try await eventually("the log has all") {
        first.errors.ranges(of: "CLEARED").count == 20
      }
      #expect(first.errors.ranges(of: "RAISED").count == 20)
      #expect(first.errors.contains("channel 'duty' is down"))
      #expect(try installation.reader().outboxCounts().pending == 40)
      #expect(try await first.stop() == 0)

      try await receiver.start()
      let second = try await installation.startConnected()
      try await Publisher.publish(outages(5, from: 21), to: broker.url)
      let requests = try await receiver.requests(atLeast: 50, withinSeconds: 90)
      try await eventually("an empty outbox") {
        try installation.reader().outboxCounts().pending == 0
      }
      #expect(try await second.stop() == 0)
      try check(requests)
      let keys = requests.compactMap { $0.headers["idempotency-key"] }
      #expect(keys.count == 50 && Set(keys).count == 50)
    }

    /// In the order of the numbers, signed, and with key and content that belong together.
    private func check(_ requests: [WebhookReceiver.Request]) throws {
      var numbers: [Int] = []
      for request in requests {
        let stamp = try #require(request.headers["x-sitewatt-timestamp"])
        let signed = Digest.hmacSHA256(
          Array("\(stamp).".utf8) + Array(request.body), key: Array(Self.secret.utf8))
        #expect(request.headers["x-sitewatt-signature"] == "sha256=" + Digest.hex(signed))
        let document = try JSONDecoder().decode(Delivered.self, from: request.body)
        #expect(request.headers["idempotency-key"] == document.key)
        #expect((document.transition == "raised") == (document.alert.cleared_at == nil))
        numbers.append(document.number)
      }
      #expect(numbers == numbers.sorted())
    }

    private struct Delivered: Decodable {
      let number: Int
      let key: String
      let transition: String
      let alert: Alert
    }

    @Test func overloadIsWaitedForAndRefusalIsShown() async throws {
      let broker = try Broker()
      let receiver = WebhookReceiver()
      try await receiver.start()
      let installation = try installation(broker, hook: await receiver.origin + "/hook")
      try await receiver.answer(
        .init(503), .init(200), .init(429, headers: ["Retry-After": "1"]), .init(200),
        .init(400, body: "no such incident type"))
      let collector = try await installation.startConnected()
      try await Publisher.publish(Array(outages(1).prefix(1)), to: broker.url)
      _ = try await receiver.requests(atLeast: 2)
      try await Publisher.publish(Array(outages(1).suffix(1)), to: broker.url)
      _ = try await receiver.requests(atLeast: 4)
      try await Publisher.publish(Array(outages(1, from: 2).prefix(1)), to: broker.url)
      try await collector.says("notification 5 to 'duty' failed: HTTP 400")
      #expect(collector.errors.contains("no such incident type"))
      try await Publisher.publish(Array(outages(1, from: 3).prefix(1)), to: broker.url)
      let requests = try await receiver.requests(atLeast: 6)
      try await eventually("nothing pending") {
        try installation.reader().outboxCounts().pending == 0
      }
      let counts = try installation.reader().outboxCounts()
      #expect(counts.failed == 1 && counts.delivered == 7)
      let keys = requests.compactMap { $0.headers["idempotency-key"] }
      // Tried again under the same key; the refused one is not tried again.
      #expect(keys.count == 6 && Set(keys).count == 4)
      #expect(keys[0] == keys[1] && keys[2] == keys[3])
      #expect(try await collector.stop() == 0)
    }
  }
}
