import Series
import SiteModel
import Testing

/// Cases computed by hand.
@Suite struct RollupTests {
  private static let hour: Int64 = 3_600_000

  private func samples(_ values: [(hours: Int64, value: ExactDecimal)]) -> [Sample] {
    values.map {
      Sample(time: Timestamp(milliseconds: $0.hours * Self.hour), value: $0.value)
    }
  }

  private func figures(
    _ values: [(hours: Int64, value: ExactDecimal)], _ period: RollupPeriod = .hour,
    _ kind: MetricKind = .register
  ) -> [RegisterFigures] {
    Rollup.rows(of: samples(values), period, kind).compactMap(\.register)
  }

  @Test func aDayBeginsAtMidnightInChina() {
    let midnight = Timestamp(milliseconds: 1_762_272_000_000)  // 2025-11-05T00:00:00+08:00
    let day = RollupPeriod.day
    #expect(midnight.localText(offsetSeconds: 28_800) == "2025-11-05 00:00:00")
    #expect(day.start(of: midnight) == midnight)
    #expect(day.start(of: midnight.advanced(byMilliseconds: 86_399_999)) == midnight)
    #expect(
      day.start(of: midnight.advanced(byMilliseconds: -1))
        == midnight.advanced(byMilliseconds: -86_400_000))
    #expect(
      RollupPeriod.hour.start(of: midnight.advanced(byMilliseconds: -1)).description
        == "2025-11-04T15:00:00.000Z")
    #expect(day.start(of: Timestamp(milliseconds: -1)).milliseconds == -28_800_000)
  }

  @Test func figuresOfADay() throws {
    let rows = Rollup.rows(
      of: [
        Sample(time: Timestamp(milliseconds: 10), value: "1.5"),
        Sample(time: Timestamp(milliseconds: 20), value: "-2.25"),
        Sample(time: Timestamp(milliseconds: 30), value: "900", quality: .outOfRange),
        Sample(time: Timestamp(milliseconds: 40), value: "7"),
        Sample(time: Timestamp(milliseconds: 50), value: "1"),
        Sample(time: Timestamp(milliseconds: 50), value: "2"),
      ], .day, .gauge)
    let row = try #require(rows.first)
    #expect(rows.count == 1)
    #expect((row.count, row.marked, row.latest.milliseconds) == (3, 3, 50))
    #expect(row.minimum?.description == "-2.25")
    #expect(row.maximum?.description == "7")
    #expect(row.sum?.description == "6.25")
    #expect(row.mean?.description == "2.0833")
    #expect(row.first?.value == "1.5" && row.last?.time.milliseconds == 40)
    #expect(row.register == nil)
  }

  @Test func theMeanIsRoundedHalfToEven() {
    let mean = { (values: [ExactDecimal]) in
      Rollup.rows(
        of: values.enumerated().map {
          Sample(time: Timestamp(milliseconds: Int64($0.offset)), value: $0.element)
        }, .hour, .gauge
      ).first?.mean?.description
    }
    #expect(mean(["0.01", "0.02"]) == "0.0150")
    #expect(mean(["1", "0", "0", "0", "0", "0", "0", "0"]) == "0.12")
    #expect(mean(["3", "0", "0", "0", "0", "0", "0", "0"]) == "0.38")
    #expect(mean(["2e3"]) == "2000.00")
  }

  @Test func anIncrementBelongsToThePeriodOfItsLaterReading() {
    let found = figures([(0, "10.0"), (1, "12.5"), (2, "13")])
    #expect(found.map(\.consumption) == ["0", "2.5", "0.5"])
    #expect(found.map(\.gapConsumption) == ["0", "0", "0"])
  }

  @Test func anIncrementOverAWholePeriodIsAGap() {
    // From hour 0 to hour 1 is the previous period still; from 1 to 4 is not.
    let found = figures([(0, "10"), (1, "11"), (4, "20"), (5, "21"), (7, "23")])
    #expect(found.map(\.consumption) == ["0", "1", "0", "1", "0"])
    #expect(found.map(\.gapConsumption) == ["0", "0", "9", "0", "2"])
  }

  @Test func aRegisterRollsOver() {
    let found = figures([(0, "9990.5"), (1, "9999.5"), (2, "3.25"), (3, "4")])
    #expect(found.map(\.consumption) == ["0", "9.0", "3.75", "0.75"])
    #expect(found.map(\.rollovers) == [0, 0, 1, 0])
    #expect(found.map(\.resets) == [0, 0, 0, 0])
    // Exactly at the limits: 1 % below, and 1 % of the way.
    #expect(figures([(0, "990000"), (1, "0")])[1].consumption == "10000")
    #expect(figures([(0, "989999"), (1, "0")])[1].resets == 1)
    #expect(figures([(0, "990000"), (1, "1")])[1].resets == 1)
    // Below 10^4 nothing rolls over, nor to a negative reading.
    #expect(figures([(0, "999"), (1, "0")])[1].resets == 1)
    #expect(figures([(0, "99999"), (1, "-1")])[1].resets == 1)
  }

  @Test func aCounterDoesNotRollOver() {
    let found = figures([(0, "9999"), (1, "1"), (2, "3")], .hour, .counter)
    #expect(found.map(\.consumption) == ["0", "0", "2"])
    #expect(found.map(\.resets) == [0, 1, 0])
  }

  @Test func aReplacedMeterGoesOnFromItsNewValue() {
    let found = figures([(0, "5200"), (1, "5210"), (2, "0.4"), (3, "8.4")])
    #expect(found.map(\.consumption) == ["0", "10", "0", "8.0"])
    #expect(found.map(\.resets) == [0, 0, 1, 0])
  }

  @Test func aGlitchIsLeftOut() {
    let found = figures([(0, "5200"), (7, "0"), (17, "5201"), (23, "5202")], .day)
    #expect(found.map(\.consumption) == ["0", "2"])
    #expect(found.map(\.glitches) == [1, 0])
    #expect(found.map(\.resets) == [0, 0])
    // What looked like a rollover is a glitch when the register comes back.
    #expect(figures([(0, "9999"), (1, "1"), (2, "9999")]).map(\.glitches) == [0, 1, 0])
  }

  @Test func theLastFallIsSettledUntilMoreIsKnown() {
    #expect(figures([(0, "5200"), (1, "0")])[1].resets == 1)
    let row = Rollup.rows(of: samples([(0, "5200"), (1, "0")]), .hour, .register).last
    #expect(row?.appending(samples([(2, "5201")]), .hour, .register) == nil)
  }

  @Test func whatDoesNotFitIsLeftOut() throws {
    let huge = ExactDecimal(significand: .max, exponent: 0)
    let rows = Rollup.rows(
      of: [
        Sample(time: Timestamp(milliseconds: 0), value: huge.negated),
        Sample(time: Timestamp(milliseconds: 1), value: huge),
        Sample(time: Timestamp(milliseconds: 2), value: "0.5"),
        Sample(time: Timestamp(milliseconds: 3), value: ExactDecimal(significand: 1, exponent: 90)),
      ], .hour, .register)
    let row = try #require(rows.first)
    #expect(row.sum == nil && row.mean == nil && row.register?.consumption == nil)
    #expect(row.minimum == huge.negated)
    #expect(row.maximum == ExactDecimal(significand: 1, exponent: 90))
    #expect(row.count == 4)
  }
}
