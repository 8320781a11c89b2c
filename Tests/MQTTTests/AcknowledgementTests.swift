import MQTT
import TestSupport
import Testing

/// Acknowledge after commit (D1), seen on the wire and by what a real broker redelivers.
@Suite(.serialized)
struct AcknowledgementTests {
  /// PUBACK packets (0x40, length 2) in what a client sent.
  private func acknowledgements(_ bytes: [UInt8]) -> Int {
    zip(bytes, bytes.dropFirst()).count { $0 == 0x40 && $1 == 2 }
  }

  @Test func nothingIsAcknowledgedBeforeRelease() throws {
    let broker = try Broker()
    let shim = try ConnectionShim(brokerPort: broker.port, swallowing: [])
    defer { shim.stop() }
    let client = try connected(options("mqtt://127.0.0.1:\(shim.port)"))
    try publisher(broker.url).publish((0..<50).map(String.init))
    let sentBefore = shim.clientBytes.count
    try client.run(releasing: false, "50 messages") { client.received.count == 50 }
    // The broker answers a second session's round trip; had bytes left, the shim would have them.
    try publisher(broker.url, id: "other").publish(["x"], to: "elsewhere")
    #expect(shim.clientBytes.count == sentBefore)
    client.session.release()
    try client.run("the shim to see the acknowledgements") {
      acknowledgements(Array(shim.clientBytes.dropFirst(sentBefore))) == 50
    }
  }

  @Test func abandonedMessagesComeAgainUnderTheSameIdentifier() throws {
    let broker = try Broker()
    let client = try connected(options(broker.url))
    let publisher = try publisher(broker.url)
    try publisher.publish(["a", "b", "c"])
    try client.run(releasing: false, "three messages") { client.received.count == 3 }
    client.session.abandon()
    #expect(client.losses == [MQTTFailure(.abandoned)])
    try client.run("redelivery") { client.received.count >= 6 }
    #expect(client.payloads == ["a", "b", "c", "a", "b", "c"])
    let identifiers = client.received.map(\.packetID)
    #expect(Array(identifiers[3...]) == Array(identifiers[..<3]))
    #expect(client.connections.last?.isSessionPresent == true)
    // Released now: a third connection brings only what is new.
    client.session.abandon()
    try client.connect()
    try publisher.publish(["d"])
    try client.run("d") { client.received.count > 6 }
    #expect(client.payloads.suffix(1) == ["d"])
    #expect(client.received.count == 7)
  }

  @Test func aLostConnectionLeavesTheBatchToItsCaller() throws {
    let broker = try Broker()
    let shim = try ConnectionShim(brokerPort: broker.port, swallowing: [])
    defer { shim.stop() }
    let client = try connected(options("mqtt://127.0.0.1:\(shim.port)"))
    try publisher(broker.url).publish(["a"])
    try client.run(releasing: false, "a") { client.received.count == 1 }
    shim.cut()
    try client.run(releasing: false, "the loss") { client.ends.last == .lost }
    #expect(client.receive() == .lost)
    client.session.release()
    try client.run("a again") { client.received.count == 2 }
  }

  @Test(arguments: [1, 7, 64])
  func aBatchIsNeverLargerThanItsLimit(limit: Int) throws {
    let broker = try Broker()
    let client = try connected(options(broker.url))
    try publisher(broker.url).publish((0..<200).map(String.init))
    var sizes: [Int] = []
    while client.received.count < 200 {
      let before = client.received.count
      client.receive(messages: limit, wait_ms: 1_000)
      sizes.append(client.received.count - before)
      client.session.release()
    }
    #expect(sizes.max() == limit)
    #expect(client.payloads == (0..<200).map(String.init))
  }

  /// libmosquitto reads as many packets per call as publishes are outstanding.
  @Test func aBatchIsNeverLargerWhilePublishesAreOutstanding() throws {
    let broker = try Broker()
    let client = try connected(options(broker.url))
    try publisher(broker.url).publish((0..<100).map(String.init))
    for _ in 0..<50 {
      try [UInt8]("x".utf8).withUnsafeBytes {
        try client.session.publish(topic: "elsewhere", payload: $0, qos: 1)
      }
    }
    #expect(client.receive(messages: 7, wait_ms: 5_000) == .full)
    #expect(client.received.count == 7)
    client.session.release()
    try client.run("the rest") {
      client.received.count == 100 && client.session.outstandingPublishes == 0
    }
  }

  @Test func aBatchEndsWithTheMessageThatExceedsItsBytes() throws {
    let broker = try Broker()
    let client = try connected(options(broker.url))
    try publisher(broker.url).publish((0..<9).map { "payload\($0)" })
    var count = 0
    let end = client.session.receive(
      until: ReceiveLimits(messages: 100, bytes: 30, wait_ms: 5_000)
    ) { _ in count += 1 }
    #expect(end == .full)
    #expect(count == 3)
    client.session.release()
  }

  @Test func whatIsNotReceivedIsNeitherReadNorAcknowledged() throws {
    let broker = try Broker()
    var options = try options(broker.url)
    options.receiveMaximum = 20
    let client = try connected(options)
    try publisher(broker.url).publish((0..<100).map(String.init))
    // A full batch that is not released: the broker stops after its receive maximum.
    try client.run(releasing: false, "twenty messages") { client.received.count >= 20 }
    for _ in 0..<5 { client.receive(wait_ms: 200) }
    #expect(client.received.count == 20)
    client.session.release()
    try client.run("the rest") { client.received.count == 100 }
    #expect(client.payloads == (0..<100).map(String.init))
  }

  @Test func aWakeEndsTheWait() throws {
    let broker = try Broker()
    let client = try connected(options(broker.url))
    client.session.waker.wake()
    #expect(client.receive(wait_ms: 60_000) == .woken)
    #expect(client.receive(wait_ms: 1) == .idle)
  }
}
