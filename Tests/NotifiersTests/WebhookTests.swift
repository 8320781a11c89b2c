import Foundation
import Notifiers
import SiteModel
import TestSupport
import Testing

/// Deliveries to a real HTTP server.
@Suite(.timeLimit(.minutes(1))) struct WebhookTests {
  private static let body = #"{"title":"停电告警：济南基站 ⚡","site":"BS-0001"}"#

  private func notification(_ body: String = body) -> SiteModel.Notification {
    .init(number: 7, channel: "operators", key: "alert-17-1", body: body)
  }

  /// One attempt against a receiver that gives the answers in turn.
  private func deliver(
    _ answers: WebhookReceiver.Answer..., path: String = "/hook", timeout: Int64 = 20_000
  ) async throws -> (DeliveryOutcome, [WebhookReceiver.Request]) {
    let receiver = WebhookReceiver()
    try await receiver.start()
    for answer in answers { try await receiver.answer(answer) }
    var options = WebhookOptions(url: Secret(await receiver.origin + path))
    options.timeoutMilliseconds = timeout
    let outcome = try await attempt(options)
    let requests = await receiver.requests
    await receiver.stop()
    return (outcome, requests)
  }

  private func attempt(_ options: WebhookOptions) async throws -> DeliveryOutcome {
    let notifier = try WebhookNotifier(options, version: "1.2.3") {
      Timestamp(milliseconds: 1_772_352_000_999)
    }
    let outcome = await notifier.deliver(notification())
    await notifier.shutdown()
    return outcome
  }

  @Test func theRequestIsWhatTheManualSays() async throws {
    let receiver = WebhookReceiver()
    try await receiver.start()
    var options = WebhookOptions(
      url: Secret("http://us%40er:w%3Ard@127.0.0.1:\(await receiver.port)/hook/a?token=t1"))
    options.secret = Secret("密钥 key")
    #expect(try await attempt(options) == .delivered)
    let request = try #require(try await receiver.requests(atLeast: 1).first)
    await receiver.stop()
    #expect(request.method == "POST")
    #expect(request.path == "/hook/a?token=t1")
    #expect(request.body == Data(Self.body.utf8))
    #expect(request.headers["content-type"] == "application/json; charset=utf-8")
    #expect(request.headers["content-length"] == String(Self.body.utf8.count))
    #expect(request.headers["idempotency-key"] == "alert-17-1")
    #expect(request.headers["user-agent"] == "SiteWatt/1.2.3")
    #expect(request.headers["x-sitewatt-timestamp"] == "1772352000")
    #expect(request.headers["authorization"] == "Basic dXNAZXI6dzpyZA==")
    let signature = try openssl(
      ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "key:密钥 key"],
      input: Data("1772352000.".utf8) + request.body)
    #expect(
      request.headers["x-sitewatt-signature"]
        == signature.split(separator: " ").last.map {
          "sha256=" + $0.trimmingCharacters(in: .newlines)
        })
  }

  @Test func withoutASecretNothingIsSigned() async throws {
    let (outcome, requests) = try await deliver(.init(204))
    #expect(outcome == .delivered)
    #expect(requests.first?.headers["x-sitewatt-signature"] == nil)
    #expect(requests.first?.headers["authorization"] == nil)
  }

  @Test(arguments: [408, 425, 429, 500, 502, 503, 599])
  func passingTroubleIsForAnotherAttempt(status: Int) async throws {
    let (outcome, _) = try await deliver(.init(status, body: "busy"))
    guard case .retry(let reason, nil) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.hasPrefix("HTTP \(status) from http://127.0.0.1:"))
    #expect(reason.hasSuffix(": busy"))
  }

  @Test(arguments: [400, 401, 403, 404, 410, 413, 600])
  func aRefusalIsFinal(status: Int) async throws {
    let (outcome, _) = try await deliver(.init(status, body: "字段\n缺失"))
    guard case .failed(let reason) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.hasPrefix("HTTP \(status) from http://127.0.0.1:"))
    #expect(reason.hasSuffix(": 字段 缺失"))
  }

  @Test(arguments: [301, 302, 303, 307, 308])
  func redirectsAreNotFollowed(status: Int) async throws {
    let (outcome, requests) = try await deliver(.init(status, headers: ["Location": "/other"]))
    guard case .failed(let reason) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.hasSuffix("redirects are not followed"))
    #expect(requests.count == 1)
  }

  @Test(
    arguments: [
      ("7", 7000), ("Sun, 01 Mar 2026 08:00:30 GMT", 29_001), ("nonsense", nil),
    ] as [(String, Int64?)])
  func retryAfterIsPassedOn(header: String, expected: Int64?) async throws {
    let (outcome, _) = try await deliver(.init(429, headers: ["Retry-After": header]))
    guard case .retry(_, let after) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(after == expected)
  }

  @Test func reasonsNeverShowSecretsOfTheAddress() async throws {
    let path = "/services/T0KEN-in-path?access_token=s3cret%2Bvalue"
    let echo =
      "Cannot POST \(path), s3cret%2Bvalue or s3cret+value; T0KEN-in-path is unknown to us"
    let (outcome, _) = try await deliver(.init(404, body: echo), path: path)
    guard case .failed(let reason) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.hasSuffix("is unknown to us"))
    for hidden in ["s3cret", "T0KEN"] { #expect(!reason.contains(hidden)) }
  }

  @Test func aSlowRecipientTimesOut() async throws {
    let (outcome, _) = try await deliver(.init(200, headDelayMilliseconds: 600_000), timeout: 300)
    guard case .retry(let reason, nil) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.hasSuffix("within 300 ms"))
  }

  @Test func aStatusCountsEvenWhenTheBodyNeverComes() async throws {
    let (outcome, _) = try await deliver(
      .init(200, body: "late", bodyDelayMilliseconds: 600_000), timeout: 3000)
    #expect(outcome == .delivered)
  }

  @Test func aHugeAnswerIsNotReadToItsEnd() async throws {
    let answer = WebhookReceiver.Answer(400, body: "no ", paddingBytes: 200_000_000)
    let (outcome, _) = try await deliver(answer)
    guard case .failed(let reason) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.utf8.count < 500)
  }

  @Test func aReceiverThatComesBackGetsTheSameNotification() async throws {
    let receiver = WebhookReceiver()
    try await receiver.start()
    try await receiver.answer(.init(500))
    let notifier = try WebhookNotifier(
      WebhookOptions(url: Secret(await receiver.origin)), version: "0",
      now: { Timestamp(milliseconds: 0) })
    let channel = Channel(name: "operators", kind: .webhook(notifier))
    guard case .retry = await channel.deliver(notification()) else { throw Unexpected() }
    await receiver.stop()
    guard case .retry(let reason, nil) = await channel.deliver(notification()) else {
      throw Unexpected()
    }
    #expect(reason.hasPrefix("no answer from http://127.0.0.1:"))
    try await receiver.start()
    #expect(await channel.deliver(notification()) == .delivered)
    let keys = try await receiver.requests(atLeast: 2).map { $0.headers["idempotency-key"] }
    #expect(keys == ["alert-17-1", "alert-17-1"])
    await channel.shutdown()
    await receiver.stop()
  }

  @Test func certificatesAreVerified() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let files = try Certificates(in: folder, host: "localhost")
    let receiver = WebhookReceiver(
      identity: .init(certificate: files.broker, key: files.brokerKey))
    try await receiver.start()
    var options = WebhookOptions(url: Secret(await receiver.origin))
    guard case .retry(let reason, nil) = try await attempt(options) else { throw Unexpected() }
    #expect(reason.contains("CERTIFICATE_VERIFY_FAILED"))
    options.authorityFile = files.authority
    #expect(try await attempt(options) == .delivered)
    await receiver.stop()
  }

  @Test func aNotifierMayBeLetGoAtAnyTime() async throws {
    let options = WebhookOptions(url: Secret("http://127.0.0.1:1/"))
    do {
      _ = try WebhookNotifier(options, version: "0", now: { Timestamp(milliseconds: 0) })
    }
    let other = try WebhookNotifier(options, version: "0", now: { Timestamp(milliseconds: 0) })
    await other.shutdown()
    await other.shutdown()
    guard case .retry = await other.deliver(notification()) else { throw Unexpected() }
  }

  @Test func theLogTakesEveryNotification() async {
    await confirmation { written in
      let notifier = LogNotifier { taken in
        #expect(taken == notification())
        written()
      }
      let channel = Channel(name: "operators", kind: .log(notifier))
      #expect(await channel.deliver(notification()) == .delivered)
      await channel.shutdown()
    }
  }

  private struct Unexpected: Error {}

  /// Runs the openssl command; its standard output.
  private func openssl(_ arguments: [String], input: Data) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    let (standardInput, output) = (Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = output
    process.standardError = Pipe()
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: input)
    try standardInput.fileHandleForWriting.close()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
