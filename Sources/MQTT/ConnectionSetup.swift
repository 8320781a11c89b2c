import SiteModel
import CMosquitto
import Glibc

/// Tells a fresh libmosquitto client everything that CONNECT and the TLS handshake need.
extension Connection {
  /// Throws only for what another attempt with the same options would meet again.
  func prepare(_ options: MQTTOptions, rotation: Rotation) throws(MQTTFailure) {
    // Queue packets instead of sending them from the read loop: PUBACKs leave in `flush` alone.
    try check(mosquitto_threaded_set(client, true))
    try check(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version.rawValue))
    try check(
      mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, Int32(options.receiveMaximum)))
    try check(
      mosquitto_int_option(
        client, MOSQ_OPT_SEND_MAXIMUM, Int32(options.maximumOutstandingPublishes)))
    if let user = options.user {
      try check(mosquitto_username_pw_set(client, user, options.password?.revealed))
    }
    if let status {
      try check(
        mosquitto_will_set(
          client, status.topic, Int32(status.offline.count), status.offline, rotation.willQoS,
          rotation.retainsWill))
    }
    if broker.usesTLS { try prepareTLS(options.tls) }
  }

  private func prepareTLS(_ files: TLSFiles) throws(MQTTFailure) {
    for path in [files.authorityFile, files.certificateFile, files.keyFile] {
      if let path, access(path, R_OK) != 0 {
        throw MQTTFailure(.tls(.fileUnreadable(path: path)))
      }
    }
    let directory = files.authorityFile == nil ? "/etc/ssl/certs" : nil
    // A key with a passphrase must fail instead of asking on the terminal.
    let code = mosquitto_tls_set(
      client, files.authorityFile, directory, files.certificateFile, files.keyFile,
      { _, _, _, _ in 0 })
    guard code == 0 else {
      throw MQTTFailure(.tls(.other(text: "the TLS files were not accepted")))
    }
  }

  private func check(_ code: Int32) throws(MQTTFailure) {
    if code != 0 { throw MQTTFailure(.library(code: code)) }
  }

  /// Looks the name up, connects TCP and queues CONNECT. Blocks for as long as the operating
  /// system does; runs on a dialling thread. Returns libmosquitto's code and `errno`.
  func dial(_ options: MQTTOptions) -> (code: Int32, systemCode: Int32) {
    var properties: OpaquePointer?
    defer { mosquitto_property_free_all(&properties) }
    if version == .v5 {
      _ = mosquitto_property_add_int32(
        &properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue),
        options.startsClean ? 0 : options.sessionExpiry_s)
      _ = mosquitto_property_add_int32(
        &properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue),
        options.maximumPacketSize_bytes)
    }
    errno = 0
    let code = mosquitto_connect_bind_v5(
      client, broker.host, Int32(broker.port), Int32(options.keepAlive_s), nil, properties)
    return (code, errno)
  }

  /// Why the connection, or the attempt to make it, ended.
  func failure(code: Int32, systemCode: Int32) -> MQTTFailure {
    if let answer, answer.code != 0 { return MQTTFailure(.refusal(answer.code, version)) }
    if let endCode, endCode >= 0x80 {
      return MQTTFailure(.brokerReason(UInt8(truncatingIfNeeded: endCode)))
    }
    if broker.usesTLS, answer == nil, let tls = TLSFailure(log: log) {
      return MQTTFailure(.tls(tls))
    }
    switch UInt32(bitPattern: code) {
    case MOSQ_ERR_EAI.rawBits: return MQTTFailure(.hostNotFound)
    case MOSQ_ERR_TLS.rawBits: return MQTTFailure(.tls(.other(text: "the handshake failed")))
    case MOSQ_ERR_KEEPALIVE.rawBits: return MQTTFailure(.keepAliveTimeout)
    case MOSQ_ERR_SUCCESS.rawBits, MOSQ_ERR_CONN_LOST.rawBits, MOSQ_ERR_NO_CONN.rawBits:
      return MQTTFailure(answer == nil ? .closedBeforeAnswer : .closedByBroker)
    case MOSQ_ERR_PROTOCOL.rawBits, MOSQ_ERR_MALFORMED_PACKET.rawBits:
      return MQTTFailure(.protocolViolation)
    case MOSQ_ERR_ERRNO.rawBits where systemCode == EPROTO && answer == nil:
      return MQTTFailure(.tls(.closedAfterHandshake))
    case MOSQ_ERR_ERRNO.rawBits: return MQTTFailure(.connectionLost(code: systemCode))
    default: return MQTTFailure(.library(code: code))
    }
  }
}

extension mosq_err_t {
  fileprivate var rawBits: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
}

extension MQTTFailure.Reason {
  /// A CONNACK's code: 1 to 5 under MQTT 3.1.1 (3.2.2.3), an MQTT 5 reason otherwise.
  static func refusal(_ code: Int32, _ version: ProtocolVersion) -> Self {
    guard version == .v311 else { return brokerReason(UInt8(truncatingIfNeeded: code)) }
    switch code {
    case 1: return .unsupportedProtocol
    case 2: return .clientIDRejected
    case 3: return .serverUnavailable
    case 4: return .badCredentials
    case 5: return .notAuthorized
    default: return .protocolViolation
    }
  }

  /// An MQTT 5 reason code of CONNACK or DISCONNECT (MQTT 5, 2.4).
  static func brokerReason(_ code: UInt8) -> Self {
    switch code {
    case 0x81, 0x82: .protocolViolation
    case 0x84: .unsupportedProtocol
    case 0x85: .clientIDRejected
    case 0x86: .badCredentials
    case 0x87, 0x8A: .notAuthorized
    case 0x88, 0x89, 0x8B: .serverUnavailable
    case 0x8D: .keepAliveTimeout
    case 0x8E: .sessionTakenOver
    default: .broker(code: code)
    }
  }
}
