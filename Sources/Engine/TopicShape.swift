/// A topic with its varying levels left open, so that the topics of a fleet fall together:
/// `acme/S-17/meter/00123/up` becomes `acme/+/meter/{device}/up`, a pattern as profiles have it.
enum TopicShape {
  /// Levels that are kept; the others become `#`.
  static let levelLimit = 16
  /// Longest level that is kept, in bytes.
  static let levelLength = 64

  /// The pattern of a topic.
  static func pattern(_ topic: UnsafeRawBufferPointer) -> String {
    let parts = topic.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let levels = parts.prefix(levelLimit)
    // The last name in a topic is the device's more often than that of its site or gateway.
    let device = levels.lastIndex(where: varies)
    var pattern = levels.enumerated().map { place, level in
      if place == device { return "{device}" }
      return varies(level) ? "+" : String(decoding: level, as: UTF8.self)
    }
    if parts.count > levelLimit { pattern.append("#") }
    return pattern.joined(separator: "/")
  }

  /// Whether a level looks like a name of one thing among many: it has a digit (and is not a
  /// protocol's name or version), is too long, or cannot stand in a pattern.
  private static func varies(_ level: Slice<UnsafeRawBufferPointer>) -> Bool {
    if level.count > levelLength || level.contains(where: { "{}+#".utf8.contains($0) }) {
      return true
    }
    guard String(validating: level, as: UTF8.self) != nil else { return true }
    guard level.contains(where: { (48...57).contains($0) }) else { return false }
    return !fixed.contains(String(decoding: level, as: UTF8.self).lowercased()) && !isVersion(level)
  }

  /// Levels with digits that name no thing.
  private static let fixed: Set = [
    "2g", "3g", "4g", "5g", "b1", "dlt645", "dlt698", "645", "698", "iec104", "iec61850", "lwm2m",
    "mqtt3", "mqtt5", "rs485", "spbv1.0", "http2",
  ]

  private static func isVersion(_ level: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard let first = level.first, first | 0x20 == UInt8(ascii: "v"), level.count <= 6 else {
      return false
    }
    return level.dropFirst().allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
  }
}
