/// The two versions of the protocol that a session speaks.
public enum ProtocolVersion: Int32, Sendable, Equatable {
  /// MQTT 3.1.1.
  case v311 = 4
  /// MQTT 5.
  case v5 = 5
}

/// What a session tells besides messages; delivered on the session's own thread.
public enum MQTTEvent: Sendable, Equatable {
  /// A broker accepted the session; the subscriptions are on their way.
  case connected(ConnectedBroker)
  /// One attempt failed; the session goes on by itself.
  case attemptFailed(broker: BrokerURL, version: ProtocolVersion, MQTTFailure)
  /// The connection ended; the session connects again by itself. Publishes that were not
  /// acknowledged are not sent again: their number is told here.
  case disconnected(broker: BrokerURL, MQTTFailure, unacknowledgedPublishes: Int)
  /// The session ended the connection in order, after `offline` was on the wire.
  case closed(broker: BrokerURL)
  /// The broker accepted a filter; a granted QoS of 0 means that messages can be lost.
  case subscribed(filter: String, grantedQoS: UInt8)
  /// The broker refused a filter; its reason code, 0x80 or more (MQTT 3.9.3), or 0 if
  /// libmosquitto would not send it.
  case subscriptionRefused(filter: String, code: UInt8)
  /// The broker refused a publish of QoS 1; its reason code, 0x80 or more (MQTT 3.4.2.1).
  case publishRefused(code: UInt8)
  /// How many messages the broker has dropped since it started
  /// (`$SYS/broker/publish/messages/dropped`, sent by Mosquitto every `sys_interval`).
  case brokerDropped(total: UInt64)
  /// The broker's name and version (`$SYS/broker/version`), at most 64 bytes.
  case brokerVersion(String)
}

/// A broker that accepted the session, and what it allows.
public struct ConnectedBroker: Sendable, Equatable {
  /// The broker.
  public let broker: BrokerURL

  /// The version it accepted.
  public let version: ProtocolVersion

  /// Whether it still had this client's session: its subscriptions and undelivered messages.
  public let isSessionPresent: Bool

  /// Its limits.
  public let limits: BrokerLimits

  /// Where its limits endanger the promise that nothing is lost.
  public let warnings: [BrokerWarning]
}
