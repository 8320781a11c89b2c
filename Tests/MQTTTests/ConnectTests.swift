import Glibc
import MQTT
import TestSupport
import Testing

/// Finding a broker that takes the session: versions, several addresses, refusals, time-outs.
@Suite(.serialized)
struct ConnectTests {
  @Test func mqtt5IsSpokenFirst() throws {
    let broker = try Broker()
    let client = try connected(options(broker.url))
    #expect(client.connections.map(\.version) == [.v5])
    #expect(client.connections.first?.isSessionPresent == false)
    #expect(client.connections.first?.warnings == [])
    #expect(client.events.contains(.subscribed(filter: "t/#", grantedQoS: 1)))
  }

  /// The shim accepts CONNECTs of level 5 and stays silent, as some old brokers and gateways do.
  @Test func aBrokerSilentToMqtt5IsAskedWithTheOlderVersion() throws {
    let broker = try Broker()
    let shim = try ConnectionShim(brokerPort: broker.port, swallowing: [5])
    defer { shim.stop() }
    var options = try options("mqtt://127.0.0.1:\(shim.port)")
    options.connectTimeout_ms = 200
    let client = try connected(options)
    #expect(client.failures == [MQTTFailure(.connectTimeout)])
    #expect(client.connections.map(\.version) == [.v311])
    #expect(client.connections.first?.warnings == [.oldProtocol])
    try publisher(broker.url).publish(["a"])
    try client.run(releasing: false, "a message") { client.payloads == ["a"] }
    client.session.abandon()
    try client.run("redelivery") { client.payloads == ["a", "a"] }
    // What worked is remembered, and MQTT 5 is tried again after eight connections.
    shim.swallow([])
    for _ in 0..<7 {
      shim.cut()
      let count = client.connections.count
      try client.run("the next connection") { client.connections.count > count }
    }
    #expect(client.connections.map(\.version) == Array(repeating: .v311, count: 9))
    shim.cut()
    try client.run("the tenth connection") { client.connections.count == 10 }
    #expect(client.connections.last?.version == .v5)
    #expect(client.payloads == ["a", "a"])
  }

  /// A CONNACK of MQTT 3.1.1 that refuses the protocol level, and a broker that just hangs up.
  @Test(arguments: [[0x20, 2, 0, 1], [0x20, 2, 0, 5], []] as [[UInt8]])
  func aBrokerThatRefusesMqtt5IsAskedWithTheOlderVersion(answer: [UInt8]) throws {
    let server = try OldBroker(answerToLevel5: answer)
    defer { server.stop() }
    let client = try Client(options("mqtt://127.0.0.1:\(server.port)", filters: []))
    try client.run("a connection") { !client.connections.isEmpty }
    #expect(client.connections.map(\.version) == [.v311])
    #expect(client.failures.count == 1)
  }

  @Test func aServerThatNeverAnswersDoesNotHoldTheThread() throws {
    let broker = try Broker()
    let shim = try ConnectionShim(brokerPort: broker.port, swallowing: [4, 5])
    defer { shim.stop() }
    var options = try options("mqtt://127.0.0.1:\(shim.port)")
    options.connectTimeout_ms = 60_000
    let client = try Client(options)
    client.session.waker.wake()
    #expect(client.receive(wait_ms: 60_000) == .woken)
    #expect(client.receive(wait_ms: 20) == .idle)
    client.session.close()
    #expect(client.receive(wait_ms: 1) == .idle)
  }

  @Test func severalBrokersAreTriedInTurn() throws {
    let closed = try freePort()
    let broker = try Broker()
    let second = try Broker()
    var options = try options("mqtt://127.0.0.1:\(closed)")
    options.brokers.append(try BrokerURL(parsing: "mqtt://no.such.host.invalid"))
    options.brokers.append(try BrokerURL(parsing: broker.url))
    options.brokers.append(try BrokerURL(parsing: second.url))
    let client = try connected(options)
    #expect(client.connections.map(\.broker) == [options.brokers[2]])
    #expect(
      client.failures == [
        MQTTFailure(.unreachable(code: ECONNREFUSED)), MQTTFailure(.hostNotFound),
      ])
    broker.kill()
    try client.run("the second broker") { client.connections.count == 2 }
    #expect(client.connections.last?.broker == options.brokers[3])
    #expect(client.losses == [MQTTFailure(.closedByBroker)])
  }

  @Test func wrongCredentialsAreReportedWithoutThePassword() throws {
    let folder = try TemporaryFolder()
    let passwords = try folder.write("", to: "passwords")
    try run("/usr/bin/mosquitto_passwd", ["-b", passwords, "meter", "right-word"])
    let broker = try Broker(
      settings: ["allow_anonymous false", "password_file \(passwords)"], folder: folder)
    var options = try options(broker.url)
    options.user = "meter"
    options.password = MQTTSecret("wrong-word")
    let refused = try Client(options)
    try refused.run("a refusal") { !refused.failures.isEmpty }
    #expect(refused.failures.first == MQTTFailure(.notAuthorized))
    #expect(refused.failures.first?.needsOperator == true)
    #expect(!"\(refused.events) \(options)".contains("wrong-word"))
    #expect("\(options)".contains("***"))
    options.password = MQTTSecret("right-word")
    let accepted = try connected(options)
    #expect(accepted.failures.isEmpty)
  }

  @Test func aBrokersLimitsBecomeWarnings() throws {
    let broker = try Broker(
      settings: [
        "max_qos 0", "allow_anonymous true", "max_packet_size 2000", "retain_available false",
      ])
    var options = try options(broker.url)
    options.status = StatusTopic(topic: "s", online: [1], offline: [0])
    let client = try connected(options)
    let limits = client.connections.first?.limits
    #expect(limits?.maximumQoS == 0)
    #expect(limits?.hasRetained == false)
    let warnings = client.connections.first?.warnings ?? []
    #expect(warnings.contains(.maximumQoS(0)))
    #expect(warnings.contains(.noRetained))
    #expect(client.events.contains(.subscribed(filter: "t/#", grantedQoS: 0)))
  }

  @Test func aSecondClientWithTheSameIdIsReported() throws {
    let broker = try Broker()
    let first = try connected(options(broker.url))
    let second = try connected(options(broker.url))
    try first.run("the take-over") { !first.losses.isEmpty }
    #expect(first.losses == [MQTTFailure(.sessionTakenOver)])
    _ = second
  }

  @Test func refusedFiltersAreReportedEachByItself() throws {
    let folder = try TemporaryFolder()
    let rules = try folder.write("topic read t/#\n", to: "rules")
    let broker = try Broker(
      settings: ["allow_anonymous true", "acl_file \(rules)"], folder: folder)
    let client = try connected(options(broker.url, filters: ["t/#", "$share/g"]))
    #expect(client.events.contains(.subscribed(filter: "t/#", grantedQoS: 1)))
    #expect(client.events.contains { if case .subscriptionRefused("$share/g", _) = $0 { true } else { false } })
  }
}
