import Glibc

/// The address of one broker: `mqtt://host:port` or `mqtts://host:port`.
///
/// Ports default to 1883 and 8883 (IANA). An IPv6 address stands in brackets. User names and
/// passwords do not belong here, so that an address can be logged.
public struct BrokerURL: Sendable, Hashable, CustomStringConvertible {
  /// The host name or address, without brackets; at most 253 bytes.
  public let host: String

  /// The TCP port, 1 to 65535.
  public let port: UInt16

  /// Whether the connection is encrypted (`mqtts`).
  public let usesTLS: Bool

  /// Reads an address; the error says what is wrong with it.
  public init(parsing text: String) throws(BrokerURLError) {
    var rest = Substring(text)
    if rest.hasPrefix("mqtt://") {
      usesTLS = false
      rest = rest.dropFirst(7)
    } else if rest.hasPrefix("mqtts://") {
      usesTLS = true
      rest = rest.dropFirst(8)
    } else {
      throw BrokerURLError(text: "a broker address begins with mqtt:// or mqtts://")
    }
    if rest.contains("@") {
      throw BrokerURLError(text: "user and password do not belong in a broker address")
    }
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    if rest.contains(where: { "/?#".contains($0) }) {
      throw BrokerURLError(text: "a broker address has no path, query or fragment")
    }
    let (hostText, portText) = try Self.split(rest)
    host = hostText
    port = try Self.port(portText, default: usesTLS ? 8883 : 1883)
  }

  /// The address as it is written, always with its port.
  public var description: String {
    let shownHost = host.contains(":") ? "[\(host)]" : host
    return "\(usesTLS ? "mqtts" : "mqtt")://\(shownHost):\(port)"
  }

  private static func split(_ rest: Substring) throws(BrokerURLError) -> (String, Substring?) {
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else {
        throw BrokerURLError(text: "an IPv6 address needs a closing bracket")
      }
      let host = String(rest[rest.index(after: rest.startIndex)..<end])
      guard isIPv6(host) else { throw BrokerURLError(text: "not an IPv6 address") }
      let tail = rest[rest.index(after: end)...]
      if tail.isEmpty { return (host, nil) }
      guard tail.hasPrefix(":") else {
        throw BrokerURLError(text: "after the bracket comes a colon and the port")
      }
      return (host, tail.dropFirst())
    }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2 else {
      throw BrokerURLError(text: "an IPv6 address stands in brackets: mqtt://[::1]:1883")
    }
    guard isHostName(parts[0]) else {
      throw BrokerURLError(text: "a host has 1 to 253 letters, digits, '.', '-' or '_'")
    }
    return (String(parts[0]), parts.count == 2 ? parts[1] : nil)
  }

  private static func port(
    _ text: Substring?, default fallback: UInt16
  ) throws(BrokerURLError) -> UInt16 {
    guard let text else { return fallback }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0
    else { throw BrokerURLError(text: "a port is a number from 1 to 65535") }
    return port
  }

  private static func isHostName(_ text: Substring) -> Bool {
    (1...253).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
      }
  }

  private static func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
  }
}

/// Why a text is not a broker address.
public struct BrokerURLError: Error, Sendable, Equatable {
  /// The reason, one English sentence without the address itself.
  public let text: String
}
