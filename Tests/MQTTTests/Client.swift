import MQTT
import TestSupport
import Testing

/// A session with what came out of it, driven by the test until something happens.
final class Client {
  struct Received: Equatable {
    var topic: String
    var payload: String
    var packetID: UInt16
    var isRetained: Bool
  }

  final class Log { var events: [MQTTEvent] = [] }

  let session: MQTTSession
  private let log = Log()
  var received: [Received] = []
  var ends: [ReceiveEnd] = []

  var events: [MQTTEvent] { log.events }

  init(_ options: MQTTOptions, seed: UInt64 = 1) throws {
    let log = log
    session = try MQTTSession(options, random: SeededGenerator(seed: seed)) {
      log.events.append($0)
    }
  }

  /// One `receive`.
  @discardableResult
  func receive(messages: Int = 4096, wait_ms: Int64 = 50) -> ReceiveEnd {
    let end = session.receive(until: ReceiveLimits(messages: messages, wait_ms: wait_ms)) {
      received.append(
        Received(
          topic: String(decoding: $0.topic, as: UTF8.self),
          payload: String(decoding: $0.payload, as: UTF8.self), packetID: $0.packetID,
          isRetained: $0.isRetained))
    }
    ends.append(end)
    return end
  }

  /// Receives, and releases if told, until the condition holds; fails after ten seconds.
  func run(
    releasing: Bool = true, messages: Int = 4096, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation, until holds: () -> Bool
  ) throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(10)
    while !holds() {
      try #require(
        clock.now < end, "\(what); events: \(events)", sourceLocation: sourceLocation)
      receive(messages: messages)
      if releasing { session.release() }
    }
  }

  func connect(sourceLocation: SourceLocation = #_sourceLocation) throws {
    try run("connect", sourceLocation: sourceLocation) { !connections.isEmpty && areSubscribed }
  }

  /// Whether every filter of the newest connection was answered.
  private var areSubscribed: Bool {
    guard session.isConnected else { return false }
    let newest =
      events.lastIndex { if case .connected = $0 { true } else { false } } ?? events.endIndex
    let answers = events[newest...].count {
      switch $0 {
      case .subscribed, .subscriptionRefused: true
      default: false
      }
    }
    return answers >= filterCount
  }

  var filterCount = 0

  var connections: [ConnectedBroker] {
    events.compactMap { if case .connected(let broker) = $0 { broker } else { nil } }
  }

  var failures: [MQTTFailure] {
    events.compactMap { if case .attemptFailed(_, _, let failure) = $0 { failure } else { nil } }
  }

  var losses: [MQTTFailure] {
    events.compactMap { if case .disconnected(_, let failure, _) = $0 { failure } else { nil } }
  }

  var payloads: [String] { received.map(\.payload) }
}

/// Options for a test: short pauses, no `$SYS`, one filter.
func options(_ url: String, id: String = "collector", filters: [String] = ["t/#"]) throws
  -> MQTTOptions
{
  var options = MQTTOptions(brokers: [try BrokerURL(parsing: url)], clientID: id)
  options.filters = filters
  options.minimumBackoff_ms = 10
  options.maximumBackoff_ms = 100
  options.watchesBroker = false
  return options
}

/// A connected client with its subscriptions answered.
func connected(_ options: MQTTOptions) throws -> Client {
  let client = try Client(options)
  client.filterCount = options.subscribedFilters.count
  try client.connect()
  return client
}

/// A publisher of the test, connected.
func publisher(_ url: String, id: String = "publisher") throws -> Client {
  var options = try options(url, id: id, filters: [])
  options.startsClean = true
  return try connected(options)
}

extension Client {
  /// Publishes texts with QoS 1 and waits until all are acknowledged.
  func publish(_ texts: [String], to topic: String = "t/a", retain: Bool = false) throws {
    for text in texts {
      var bytes = text
      try run("publish") {
        session.outstandingPublishes < 200
      }
      try bytes.withUTF8 {
        try session.publish(
          topic: topic, payload: UnsafeRawBufferPointer($0), qos: 1, retain: retain)
      }
    }
    try run("acknowledgements") { session.outstandingPublishes == 0 }
  }
}
