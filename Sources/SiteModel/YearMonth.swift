/// A calendar month, as tariffs and bills name it. Its text is `2026-03`.
public struct YearMonth: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Year, 1…9999.
  public let year: Int
  /// Month, 1…12.
  public let month: Int

  /// A month; nil when a part is out of range.
  public init?(year: Int, month: Int) {
    guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
    (self.year, self.month) = (year, month)
  }

  /// The month that a clock `offsetSeconds` ahead of UTC shows at `instant`; instants
  /// outside the years 1…9999 count as the nearest day inside.
  public init(containing instant: Timestamp, offsetSeconds: Int) {
    let held = min(max(instant, Self.firstInstant), Self.lastInstant)
    let wall = WallTime(held, offsetSeconds: offsetSeconds)
    (year, month) = (wall.year, wall.month)
  }

  // 0001-01-03 and 9999-12-30, so that no zone leads out of the years.
  private static let firstInstant = Timestamp(milliseconds: -62_135_424_000_000)
  private static let lastInstant = Timestamp(milliseconds: 253_402_128_000_000)

  /// Parses `2026-03`, `2026/3` or `2026年3月`; nil when it is not such a month.
  public init?(parsing text: some StringProtocol) {
    var plain = String(text)
    if plain.hasSuffix("月") {
      plain.removeLast()
      guard let mark = plain.firstIndex(of: "年") else { return nil }
      plain.replaceSubrange(mark...mark, with: "-")
    }
    let parts = plain.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "/" }
    guard parts.count == 2, parts[0].utf8.count == 4, (1...2).contains(parts[1].utf8.count),
      parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1])
    else { return nil }
    self.init(year: year, month: month)
  }

  /// `2026-03`.
  public var description: String {
    let digits = String(year)
    let padding = String(repeating: "0", count: 4 - digits.utf8.count)
    return padding + digits + (month < 10 ? "-0" : "-") + String(month)
  }

  /// Chronological order.
  public static func < (left: YearMonth, right: YearMonth) -> Bool {
    (left.year, left.month) < (right.year, right.month)
  }

  /// The following month; after 9999-12 the same again.
  public var next: YearMonth {
    let following = month == 12 ? (year + 1, 1) : (year, month + 1)
    return YearMonth(year: following.0, month: following.1) ?? self
  }

  /// Local midnight of the first day where the clock is `offsetSeconds` ahead of UTC.
  public func start(offsetSeconds: Int) -> Timestamp {
    guard let wall = WallTime(year: year, month: month, day: 1) else {
      preconditionFailure("the first of \(self) exists")
    }
    return wall.instant(offsetSeconds: offsetSeconds)
  }
}
