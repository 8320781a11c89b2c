import SiteModel

extension TimeFormat {
  /// What would have been taken, for error messages.
  public var expected: String {
    switch self {
    case .epochSeconds: "seconds since 1970"
    case .epochMilliseconds: "milliseconds since 1970"
    case .epochMicroseconds: "microseconds since 1970"
    case .text: "a time such as 2026-03-01T16:00:00+08:00 or 2026-03-01 16:00:00"
    case .compact: "a time such as 20260301160000 or 20260301160000145"
    case .auto: "a time as text, as digits, or as seconds or milliseconds since 1970"
    }
  }

  /// The instant that `bytes` stand for; nil when they are not in this format. A text without a
  /// zone is local to a clock `zoneSeconds` ahead of UTC.
  public func time(_ bytes: UnsafeRawBufferPointer, isText: Bool, zoneSeconds: Int) -> Timestamp? {
    switch self {
    case .epochSeconds: Self.epoch(bytes, exponent: 3)
    case .epochMilliseconds: Self.epoch(bytes, exponent: 0)
    case .epochMicroseconds: Self.epoch(bytes, exponent: -3)
    case .text: Timestamp(parsing: bytes, offsetSeconds: zoneSeconds)
    case .compact: Timestamp(compact: bytes, offsetSeconds: zoneSeconds)
    case .auto: Self.automatic(bytes, isText: isText, zoneSeconds: zoneSeconds)
    }
  }

  /// Decides by the number of digits before the point: up to 11 are seconds (to the year 5138), 12
  /// and 13 milliseconds, 15 and 16 microseconds, 14 and 17 the digits of a local date and time.
  private static func automatic(
    _ bytes: UnsafeRawBufferPointer, isText: Bool, zoneSeconds: Int
  ) -> Timestamp? {
    let digits = bytes.prefix { (48...57).contains($0) }.count
    let isNumber =
      bytes.first == UInt8(ascii: "-") || digits == bytes.count || bytes[digits] == 46
    guard isNumber else {
      return isText ? Timestamp(parsing: bytes, offsetSeconds: zoneSeconds) : nil
    }
    switch digits {
    case 14, 17: return Timestamp(compact: bytes, offsetSeconds: zoneSeconds)
    case 0...11: return epoch(bytes, exponent: 3)
    case 12, 13: return epoch(bytes, exponent: 0)
    case 15, 16: return epoch(bytes, exponent: -3)
    default: return nil
    }
  }

  /// A count since 1970 in units of 10^`exponent` milliseconds; parts of a millisecond are cut off.
  private static func epoch(_ bytes: UnsafeRawBufferPointer, exponent: Int) -> Timestamp? {
    guard let count = try? ExactDecimal(parsing: bytes) else { return nil }
    var digits = count.significand
    let shift = count.exponent + exponent
    for _ in 0..<abs(shift) {
      if shift < 0 {
        digits /= 10
      } else {
        let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
        if overflow { return nil }
        digits = product
      }
    }
    guard let milliseconds = Int64(exactly: digits),
      abs(milliseconds) < 1_000_000_000_000_000
    else { return nil }
    return Timestamp(milliseconds: milliseconds)
  }
}
