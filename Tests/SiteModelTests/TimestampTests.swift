import TestSupport
import SiteModel
import Testing

/// Instants, the wall clock and their texts.
@Suite struct TimestampTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00.000Z", 951_825_600_000),
    ("2026-03-01T16:00:00+08:00", 1_772_352_000_000), ("2026-03-01 16:00:00", 1_772_352_000_000),
    ("2026/3/1 16:00", 1_772_352_000_000), ("2026-03-01", 1_772_294_400_000),
    ("2026-03-01T03:30:00.5-04:30", 1_772_352_000_500),
    ("2026-03-01t08:00:00z", 1_772_352_000_000),
    ("2026-03-01T08:00:00,123456789Z", 1_772_352_000_123), ("2026-03-01T16+0800", nil),
    ("2026-02-28T24:00:00Z", 1_772_323_200_000), ("2026-02-28T23:59:60Z", 1_772_323_200_000),
    ("1969-12-31T23:59:59.999Z", -1), ("0001-01-01T00:00:00Z", -62_135_596_800_000),
    ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
  ])
  func readsTexts(_ text: String, _ milliseconds: Int64?) {
    #expect(Timestamp(parsing: text, offsetSeconds: 28_800)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "2026", "2026-13-01", "2026-02-29", "2026-00-10", "2026-04-31", "1900-02-29", "0000-01-01",
    "2026-03-01T25:00:00", "2026-03-01T24:00:01", "2026-03-01T12:60:00", "2026-03-01T12:00:61",
    "2026-03-01T12:00:00.", "2026-03-01T12:00:00.1234567890", "2026-03-01T12:00:00+19:00",
    "2026-03-01T12:00:00+08:60", "2026-03-01T12:00:00+8", "2026-03-01T12:00:00 Z", "26-03-01",
    "2026-03/01", "2026-03-01T12:00:00ZZ", "２026-03-01", "2026-03-01T12:00:00+08:",
  ])
  func refusesOthers(_ text: String) {
    #expect(Timestamp(parsing: text, offsetSeconds: 0) == nil)
  }

  @Test(arguments: [
    ("20260301160000", 1_772_352_000_000), ("20260301160000145", 1_772_352_000_145),
    ("202603011600001", 1_772_352_000_100), ("2026030116000", nil), ("20260230160000", nil),
    ("20260301160000x", nil), ("20260301160000.5", nil), ("", nil),
  ])
  func readsCompactDigits(_ text: String, _ milliseconds: Int64?) {
    #expect(Timestamp(compact: text, offsetSeconds: 28_800)?.milliseconds == milliseconds)
  }

  @Test(arguments: [41, 42, 43]) func everyInstantSurvivesItsText(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let instant = Timestamp(
        milliseconds: Int64.random(in: -62_135_000_000_000...253_402_000_000_000, using: &random))
      #expect(Timestamp(parsing: instant.description, offsetSeconds: 3600) == instant)
      let offset = random.number(-43_200...50_400)
      let wall = WallTime(instant, offsetSeconds: offset)
      #expect(wall.instant(offsetSeconds: offset) == instant, "\(instant) \(offset)")
      let local = Timestamp(
        parsing: instant.localText(offsetSeconds: offset), offsetSeconds: offset)
      #expect(local.map { instant.since($0) } == (instant.milliseconds % 1000 + 1000) % 1000)
    }
  }

  /// The calendar against counting day by day, over two cycles of 400 years.
  @Test func everyDayFollowsTheOther() throws {
    var instant = try #require(Timestamp(parsing: "1600-01-01", offsetSeconds: 0))
    for year in 1600..<2400 {
      for month in 1...12 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        #expect(WallTime.days(inMonth: month, of: year) == length)
        for day in [1, length] {
          let wall = WallTime(
            instant.advanced(byMilliseconds: Int64(day - 1) * 86_400_000), offsetSeconds: 0)
          #expect(wall == WallTime(year: year, month: month, day: day), "\(year)-\(month)-\(day)")
        }
        instant = instant.advanced(byMilliseconds: Int64(length) * 86_400_000)
      }
    }
  }

  @Test func anInstantBeyondAllYearsIsNoCrash() {
    for milliseconds in [Int64.min, .min + 1, .max, .max - 1] {
      let instant = Timestamp(milliseconds: milliseconds)
      #expect(!instant.description.isEmpty)
      #expect(!instant.localText(offsetSeconds: 50_400).isEmpty)
      let month = YearMonth(containing: instant, offsetSeconds: 28_800)
      #expect((1...9999).contains(month.year))
      #expect((1...9999).contains(month.next.year))
    }
  }

  @Test func monthsEndAtLocalMidnight() throws {
    for offset in [-43_200, -12_600, 0, 20_700, 28_800, 50_400] {
      for year in [1999, 2000, 2024, 2026, 2100] {
        for month in 1...12 {
          let start = try #require(YearMonth(year: year, month: month))
          let end = start.next.start(offsetSeconds: offset)
          let last = end.advanced(byMilliseconds: -1)
          #expect(YearMonth(containing: last, offsetSeconds: offset) == start)
          #expect(YearMonth(containing: end, offsetSeconds: offset) == start.next)
        }
      }
    }
  }
}
