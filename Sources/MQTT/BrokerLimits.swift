import CMosquitto

/// What a broker's CONNACK says about itself (MQTT 5, 3.2.2.3). Under MQTT 3.1.1 it says nothing.
public struct BrokerLimits: Sendable, Equatable {
  /// The highest QoS it accepts and grants: 0, 1 or 2.
  public internal(set) var maximumQoS: UInt8 = 2

  /// How many unacknowledged publishes it accepts; 65535 unless it says otherwise.
  public internal(set) var receiveMaximum: UInt16 = 65_535

  /// Whether it keeps retained messages.
  public internal(set) var hasRetained = true

  /// Whether filters may contain wildcards.
  public internal(set) var hasWildcards = true

  /// The largest packet it accepts, in bytes; none if it does not say.
  public internal(set) var maximumPacketSize_bytes: UInt32?

  /// The session expiry it granted instead of the one asked for, in seconds.
  public internal(set) var sessionExpiry_s: UInt32?

  /// The keep-alive interval it demands instead of the one asked for, in seconds.
  public internal(set) var keepAlive_s: UInt16?

  /// No limits: what holds for properties that a broker leaves out.
  init() {}

  /// The limits in the properties of a CONNACK.
  init(_ properties: OpaquePointer?) {
    var byte: UInt8 = 0
    var short: UInt16 = 0
    var long: UInt32 = 0
    func has(_ found: OpaquePointer?) -> Bool { found != nil }
    func key(_ property: mqtt5_property) -> Int32 { Int32(property.rawValue) }
    guard let properties else { return }
    if has(mosquitto_property_read_byte(properties, key(MQTT_PROP_MAXIMUM_QOS), &byte, false)) {
      maximumQoS = byte
    }
    if has(mosquitto_property_read_byte(properties, key(MQTT_PROP_RETAIN_AVAILABLE), &byte, false))
    {
      hasRetained = byte != 0
    }
    if has(
      mosquitto_property_read_byte(properties, key(MQTT_PROP_WILDCARD_SUB_AVAILABLE), &byte, false))
    {
      hasWildcards = byte != 0
    }
    if has(mosquitto_property_read_int16(properties, key(MQTT_PROP_RECEIVE_MAXIMUM), &short, false))
    {
      receiveMaximum = short
    }
    if has(
      mosquitto_property_read_int16(properties, key(MQTT_PROP_SERVER_KEEP_ALIVE), &short, false))
    {
      keepAlive_s = short
    }
    if has(
      mosquitto_property_read_int32(properties, key(MQTT_PROP_MAXIMUM_PACKET_SIZE), &long, false))
    {
      maximumPacketSize_bytes = long
    }
    if has(
      mosquitto_property_read_int32(
        properties, key(MQTT_PROP_SESSION_EXPIRY_INTERVAL), &long, false))
    {
      sessionExpiry_s = long
    }
  }

  /// Packets of brokers are small below this, in bytes: an FSU's measurements may not fit.
  static let smallPacket_bytes: UInt32 = 65_536

  /// Where the limits endanger the promise that nothing is lost.
  func warnings(version: ProtocolVersion, options: MQTTOptions) -> [BrokerWarning] {
    var found: [BrokerWarning] = []
    if version == .v311 { found.append(.oldProtocol) }
    if maximumQoS < 1 { found.append(.maximumQoS(maximumQoS)) }
    if let granted = sessionExpiry_s, granted < options.sessionExpiry_s, !options.startsClean {
      found.append(.sessionExpiry(asked_s: options.sessionExpiry_s, granted_s: granted))
    }
    if !hasRetained { found.append(.noRetained) }
    if !hasWildcards { found.append(.noWildcards) }
    if let size = maximumPacketSize_bytes, size < Self.smallPacket_bytes {
      found.append(.smallPackets(maximum_bytes: size))
    }
    return found
  }
}

/// A limit of a broker that endangers the promise that nothing is lost.
public enum BrokerWarning: Sendable, Equatable {
  /// It speaks only MQTT 3.1.1: its own settings, unseen, bound session expiry and batches.
  case oldProtocol
  /// It delivers at most with this QoS: below 1 messages can be lost.
  case maximumQoS(UInt8)
  /// It forgets an absent session sooner than asked for.
  case sessionExpiry(asked_s: UInt32, granted_s: UInt32)
  /// It keeps no retained messages, so the status topic works for present subscribers only.
  case noRetained
  /// It refuses filters with wildcards.
  case noWildcards
  /// It accepts only small packets, so devices may be unable to send their larger ones.
  case smallPackets(maximum_bytes: UInt32)
  /// It had this client's session before and has it no more: messages may have been lost.
  case sessionForgotten
}
