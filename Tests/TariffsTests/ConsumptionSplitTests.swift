import SiteModel
import Tariffs
import Testing

/// Energy over local month ends.
@Suite struct ConsumptionSplitTests {
  private let beijing = 8 * 3600

  private func split(
    _ energy: ExactDecimal, _ from: String, _ to: String
  ) throws -> [ConsumptionSplit] {
    try ConsumptionSplit.byMonth(
      energy: energy, from: try #require(Timestamp(parsing: from, offsetSeconds: beijing)),
      to: try #require(Timestamp(parsing: to, offsetSeconds: beijing)), offsetSeconds: beijing)
  }

  private func text(_ parts: [ConsumptionSplit]) -> String {
    parts.map { "\($0.month) \($0.energy)" }.joined(separator: ", ")
  }

  @Test(arguments: [
    // Within one month nothing is rounded, and the month's last instant belongs to it.
    ("0.123456789", "2026-03-01 00:00", "2026-04-01 00:00", "2026-03 0.123456789"),
    ("5", "2026-03-31 23:59:59.999", "2026-04-01 00:00:00", "2026-03 5"),
    ("5", "2026-04-01 00:00", "2026-04-01 00:15", "2026-04 5"),
    // Two thirds before midnight; the later month takes the remainder.
    ("10", "2026-03-31 23:50", "2026-04-01 00:05", "2026-03 6.6667, 2026-04 3.3333"),
    // A tie goes to the even digit.
    ("0.0001", "2026-03-31 23:00", "2026-04-01 01:00", "2026-03 0.0000, 2026-04 0.0001"),
    ("0.0003", "2026-03-31 23:00", "2026-04-01 01:00", "2026-03 0.0002, 2026-04 0.0001"),
    // Just above a tie, far behind the last decimal.
    (
      "0.000100000000000002", "2026-03-31 23:00", "2026-04-01 01:00",
      "2026-03 0.0001, 2026-04 0.000000000000000002"
    ),
    (
      "90", "2026-01-31 00:00", "2026-03-02 00:00",
      "2026-01 3.0000, 2026-02 84.0000, 2026-03 3.0000"
    ),
    ("5", "2026-03-31 12:00", "2026-03-31 12:00", "2026-03 5"),
  ])
  func follows(energy: ExactDecimal, from: String, to: String, expected: String) throws {
    #expect(text(try split(energy, from, to)) == expected)
  }

  @Test func thePartsAlwaysSumUpAndNeverGoBackwards() throws {
    for significand in [1, 6, 9, 123_456_789] {
      let energy = ExactDecimal(significand: Int128(significand), exponent: -4)
      let parts = try split(energy, "2025-12-15 06:07", "2026-09-03 01:02")
      #expect(parts.count == 10)
      #expect(parts.allSatisfy { $0.energy >= .zero })
      #expect(try parts.map(\.energy).reduce(.zero) { try $0.adding($1) } == energy)
    }
  }

  @Test func anEndlessIntervalIsRefused() {
    let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
    #expect(throws: DecimalError.overflow) {
      try ConsumptionSplit.byMonth(energy: "1", from: first, to: last, offsetSeconds: 0)
    }
  }
}
