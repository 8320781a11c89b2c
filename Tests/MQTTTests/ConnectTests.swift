import SiteModel
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
    try client.run("the acknowledgement") { shim.clientBytes.suffix(4).starts(with: [0x40, 2]) }
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

  /// A listener whose queue is full does not answer SYN: TCP itself hangs, in the dialling thread.
  @Test func aHangingTCPConnectDoesNotHoldTheThread() throws {
    let (listener, port) = try listenOnLoopback(backlog: 0)
    defer { close(listener) }
    let waiting = (0..<3).map { _ in beginConnect(port: port) }
    defer { for descriptor in waiting { close(descriptor) } }
    var options = try options("mqtt://127.0.0.1:\(port)")
    options.connectTimeout_ms = 100
    let client = try Client(options)
    client.session.waker.wake()
    #expect(client.receive(wait_ms: 60_000) == .woken)
    try client.run("the time-out") { !client.failures.isEmpty }
    #expect(client.failures.first == MQTTFailure(.unreachable(code: ETIMEDOUT)))
    try client.run("a full house") { client.failures.contains(MQTTFailure(.tooManyAttempts)) }
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
    options.password = Secret("wrong-word")
    let refused = try Client(options)
    try refused.run("a refusal") { !refused.failures.isEmpty }
    #expect(refused.failures.first == MQTTFailure(.notAuthorized))
    #expect(refused.failures.first?.needsOperator == true)
    #expect(!"\(refused.events) \(options)".contains("wrong-word"))
    #expect("\(options)".contains("***"))
    options.password = Secret("right-word")
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

  /// What a server says in MQTT 5 after its CONNACK, and what the session makes of it.
  @Test(
    arguments: [
      ([0xE0, 1, 0x8E], .sessionTakenOver), ([0xE0, 1, 0x8B], .serverUnavailable),
      ([0xE0, 1, 0x97], .broker(code: 0x97)), ([], .closedByBroker),
      ([0x07, 0], .protocolViolation), ([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1], .protocolViolation),
    ] as [([UInt8], MQTTFailure.Reason)])
  func theEndOfAConnectionHasAReason(words: [UInt8], reason: MQTTFailure.Reason) throws {
    let server = try OldBroker(answerToLevel5: [0x20, 3, 0, 0, 0] + words)
    defer { server.stop() }
    let client = try Client(options("mqtt://127.0.0.1:\(server.port)", filters: []))
    try client.run("the end") { !client.losses.isEmpty }
    #expect(client.losses.first == MQTTFailure(reason))
  }

  /// CONNACK reason codes of MQTT 5, and whether a person has to act.
  @Test(
    arguments: [
      (0x86, .badCredentials, true), (0x85, .clientIDRejected, true),
      (0x89, .serverUnavailable, false),
      (0x8A, .notAuthorized, true), (0x95, .broker(code: 0x95), false),
    ] as [(UInt8, MQTTFailure.Reason, Bool)])
  func aRefusalHasAReason(code: UInt8, reason: MQTTFailure.Reason, needsOperator: Bool) throws {
    let server = try OldBroker(answerToLevel5: [0x20, 3, 0, code, 0])
    defer { server.stop() }
    let client = try Client(options("mqtt://127.0.0.1:\(server.port)", filters: []))
    try client.run("the refusal") { !client.failures.isEmpty }
    #expect(client.failures.first == MQTTFailure(reason))
    #expect(client.failures.first?.needsOperator == needsOperator)
  }

  /// SUBACKs for two filters, which have the packet identifiers 1 and 2.
  @Test func refusedFiltersAreReportedEachByItself() throws {
    let answers: [UInt8] = [0x90, 4, 0, 1, 0, 0x87, 0x90, 4, 0, 2, 0, 1]
    let server = try OldBroker(answerToLevel5: [0x20, 3, 0, 0, 0] + answers)
    defer { server.stop() }
    let client = try Client(options("mqtt://127.0.0.1:\(server.port)", filters: ["a/#", "b"]))
    try client.run("the answers") { client.events.count >= 3 }
    #expect(client.events[1] == .subscriptionRefused(filter: "a/#", code: 0x87))
    #expect(client.events[2] == .subscribed(filter: "b", grantedQoS: 1))
  }

  /// All of a CONNACK's properties: expiry 60 s, receive maximum 10, maximum packet 1000 bytes,
  /// keep-alive 30 s, no wildcards.
  @Test func aConnackSaysTheBrokersLimits() throws {
    let properties: [UInt8] = [
      17, 0, 0, 0, 60, 33, 0, 10, 39, 0, 0, 3, 0xE8, 19, 0, 30, 40, 0,
    ]
    let server = try OldBroker(
      answerToLevel5: [0x20, UInt8(3 + properties.count), 0, 0, UInt8(properties.count)]
        + properties)
    defer { server.stop() }
    let client = try Client(options("mqtt://127.0.0.1:\(server.port)", filters: []))
    try client.run("a connection") { !client.connections.isEmpty }
    let broker = try #require(client.connections.first)
    #expect(broker.limits.receiveMaximum == 10)
    #expect(broker.limits.keepAlive_s == 30)
    #expect(
      broker.warnings == [
        .sessionExpiry(asked_s: 604_800, granted_s: 60), .noWildcards,
        .smallPackets(maximum_bytes: 1000),
      ])
  }
}
