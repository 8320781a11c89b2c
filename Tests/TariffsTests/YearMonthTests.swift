import SiteModel
import Testing

/// Months, their texts and their local borders.
@Suite struct YearMonthTests {
  private let beijing = 8 * 3600

  @Test func readsAndPrints() {
    for text in ["2026-03", "2026/3", "2026-3", "2026年3月", "2026年03月"] {
      #expect(YearMonth(parsing: text)?.description == "2026-03", "\(text)")
    }
    for text in ["", "2026", "2026-13", "2026-00", "26-03", "2026-03-01", "２０２６-03", "2026年3"] {
      #expect(YearMonth(parsing: text) == nil, "\(text)")
    }
  }

  @Test func beginsAtLocalMidnight() throws {
    let march = try #require(YearMonth(parsing: "2026-03"))
    let start = march.start(offsetSeconds: beijing)
    #expect(start.description == "2026-02-28T16:00:00.000Z")
    #expect(YearMonth(containing: start, offsetSeconds: beijing) == march)
    let before = start.advanced(byMilliseconds: -1)
    #expect(YearMonth(containing: before, offsetSeconds: beijing).next == march)
    #expect(YearMonth(parsing: "2026-12")?.next.description == "2027-01")
  }
}
