import MQTT
import TestSupport
import Testing

/// The state of a Sparkplug host, as edge nodes see it.
@Suite(.serialized) struct HostStateTests {
  private static let topic = "spBv1.0/STATE/host-1"

  private func host(_ broker: Broker) throws -> MQTTOptions {
    var options = try options(broker.url, filters: ["spBv1.0/+/#"])
    options.status = .sparkplugHost("host-1")
    return options
  }

  private func observer(_ broker: Broker) throws -> Client {
    try connected(options(broker.url, id: "observer", filters: ["spBv1.0/STATE/#"]))
  }

  /// The number in the payload, if the rest is as the standard has it.
  private func time(_ payload: String?, isOnline: Bool) -> Int64? {
    let begin = "{\"online\":\(isOnline),\"timestamp\":"
    guard let payload, payload.hasPrefix(begin), payload.hasSuffix("}") else { return nil }
    return Int64(payload.dropFirst(begin.count).dropLast())
  }

  @Test func birthAndDeathHaveTheSameTime() throws {
    let broker = try Broker()
    let observer = try observer(broker)
    let client = try connected(host(broker))
    try observer.run("online") { observer.received.count == 1 }
    client.session.close()
    try observer.run("offline") { observer.received.count == 2 }
    let birth = try #require(time(observer.payloads.first, isOnline: true))
    #expect(birth > 1_700_000_000_000)
    #expect(time(observer.payloads.last, isOnline: false) == birth)
    let later = try connected(
      options(broker.url, id: "later", filters: ["spBv1.0/STATE/+"]))
    try later.run("the retained state") { later.received.count == 1 }
    #expect(later.received.first?.isRetained == true)
    #expect(time(later.payloads.last, isOnline: false) == birth)
  }

  @Test func theWillHasTheTimeOfItsConnection() throws {
    let broker = try Broker()
    let observer = try observer(broker)
    let client = try connected(host(broker))
    try observer.run("online") { observer.received.count == 1 }
    let birth = try #require(time(observer.payloads.last, isOnline: true))
    client.session.abandon()
    try observer.run("the Will") { observer.received.count == 2 }
    #expect(time(observer.payloads.last, isOnline: false) == birth)
    try client.run("the second connection") { client.connections.count == 2 }
    try observer.run("online again") {
      observer.receive()
      return (time(observer.payloads.last, isOnline: true) ?? 0) > birth
    }
  }

  @Test(arguments: [
    #"{"timestamp":1,"online":false}"#, "garbage", "", #"{"online":"true"}"#,
  ]) func whoeverCallsItOfflineIsContradicted(claim: String) throws {
    let broker = try Broker()
    let observer = try observer(broker)
    let client = try connected(host(broker))
    try observer.run("online") { observer.received.count == 1 }
    let birth = observer.payloads.last
    try publisher(broker.url).publish([claim], to: Self.topic, retain: true)
    try client.run("the contradiction") {
      observer.receive()
      observer.session.release()
      return observer.received.count >= 3
    }
    #expect(observer.payloads.last == birth)
    // Its own state is not a message of a device, and the contradiction ends there; the broker may
    // have told it twice, once for each subscription.
    try publisher(broker.url).publish(["x"], to: "spBv1.0/G/NDATA/E")
    try client.run("the data") { client.payloads == ["x"] }
    observer.receive(wait_ms: 100)
    #expect((3...4).contains(observer.received.count))
    #expect(client.session.outstandingPublishes == 0)
  }
}
