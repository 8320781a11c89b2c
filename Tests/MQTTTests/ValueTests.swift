import TestSupport
import SiteModel
import Testing

@testable import MQTT

/// The parts that need no broker.
struct ValueTests {
  @Test(arguments: [
    ("mqtt://broker", "mqtt://broker:1883"), ("mqtts://broker/", "mqtts://broker:8883"),
    ("mqtt://10.0.0.1:1884", "mqtt://10.0.0.1:1884"), ("mqtt://[::1]", "mqtt://[::1]:1883"),
    ("mqtts://[fe80::1]:65535", "mqtts://[fe80::1]:65535"),
    ("mqtt://a_b-c.example:1", "mqtt://a_b-c.example:1"),
  ])
  func anAddressIsRead(text: String, full: String) throws {
    #expect(try BrokerURL(parsing: text).description == full)
  }

  @Test(arguments: [
    ("broker:1883", "begins with"), ("http://broker", "begins with"), ("mqtt://", "1 to 253"),
    ("mqtt://:1883", "1 to 253"), ("mqtt://user:word@broker", "do not belong"),
    ("mqtt://broker/path", "no path"), ("mqtt://broker?x=1", "no path"),
    ("mqtt://broker:0", "1 to 65535"), ("mqtt://broker:65536", "1 to 65535"),
    ("mqtt://broker:+80", "1 to 65535"), ("mqtt://broker:", "1 to 65535"),
    ("mqtt://::1", "brackets"), ("mqtt://[::1", "closing bracket"), ("mqtt://[::g]", "not an IPv6"),
    ("mqtt://[::1]x", "colon"), ("mqtt://a b", "1 to 253"), ("mqtt://\u{0}", "1 to 253"),
  ])
  func aBadAddressSaysWhy(text: String, reason: String) {
    let error = #expect(throws: BrokerURLError.self) { try BrokerURL(parsing: text) }
    #expect(error?.text.contains(reason) == true, "\(error?.text ?? "none")")
  }

  @Test func everyProblemIsFound() throws {
    var options = MQTTOptions(brokers: [], clientID: "")
    options.filters = ["a/#/b", "ok", ""]
    options.password = Secret("x")
    options.receiveMaximum = 0
    options.keepAlive_s = 4
    options.connectTimeout_ms = 1
    options.minimumBackoff_ms = 0
    options.maximumBackoff_ms = -1
    options.maximumOutstandingPublishes = 0
    options.maximumPacketSize_bytes = 1
    options.status = StatusTopic(topic: "a/+", online: [], offline: [])
    options.tls.keyFile = "key"
    #expect(
      options.problems().map(\.option) == [
        "brokers", "client_id", "filters", "filters", "password", "receive_maximum",
        "maximum_packet_size_bytes", "keep_alive_s", "connect_timeout_ms", "minimum_backoff_ms",
        "maximum_backoff_ms", "maximum_outstanding_publishes", "status", "tls",
      ])
    #expect(throws: MQTTOptionProblem.self) { try MQTTSession(options) { _ in } }
  }

  @Test func aSecretNeverPrints() {
    let secret = Secret("word")
    #expect("\(secret) \([secret]) \(String(reflecting: secret))" == "*** [***] ***")
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!dumped.contains("word"))
  }

  @Test func pausesGrowWithJitterAndStayInTheirLimits() {
    var random = SeededGenerator(seed: 7)
    var backoff = Backoff(minimum_ms: 1_000, maximum_ms: 60_000)
    let pauses = (0..<200).map { _ in backoff.next(needsOperator: false, random: random.next()) }
    #expect(pauses.allSatisfy { (1_000...60_000).contains($0) })
    #expect((pauses.max() ?? 0) > 40_000)
    #expect(Set(pauses).count > 150)
    #expect((1_000...3_000).contains(pauses[0]))
    #expect(backoff.next(needsOperator: true, random: 0) == 60_000)
    backoff.reset()
    #expect((1_000...3_000).contains(backoff.next(needsOperator: false, random: random.next())))
  }

  @Test func brokersAndVersionsAreTriedInTurn() {
    var rotation = Rotation(brokerCount: 2)
    #expect(rotation.failed(MQTTFailure(.closedBeforeAnswer)) == .now)
    #expect(rotation.index == 0 && rotation.version == .v311)
    #expect(rotation.failed(MQTTFailure(.closedBeforeAnswer)) == .now)
    #expect(rotation.index == 1 && rotation.version == .v5)
    #expect(rotation.failed(MQTTFailure(.badCredentials)) == .afterPause(needsOperator: false))
    #expect(rotation.failed(MQTTFailure(.notAuthorized)) == .now)
    #expect(rotation.failed(MQTTFailure(.notAuthorized)) == .afterPause(needsOperator: true))
    #expect(rotation.index == 0 && rotation.version == .v5)
  }

  @Test func anOldProtocolThatWorkedIsRememberedForAWhile() {
    var rotation = Rotation(brokerCount: 1)
    _ = rotation.failed(MQTTFailure(.connectTimeout))
    var versions: [ProtocolVersion] = []
    for _ in 0..<10 {
      versions.append(rotation.version)
      _ = rotation.succeeded(isSessionPresent: true)
      rotation.lost()
    }
    #expect(versions == Array(repeating: .v311, count: 9) + [.v5])
  }

  @Test func aRefusedWillIsMadeSmaller() {
    var rotation = Rotation(brokerCount: 1)
    #expect(rotation.willQoS == 1 && rotation.retainsWill)
    #expect(rotation.failed(MQTTFailure(.broker(code: 0x9B))) == .now)
    #expect(rotation.failed(MQTTFailure(.broker(code: 0x9A))) == .now)
    #expect(rotation.willQoS == 0 && !rotation.retainsWill)
    #expect(
      rotation.failed(MQTTFailure(.broker(code: 0x9A))) == .afterPause(needsOperator: false))
  }
}
