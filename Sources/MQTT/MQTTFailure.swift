/// Why a connection could not be made or ended: a typed reason, and how soon to try again.
///
/// A session always tries again. No password is ever part of a failure.
public struct MQTTFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened.
  public enum Reason: Sendable, Equatable {
    /// The host name has no address.
    case hostNotFound
    /// No TCP connection; the operating system's error number.
    case unreachable(code: Int32)
    /// No CONNACK within the connect timeout.
    case connectTimeout
    /// The broker closed the connection before it answered CONNECT.
    case closedBeforeAnswer
    /// The broker does not speak the offered MQTT version.
    case unsupportedProtocol
    /// The user name or the password is wrong.
    case badCredentials
    /// The client may not connect, or may no longer be connected.
    case notAuthorized
    /// The broker does not accept the client id.
    case clientIDRejected
    /// The broker is busy, shutting down or not available.
    case serverUnavailable
    /// Somebody else connected with the same client id.
    case sessionTakenOver
    /// The broker did not answer a ping within the keep-alive interval.
    case keepAliveTimeout
    /// The broker closed the connection without a word.
    case closedByBroker
    /// The connection broke; the operating system's error number.
    case connectionLost(code: Int32)
    /// The broker broke the protocol.
    case protocolViolation
    /// The encrypted connection could not be made.
    case tls(TLSFailure)
    /// Any other MQTT 5 reason code (0x80 to 0xFF) of CONNACK or DISCONNECT.
    case broker(code: UInt8)
    /// The caller dropped the connection so that the broker redelivers.
    case abandoned
    /// Too many earlier attempts still hang in name look-up or TCP.
    case tooManyAttempts
    /// libmosquitto's own error number.
    case library(code: Int32)
  }

  /// What happened.
  public let reason: Reason

  /// A failure with its reason.
  public init(_ reason: Reason) { self.reason = reason }

  /// Whether a person has to change something before it can work. The session still tries again,
  /// but only after the longest pause.
  public var needsOperator: Bool {
    switch reason {
    case .tls(.closedAfterHandshake): false
    case .badCredentials, .notAuthorized, .clientIDRejected, .sessionTakenOver, .tls: true
    default: false
    }
  }

  /// Whether an MQTT 5 attempt that fails so may work with MQTT 3.1.1: old brokers refuse,
  /// hang up, answer in the old form or say nothing at all.
  var suggestsOlderProtocol: Bool {
    switch reason {
    case .unsupportedProtocol, .closedBeforeAnswer, .connectTimeout, .protocolViolation,
      .connectionLost, .tls(.closedAfterHandshake):
      true
    default: false
    }
  }

  /// The reason as a short English text.
  public var description: String {
    switch reason {
    case .hostNotFound: "host not found"
    case .unreachable(let code): "unreachable: \(systemText(code))"
    case .connectTimeout: "no answer within the connect timeout"
    case .closedBeforeAnswer: "closed before the broker answered"
    case .unsupportedProtocol: "the broker does not speak this MQTT version"
    case .badCredentials: "wrong user name or password"
    case .notAuthorized: "not authorized"
    case .clientIDRejected: "client id rejected"
    case .serverUnavailable: "broker unavailable"
    case .sessionTakenOver: "another client uses the same client id"
    case .keepAliveTimeout: "no answer to a ping"
    case .closedByBroker: "closed by the broker"
    case .connectionLost(let code): "connection lost: \(systemText(code))"
    case .protocolViolation: "the broker broke the protocol"
    case .tls(let failure): "TLS: \(failure)"
    case .broker(let code): "MQTT reason code \(code)"
    case .abandoned: "abandoned, to be redelivered"
    case .tooManyAttempts: "earlier attempts still hang"
    case .library(let code): "libmosquitto error \(code)"
    }
  }
}
