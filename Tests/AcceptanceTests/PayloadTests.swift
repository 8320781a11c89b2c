import SiteModel
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// Whatever arrives is kept, with a reason where it is of no use, and never stops what follows.
  @Suite(.serialized) struct PayloadTests {
    @Test func aThousandUnparseablePayloadsAndThenAGoodOne() async throws {
      let broker = try Broker()
      let installation = try Installation(broker: broker.url)
      let collector = try await installation.startConnected()
      let garbage: [[UInt8]] = [
        Array("no JSON at all".utf8), Array("{".utf8), Array("{\"a\":}".utf8),
        Array("[1,2".utf8), [], [0xFF, 0xFE, 0x00, 0x41], Array("{\"voltage.a\":230}}".utf8),
        Array("\u{0}\u{0}\u{0}".utf8), Array("{\"time\":1772352000,\"voltage.a\":NaN}".utf8),
        Array("<xml/>".utf8),
      ]
      let good = Message("uplink/GOOD/json", #"{"time":1772352000,"voltage.a":230.50}"#)
      let messages = (0..<1000).map { Message("uplink/BAD/json", garbage[$0 % garbage.count]) }
      try await Publisher.publish(messages + [good], to: broker.url)
      try await installation.stores(1001)

      let (status, query) = try await installation.run(
        "query", "--device", "GOOD", "--metric", "voltage.a")
      #expect(status == 0)
      #expect(query.lines.dropFirst() == ["2026-03-01T08:00:00.000Z,GOOD,voltage.a,230.50,V,good"])
      let rows = try installation.reader().quarantined(limit: 2000)
      #expect(rows.count == 1000 && rows.allSatisfy { $0.topic == "uplink/BAD/json" })
      #expect(rows.allSatisfy { $0.isWhole && !$0.reason.isEmpty && !$0.detail.isEmpty })
      #expect(rows.reversed().map(\.payload) == messages.map(\.payload))
      let counts = try installation.reader().quarantineCounts()
      #expect(counts.reduce(0) { $0 + $1.count } == 1000)
      #expect(Set(counts.map(\.reason)) == ["malformed", "not_utf8"])
      #expect(installation.totals.quarantined == 1000)
      #expect(try await collector.stop() == 0)
      #expect(try await installation.verify() == "")
    }

    /// A payload, its topic, and the reason for which it is put aside.
    private static let hostile: [(topic: String, payload: String, reason: String)] = [
      (
        "uplink/H1/json", "{\"text\":\"" + String(repeating: "x", count: 300 << 10) + "\"}",
        "too_large"
      ),
      (
        "uplink/H2/json", String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
        "too_deep"
      ),
      ("uplink/H3/json", String(repeating: "{\"a\":", count: 50_000), "malformed"),
      (
        "uplink/H4/json", "[" + String(repeating: "0,", count: 65_600) + "0]", "too_many_values"
      ),
      ("uplink/H5/json", "{\"voltage.a\":\"230.5.1\"}", "bad_number"),
      (
        "uplink/H6/json", "{\"voltage.a\":" + String(repeating: "9", count: 400) + "}",
        "number_too_long"
      ),
      ("uplink/H7/json", "{\"voltage.a\":1e999999999}", "number_too_long"),
      ("uplink/H8/json", "{\"voltage.a\":1,\"voltage.a\":2}", "ambiguous"),
      ("uplink/H9/json", "{\"time\":\"yesterday\",\"voltage.a\":1}", "bad_time"),
      ("uplink/H10/json", "{\"firmware\":1}", "nothing_mapped"),
      ("uplink/" + String(repeating: "n", count: 300) + "/json", "{\"voltage.a\":1}", "no_device"),
      ("nowhere/at/all", "{\"voltage.a\":1}", "unknown_topic"),
      (String(repeating: "/", count: 150), "{}", "unknown_topic"),
      ("fsu/H11/alarm", "{\"TAlarmList\":[{\"Id\":[],\"AlarmFlag\":\"BEGIN\"}]}", "wrong_type"),
      ("fsu/H12/data", "{\"TSemaphoreList\":7}", "wrong_type"),
    ]

    @Test func hostilePayloadsArePutAsideAndStopNothing() async throws {
      let broker = try Broker()
      var options = Installation.Options()
      options.mqtt = ["subscriptions: [\"#\"]"]
      let installation = try Installation(broker: broker.url, options)
      let collector = try await installation.startConnected()
      var messages: [Message] = []
      for (index, one) in Self.hostile.enumerated() {
        messages.append(Message(one.topic, one.payload))
        messages.append(
          Message("uplink/GOOD/json", "{\"time\":\(1_772_352_000 + index),\"voltage.a\":230}"))
      }
      messages.append(
        Message("uplink/H13/json", Array("{\"x\":\"".utf8) + [0xC0] + Array("\"}".utf8)))
      try await Publisher.publish(messages, to: broker.url)
      // The collector's own status comes too, by the subscription to everything.
      try await eventually("all stored") {
        try installation.reader().quarantined(limit: 1000).contains {
          $0.topic == "uplink/H13/json"
        }
      }
      let rows = try installation.reader().quarantined(limit: 1000)
      for (topic, _, reason) in Self.hostile {
        let reasons = rows.filter { $0.topic == topic }.map(\.reason)
        #expect(reasons.contains(reason), "\(topic.prefix(40)): \(reasons)")
      }
      #expect(rows.filter { $0.topic == "uplink/H13/json" }.map(\.reason) == ["not_utf8"])
      #expect(rows.contains { $0.topic == "sitewatt/acceptance/status" })
      let (_, query) = try await installation.run(
        "query", "--device", "GOOD", "--metric", "voltage.a")
      #expect(query.lines.count == 1 + Self.hostile.count)
      #expect(try await collector.stop() == 0)
      #expect(try await installation.verify() == "")
    }

    @Test func implausibleValuesAreMarkedAndRaiseNoAlarm() async throws {
      let broker = try Broker()
      var options = Installation.Options()
      options.rules = ["outage.mains: {delay_s: 0, clear_s: 0}", "price: {province: 山东省}"]
      options.tariffs = ["\(Repository.root)/config/samples/tariff-sample.csv"]
      let installation = try Installation(broker: broker.url, options)
      let collector = try await installation.startConnected()
      let payloads = [
        #"{"time":1772352000,"voltage.a":-5000,"voltage.b":-1,"voltage.c":65535}"#,
        #"{"time":1772352001,"price.energy":99999}"#,
        #"{"time":1772352002,"mains.present":7}"#,
        #"{"time":1772352003,"frequency":50.00}"#,
      ]
      try await Publisher.publish(
        payloads.map { Message("uplink/ODD/json", $0) }, to: broker.url)
      try await installation.stores(4)
      for (metric, value) in [("voltage.a", "-5000"), ("price.energy", "99999")] {
        let (_, query) = try await installation.run("query", "--device", "ODD", "--metric", metric)
        #expect(query.output.contains(",\(metric),\(value),"))
        #expect(query.output.contains(",out_of_range"))
      }
      #expect(try await installation.alerts() == [])
      #expect(try await collector.stop() == 0)
    }
  }
}
