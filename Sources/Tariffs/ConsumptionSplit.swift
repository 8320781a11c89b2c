import SiteModel

/// The part of a consumption that falls into one local month.
public struct ConsumptionSplit: Sendable, Equatable {
  /// The local month.
  public let month: YearMonth
  /// kWh in that month.
  public let energy: ExactDecimal
  /// When the part begins.
  public let from: Timestamp

  /// Longest interval: 100 years, in milliseconds.
  public static let intervalLimitMilliseconds: Int64 = 36_525 * 86_400_000

  /// Splits the energy of an interval between two register readings at local month ends.
  ///
  /// The stated rule: energy is spread evenly over time; what was used up to each month end is
  /// rounded half to even at 4 decimals of a kWh; the last month takes the remainder, so that the
  /// parts always sum up to `energy` exactly. An interval within one month is not rounded at all.
  ///
  /// It fails with `DecimalError.overflow` when the interval is longer than
  /// ``intervalLimitMilliseconds``, or the energy has too many digits.
  public static func byMonth(
    energy: ExactDecimal, from: Timestamp, to: Timestamp, offsetSeconds: Int
  ) throws(DecimalError) -> [ConsumptionSplit] {
    let (length, isEndless) = to.milliseconds.subtractingReportingOverflow(from.milliseconds)
    guard !isEndless, length <= intervalLimitMilliseconds else { throw .overflow }
    var month = YearMonth(containing: from, offsetSeconds: offsetSeconds)
    var start = from
    var used = ExactDecimal.zero
    var parts: [ConsumptionSplit] = []
    while true {
      let end = month.next.start(offsetSeconds: offsetSeconds)
      guard end < to, end > start else {
        let rest = parts.isEmpty ? energy : try energy.subtracting(used)
        parts.append(ConsumptionSplit(month: month, energy: rest, from: start))
        return parts
      }
      let usedAtEnd = try energy.scaled(by: end.since(from), over: length, decimals: 4)
      let part = ConsumptionSplit(
        month: month, energy: try usedAtEnd.subtracting(used), from: start)
      parts.append(part)
      (used, start, month) = (usedAtEnd, end, month.next)
    }
  }
}
