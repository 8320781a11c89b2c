import GRDB
import Series
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// A row is read exactly as it was written, whatever its figures are.
@Suite struct RollupRowTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  private static let series = SeriesKey(DeviceIndex(3), Metric(number: 1))

  @Test(arguments: UInt64(0)..<4) func rowsComeBackAsTheyWere(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let store = try fixture.open()
    try store.write { db in
      for period in RollupPeriod.allCases {
        let table = RollupTable(db, period)
        for _ in 0..<400 {
          let row = someRow(&random, period)
          try table.write(Self.series, row)
          let found = try table.row(Self.series, at: row.start)
          #expect(found == row, "seed \(seed)")
          #expect(found.map(digits) == digits(row), "seed \(seed)")
        }
      }
      // The views can count with every row.
      for view in ["hourly", "daily"] { _ = try Row.fetchAll(db, sql: "SELECT * FROM \(view)") }
    }
  }

  @Test func periodsAreFoundByTheirBegin() throws {
    let store = try fixture.open()
    try store.write { db in
      for period in RollupPeriod.allCases {
        let table = RollupTable(db, period)
        let starts = [-3, -1, 0, 1, 400_000].map { number in
          period.start(of: at(number * period.length))
        }
        for start in starts {
          var row = Rollup(start: start, kind: .register)
          (row.count, row.sum) = (1, .zero)
          (row.first, row.last) = (
            Sample(time: start, value: .zero), Sample(time: start, value: .zero)
          )
          (row.minimum, row.maximum) = (.zero, .zero)
          try table.write(Self.series, row)
        }
        for (place, start) in starts.enumerated() {
          let series = Self.series
          #expect(
            try table.rows(series, from: start, to: .max).map(\.start) == Array(starts[place...]))
          #expect(
            try table.rows(series, from: .min, to: start).map(\.start) == Array(starts[..<place]))
          let after = start.advanced(byMilliseconds: 1)
          #expect(try table.row(series, from: after)?.start == starts.dropFirst(place + 1).first)
          #expect(try table.row(series, before: after)?.start == start)
        }
      }
    }
  }

  /// Everything that equality of decimals does not see.
  private func digits(_ row: Rollup) -> [String?] {
    [
      row.first?.value, row.last?.value, row.minimum, row.maximum, row.sum,
      row.register?.consumption, row.register?.gapConsumption,
    ].map { $0.map { "\($0)" } }
  }

  private func someRow(_ random: inout SeededGenerator, _ period: RollupPeriod) -> Rollup {
    let number = Int64(random.number(-3...3_000))
    var row = Rollup(start: period.start(of: at(number * period.length)), kind: .register)
    let decimals = random.number(0...18)
    row.marked = random.number(0...4) == 0 ? random.number(1...9) : 0
    row.isIncomplete = random.number(0...9) == 0
    if random.number(0...9) > 0 {
      row.count = random.number(1...5_000)
      row.first = sample(&random, row.start, period, decimals)
      row.last = sample(&random, row.start, period, decimals)
      let ends = [row.first?.value, row.last?.value].compactMap { $0 }
      let isPlain = random.number(0...1) == 0
      row.minimum = isPlain ? ends.min() : value(&random, decimals)
      row.maximum = isPlain ? ends.max() : value(&random, decimals)
      row.sum = random.number(0...9) == 0 ? nil : value(&random, decimals, isSum: true)
    }
    let last = row.last?.time ?? row.start
    row.latest = random.number(0...3) == 0 ? last.advanced(byMilliseconds: 5) : last
    let consumption = value(&random, decimals)
    row.register?.consumption = random.number(0...9) == 0 ? nil : consumption
    row.register?.gapConsumption =
      [.zero, nil, value(&random, decimals), "0.00"][random.number(0...3)]
    row.register?.rollovers = random.number(0...1)
    row.register?.resets = random.number(0...1)
    row.register?.glitches = random.number(0...1)
    return row
  }

  private func sample(
    _ random: inout SeededGenerator, _ start: Timestamp, _ period: RollupPeriod, _ decimals: Int
  ) -> Sample {
    let after = Int64(random.number(0...Int(period.length - 1)))
    return Sample(
      time: start.advanced(byMilliseconds: after), value: value(&random, decimals))
  }

  /// A number with these decimals, or seldom with others, of any length that figures have.
  private func value(
    _ random: inout SeededGenerator, _ decimals: Int, isSum: Bool = false
  ) -> ExactDecimal {
    let limits: [Int128] = [
      0, 9, 10_000, 8_388_608, Int128(Int64.max), Int128(Int64.max) * 1_000_000_000_000,
    ]
    let digits = limits[random.number(0...(isSum ? 5 : 4))]
    let significand = digits == 0 ? 0 : Int128.random(in: -digits...digits, using: &random)
    let exponent = random.number(0...7) == 0 ? -random.number(0...18) : -decimals
    return ExactDecimal(significand: significand, exponent: exponent)
  }
}
