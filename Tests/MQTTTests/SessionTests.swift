import Glibc
import MQTT
import TestSupport
import Testing

/// What outlives a connection: the session, the status topic, the Will; and the `$SYS` counters.
@Suite(.serialized)
struct SessionTests {
  private let status = StatusTopic(
    topic: "sitewatt/collector/status", online: Array(#"{"online":true}"#.utf8),
    offline: Array(#"{"online":false}"#.utf8))

  @Test func messagesWaitForAnAbsentClient() throws {
    let broker = try Broker()
    try connected(options(broker.url)).session.close()
    try publisher(broker.url).publish(["a", "b"])
    let client = try Client(options(broker.url))
    try client.run("what waited") { client.received.count == 2 }
    #expect(client.payloads == ["a", "b"])
    #expect(client.connections.first?.isSessionPresent == true)
  }

  @Test func whatSeveralFiltersMatchComesOnce() throws {
    let broker = try Broker()
    // The broker still knows a filter of before.
    try connected(options(broker.url, filters: ["t/a"])).session.close()
    let client = try connected(options(broker.url, filters: ["t/a", "t/+", "t/#", "u"]))
    try publisher(broker.url).publish(["1", "2"])
    try publisher(broker.url).publish(["end"], to: "u")
    try client.run("the last message") { client.payloads.last == "end" }
    #expect(client.payloads == ["1", "2", "end"])
  }

  @Test func whatIsNoLongerWantedIsNotSent() throws {
    let broker = try Broker()
    try connected(options(broker.url, filters: ["#", "v"])).session.close()
    var options = try options(broker.url, filters: ["t/#"])
    options.formerFilters = ["#", "v", "t/#"]
    let client = try connected(options)
    try publisher(broker.url).publish(["v"], to: "v")
    try publisher(broker.url).publish(["u"], to: "u")
    try publisher(broker.url).publish(["end"])
    try client.run("the last message") { client.payloads.last == "end" }
    #expect(client.payloads == ["end"])
  }

  @Test func unacknowledgedMessagesSurviveTheBrokersRestart() throws {
    let broker = try Broker()
    let client = try connected(options(broker.url))
    try publisher(broker.url).publish(["a", "b"])
    try client.run(releasing: false, "two messages") { client.received.count == 2 }
    broker.stop()
    try broker.start()
    client.session.release()
    try client.run("redelivery") { client.received.count == 4 }
    #expect(client.payloads == ["a", "b", "a", "b"])
    #expect(client.connections.last?.isSessionPresent == true)
    #expect(client.connections.last?.warnings == [])
  }

  @Test func aForgetfulBrokerIsSubscribedAgainAndReported() throws {
    let broker = try Broker(isPersistent: false)
    let client = try connected(options(broker.url))
    broker.kill()
    try client.run("the loss") { !client.losses.isEmpty }
    try broker.start()
    try client.run("the second connection") { client.connections.count == 2 }
    #expect(client.connections.last?.isSessionPresent == false)
    #expect(client.connections.last?.warnings == [.sessionForgotten])
    try client.connect()
    try publisher(broker.url).publish(["a"])
    try client.run("a message") { client.payloads == ["a"] }
  }

  @Test func retainedMessagesComeOnlyWithANewSubscription() throws {
    let broker = try Broker()
    try publisher(broker.url).publish(["kept"], retain: true)
    let client = try connected(options(broker.url))
    try client.run("the retained message") { client.payloads == ["kept"] }
    #expect(client.received.first?.isRetained == true)
    client.session.abandon()
    try client.connect()
    try publisher(broker.url).publish(["new"])
    try client.run("the new message") { client.payloads.last == "new" }
    #expect(client.payloads == ["kept", "new"])
  }

  @Test func statusSaysOnlineAndOffline() throws {
    let broker = try Broker()
    let observer = try connected(
      options(broker.url, id: "observer", filters: ["sitewatt/+/status"]))
    var options = try options(broker.url)
    options.status = status
    let client = try connected(options)
    try observer.run("online") { observer.payloads == [#"{"online":true}"#] }
    // Unread messages must neither be acknowledged nor stop the farewell.
    try publisher(broker.url).publish((0..<500).map(String.init))
    client.session.close()
    #expect(client.events.last == .closed(broker: options.brokers[0]))
    try observer.run("offline") { observer.received.count == 2 }
    #expect(observer.payloads.last == #"{"online":false}"#)
    let next = try Client(options)
    try next.run("what was not read") { next.received.count == 500 }
    #expect(next.payloads == (0..<500).map(String.init))
  }

  @Test func theWillSaysOfflineWhenTheConnectionIsDropped() throws {
    let broker = try Broker()
    let observer = try connected(
      options(broker.url, id: "observer", filters: ["sitewatt/+/status"]))
    var options = try options(broker.url)
    options.status = status
    let client = try connected(options)
    try observer.run("online") { observer.received.count == 1 }
    client.session.abandon()
    try observer.run("offline") { observer.received.count == 2 }
    #expect(observer.payloads.last == #"{"online":false}"#)
    try client.run("the second connection") { client.connections.count == 2 }
    try observer.run("online again") { observer.received.count == 3 }
    #expect(observer.payloads.last == #"{"online":true}"#)
  }

  @Test func closeWithAnOpenBatchAcknowledgesNothing() throws {
    let broker = try Broker()
    let client = try connected(options(broker.url))
    try publisher(broker.url).publish(["a"])
    try client.run(releasing: false, "a") { client.payloads == ["a"] }
    client.session.close()
    let next = try Client(options(broker.url))
    try next.run("a again") { next.payloads == ["a"] }
  }

  @Test func theBrokersOwnFactsAreEvents() throws {
    let broker = try Broker()
    var options = try options(broker.url, filters: ["#"])
    options.watchesBroker = true
    let client = try connected(options)
    try client.run("both facts") {
      client.events.contains(.brokerDropped(total: 0))
        && client.events.contains {
          if case .brokerVersion(let text) = $0 { text.hasPrefix("mosquitto") } else { false }
        }
    }
    #expect(client.received.isEmpty)
  }

  /// Time itself is what is tested here: pings while idle, and a commit longer than the keep-alive
  /// interval but shorter than the 1.5 intervals after which a broker gives up.
  @Test func neitherSilenceNorASlowCommitEndsTheConnection() throws {
    let broker = try Broker()
    var options = try options(broker.url)
    options.keepAlive_s = 5
    let client = try connected(options)
    let publisher = try publisher(broker.url)
    #expect(client.receive(wait_ms: 6_000) == .idle)
    try publisher.publish(["a"])
    try client.run(releasing: false, "a") { client.payloads == ["a"] }
    usleep(6_500_000)
    client.session.release()
    try publisher.publish(["b"])
    try client.run("b") { client.payloads == ["a", "b"] }
    #expect(client.losses.isEmpty)
  }

  @Test func publishesAreCountedUntilAcknowledged() throws {
    let broker = try Broker()
    var options = try options(broker.url, filters: [])
    options.maximumOutstandingPublishes = 3
    let client = try Client(options)
    #expect(throws: PublishRefusal.notConnected) { try publish(client, to: "t/a") }
    try client.connect()
    for _ in 0..<3 { try publish(client, to: "t/a") }
    #expect(throws: PublishRefusal.tooMany) { try publish(client, to: "t/a") }
    try client.run("acknowledgements") { client.session.acknowledgedPublishes == 3 }
    #expect(client.session.outstandingPublishes == 0)
    #expect(throws: PublishRefusal.notATopic) { try publish(client, to: "t/#") }
    try publish(client, to: "t/a")
    client.session.abandon()
    #expect(
      client.events.last
        == .disconnected(
          broker: options.brokers[0], MQTTFailure(.abandoned), unacknowledgedPublishes: 1))
  }

  private func publish(_ client: Client, to topic: String) throws {
    try [UInt8](repeating: 1, count: 8).withUnsafeBytes {
      try client.session.publish(topic: topic, payload: $0, qos: 1)
    }
  }
}
