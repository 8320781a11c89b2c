import SiteModel

// Numbers, ratios and dates as people write them into spreadsheets.

extension TableRow {
  /// A plain decimal within `range`; nil when the cell is empty or wrong. Thousands separators and
  /// exponents are refused, because they are usually the trace of a spoiled value.
  func decimal(_ column: String, in range: ClosedRange<ExactDecimal>) -> ExactDecimal? {
    let found = text(column)
    if found.isEmpty { return nil }
    guard let number = Self.plainDecimal(found), range.contains(number) else {
      report(
        column, expected: "a plain decimal from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// A whole number within `range`; nil when the cell is empty or wrong.
  func integer(_ column: String, in range: ClosedRange<Int>) -> Int? {
    let found = text(column)
    if found.isEmpty { return nil }
    let isPlain = found.utf8.allSatisfy { (48...57).contains($0) }
    guard isPlain, let number = Int(found), range.contains(number) else {
      report(
        column, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// A transformer ratio: `40`, or `200/5`, which must be a finite decimal; 1 when empty.
  func ratio(_ column: String) -> ExactDecimal {
    let found = text(column)
    if found.isEmpty { return "1" }
    let parts = found.split(separator: "/", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Self.plainDecimal(String($0)) }
    guard parts.count == numbers.count, (1...2).contains(numbers.count),
      let ratio = numbers.count == 1 ? numbers[0] : Self.quotient(numbers[0], numbers[1]),
      ratio > .zero, ratio <= Self.ratioLimit
    else {
      report(
        column,
        expected: "a ratio up to \(Self.ratioLimit) such as 40, or 200/5 that divides exactly")
      return "1"
    }
    return ratio
  }

  /// Largest transformer ratio: 220 kV over 100 V is 2200, 5000 A over 1 A is 5000.
  static let ratioLimit: ExactDecimal = "100000"

  /// A day, `2026-01-01` or `2026/1/1`; nil when the cell is empty or wrong.
  func day(_ column: String) -> WallTime? {
    let found = text(column)
    if found.isEmpty { return nil }
    let mark: Character = found.contains("/") ? "/" : "-"
    let parts = found.split(separator: mark, omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy {
      (1...4).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) }
    }
    let numbers = parts.compactMap { Int($0) }
    guard isPlain, numbers.count == 3, parts[0].utf8.count == 4, numbers[0] >= 1980,
      let day = WallTime(year: numbers[0], month: numbers[1], day: numbers[2])
    else {
      report(column, expected: "a day such as 2026-01-01 or 2026/1/1")
      return nil
    }
    return day
  }

  /// A month, `2026-03`, `2026/3` or `2026年3月`; nil when the cell is empty or wrong.
  func month(_ column: String) -> YearMonth? {
    let found = text(column)
    if found.isEmpty { return nil }
    guard let month = YearMonth(parsing: found), month.year >= 1980 else {
      report(column, expected: "a month such as 2026-03")
      return nil
    }
    return month
  }

  /// Yes and no in both languages.
  static let flags: [(word: String, value: Bool)] = [
    ("yes", true), ("no", false), ("示例", true), ("是", true), ("否", false), ("sample", true),
    ("true", true), ("false", false),
  ]

  private static func plainDecimal(_ text: String) -> ExactDecimal? {
    let isPlain = text.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 || $0 == 45 }
    return isPlain ? try? ExactDecimal(parsing: text) : nil
  }

  /// `dividend / divisor` when it has at most six decimals; nil otherwise.
  private static func quotient(_ dividend: ExactDecimal, _ divisor: ExactDecimal) -> ExactDecimal? {
    let scale = min(dividend.exponent, divisor.exponent)
    guard let upper = dividend.significand(at: scale - 6),
      let lower = divisor.significand(at: scale),
      lower > 0, upper % lower == 0
    else { return nil }
    return ExactDecimal(significand: upper / lower, exponent: -6).normalized
  }
}

extension WallTime {
  /// `2026-01-01`.
  var dayText: String {
    let month = YearMonth(year: year, month: month)?.description ?? ""
    return month + (day < 10 ? "-0" : "-") + String(day)
  }
}
