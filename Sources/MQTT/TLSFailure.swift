import Glibc

/// Why an encrypted connection could not be made.
public enum TLSFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file of the options cannot be opened; its path.
  case fileUnreadable(path: String)
  /// A file of the options does not hold what it should; libmosquitto's message.
  case fileUnusable(text: String)
  /// No known authority signed the broker's certificate, or it is expired.
  case brokerNotTrusted
  /// The broker's certificate is for another host.
  case hostMismatch
  /// The broker refused this client (its certificate, a version, a cipher); OpenSSL's message.
  case refusedByBroker(text: String)
  /// The broker hung up right behind the handshake, before CONNACK, and no alert arrived: it may
  /// miss a client certificate, or be an old broker that does not like MQTT 5.
  case closedAfterHandshake
  /// Anything else; OpenSSL's message, at most 500 bytes.
  case other(text: String)

  /// The reason as a short English text.
  public var description: String {
    switch self {
    case .fileUnreadable(let path): "cannot read \(path)"
    case .fileUnusable(let text): text
    case .brokerNotTrusted: "the broker's certificate is not signed by a known authority"
    case .hostMismatch: "the broker's certificate is for another host"
    case .refusedByBroker(let text): "refused by the broker: \(text)"
    case .closedAfterHandshake: "the broker hung up behind the handshake"
    case .other(let text): text
    }
  }

  /// The failure behind the lines that libmosquitto 2.0 logged while it connected, if they name
  /// one. They are the only place where it says what OpenSSL objected to.
  init?(log lines: [String]) {
    func line(containing part: String) -> String? { lines.first { strstr($0, part) != nil } }
    if line(containing: "host name verification failed") != nil {
      self = .hostMismatch
    } else if let text = line(containing: "Unable to load") ?? line(containing: "inconsistent") {
      self = .fileUnusable(text: text)
    } else if line(containing: "certificate verify failed") != nil {
      self = .brokerNotTrusted
    } else if let text = line(containing: "alert ") {
      self = .refusedByBroker(text: text)
    } else if let text = line(containing: "OpenSSL Error") {
      self = .other(text: text)
    } else {
      return nil
    }
  }
}

/// The operating system's text for an error number.
func systemText(_ code: Int32) -> String {
  var buffer = [CChar](repeating: 0, count: 128)
  guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
  return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
