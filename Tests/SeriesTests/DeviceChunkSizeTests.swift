import Series
import SiteModel
import TestSupport
import Testing

/// What ought to cost little does. The limits are a tenth or so above what is measured.
@Suite struct DeviceChunkSizeTests {
  @Test func oneForm() {
    // Noise of 61 values takes 5.93 bits, however many decimals it is written with.
    var generator = SeededGenerator(seed: 1)
    let digits = (0..<2000).map { _ in Int128(23_000 + generator.number(-30...30) * 10) }
    let always = digits.map { ExactDecimal(significand: $0, exponent: -3) }
    let shortest = always.map(\.normalized)
    let oneDecimal = shortest.map { value in
      let digits = value.significand(at: min(-1, value.exponent))
      return ExactDecimal(significand: digits ?? 0, exponent: min(-1, value.exponent))
    }
    #expect(size(always) < 1640)
    #expect(size(shortest) < 1680)
    #expect(size(oneDecimal) < 1680)
  }

  @Test func zeroHasAFormOfItsOwn() {
    var generator = SeededGenerator(seed: 6)
    let digits = (0..<2000).map { _ in Int128(generator.number(0...1) * 100) }
    let always = digits.map { ExactDecimal(significand: $0, exponent: -2) }
    let plainZero = always.map { $0.significand == 0 ? .zero : $0 }
    #expect(size(always) < 300)
    #expect(size(plainZero) < 330)
  }

  @Test func aTotalFollowsFromItsParts() {
    var generator = SeededGenerator(seed: 2)
    let series = generator.phases(count: 1000)
    let all = DeviceChunk.encode(series).count
    let parts = DeviceChunk.encode(series.filter { $0.metric.number != 4 }).count
    #expect(all - parts < 100)
  }

  @Test func jitteredTimesTakeTheirJitter() {
    var generator = SeededGenerator(seed: 3)
    let times = (0..<2000).map { Int64($0) * 60_000 + Int64(generator.number(0...255)) }
    #expect(size((0..<2000).map { _ in "1" }, times: times) < 2200)
  }

  @Test func sharedTimesAreStoredOnce() {
    var generator = SeededGenerator(seed: 4)
    let times = generator.times(500).sorted()
    let samples = times.map { Sample(time: Timestamp(milliseconds: $0), value: "1") }
    let series = (1...20).map { SeriesSamples(metric: Metric(number: $0), samples: samples) }
    let one = DeviceChunk.encode([series[0]]).count
    #expect(DeviceChunk.encode(series).count - one < 20 * 8)
  }

  @Test func aGapAndAStepCostLittle() {
    var values = [ExactDecimal](repeating: "0", count: 2000)
    values.replaceSubrange(700..<800, with: repeatElement("1", count: 100))
    let times = (0..<2000).map { Int64($0) * 60_000 + ($0 > 900 ? 86_400_000 : 0) }
    #expect(size(values, times: times) < 70)
  }

  private func size(_ values: [ExactDecimal], times: [Int64]? = nil) -> Int {
    let samples = values.enumerated().map { index, value in
      Sample(
        time: Timestamp(milliseconds: times?[index] ?? Int64(index) * 60_000), value: value)
    }
    return DeviceChunk.encode([SeriesSamples(metric: Metric(number: 1), samples: samples)]).count
  }
}
