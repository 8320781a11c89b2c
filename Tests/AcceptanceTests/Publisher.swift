import MQTT
import TestSupport

/// One message to publish.
struct Message: Sendable {
  var topic: String
  var payload: [UInt8]

  init(_ topic: String, _ payload: [UInt8]) { (self.topic, self.payload) = (topic, payload) }

  init(_ topic: String, _ text: String) { self.init(topic, Array(text.utf8)) }
}

/// Publishes as a field device does: at QoS 1, and each message until the broker has it.
enum Publisher {
  /// Publishes messages in their order; returns when the broker has acknowledged all.
  ///
  /// Each is published once, so the broker must stay up meanwhile: an ended connection is an error.
  /// `change` may set what the broker asks of its clients.
  static func publish(
    _ messages: [Message], to broker: String,
    change: @escaping @Sendable (inout MQTTOptions) -> Void = { _ in }
  ) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      do {
        try runThread { done.resume(with: Result { try work(messages, broker, change) }) }
      } catch { done.resume(throwing: error) }
    }
  }

  private static func work(
    _ messages: [Message], _ broker: String, _ change: (inout MQTTOptions) -> Void
  ) throws {
    var options = MQTTOptions(
      brokers: [try BrokerURL(parsing: broker)],
      clientID: "device-\(UInt64.random(in: 0...UInt64.max))")
    options.startsClean = true
    options.watchesBroker = false
    change(&options)
    var isLost = false
    let session = try MQTTSession(options) { event in
      if case .disconnected = event { isLost = true }
    }
    var next = 0
    while session.acknowledgedPublishes < messages.count {
      while next < messages.count, session.isConnected {
        let message = messages[next]
        guard try offer(message, session) else { break }
        next += 1
      }
      let limits = ReceiveLimits(messages: 1, bytes: 1, wait_ms: 100)
      _ = session.receive(until: limits) { _ in }
      if isLost { throw SupportFailure("the publisher lost its connection") }
    }
    session.close()
  }

  /// False when the session has as many unacknowledged messages as it may.
  private static func offer(_ message: Message, _ session: MQTTSession) throws -> Bool {
    do {
      try message.payload.withUnsafeBytes { payload in
        try session.publish(topic: message.topic, payload: payload, qos: 1)
      }
      return true
    } catch let error as PublishRefusal where error == .tooMany {
      return false
    }
  }
}
