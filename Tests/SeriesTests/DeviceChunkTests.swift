import Series
import SiteModel
import TestSupport
import Testing

/// Chunks give back exactly what they were made of.
@Suite struct DeviceChunkTests {
  @Test(arguments: UInt64(0)..<200) func roundTripIsExact(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = generator.device(count: seed % 10 == 0 ? 300 : 90)
    let decoded = try DeviceChunk.encode(series).withUnsafeBytes { try DeviceChunk.decode($0) }
    #expect(areIdentical(decoded, series))
  }

  @Test(arguments: UInt64(0)..<150) func aRangeIsAPartOfTheWhole(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = seed % 10 == 0 ? generator.phases(count: 200) : generator.device()
    try DeviceChunk.encode(series).withUnsafeBytes { bytes in
      for one in series {
        let times = one.samples.map(\.time.milliseconds)
        let ends = (0..<2).map { _ in
          (times.randomElement(using: &generator) ?? 0) + Int64(generator.number(-1...1))
        }
        let (from, to) = (ends.min() ?? 0, ends.max() ?? 0)
        let part = try DeviceChunk.decode(
          bytes, one.metric, from: Timestamp(milliseconds: from), to: Timestamp(milliseconds: to))
        let expected = one.samples.filter { (from..<to).contains($0.time.milliseconds) }
        #expect(areIdentical(part, expected))
      }
    }
  }

  @Test(arguments: UInt64(0)..<100) func summariesAgree(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = generator.device()
    let bytes = DeviceChunk.encode(series)
    let summaries = try bytes.withUnsafeBytes { try DeviceChunk.summaries($0) }
    #expect(summaries.map(\.metric) == series.map(\.metric))
    for (summary, one) in zip(summaries, series) {
      #expect(summary.count == one.samples.count)
      #expect(summary.first == one.samples.first?.time)
      #expect(areIdentical([summary.last], one.samples.suffix(1)))
    }
  }

  @Test func anUnknownMetricAndAnEmptyRangeHaveNoSamples() throws {
    var generator = SeededGenerator(seed: 1)
    let series = generator.device()
    let bytes = DeviceChunk.encode(series)
    let (first, end) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
    try bytes.withUnsafeBytes { bytes in
      let unknown = try DeviceChunk.decode(bytes, Metric(number: 9999), from: first, to: end)
      let empty = try DeviceChunk.decode(bytes, series[0].metric, from: end, to: first)
      #expect(unknown.isEmpty && empty.isEmpty)
    }
  }

  @Test func nothingRoundTrips() throws {
    let decoded = try DeviceChunk.encode([]).withUnsafeBytes { try DeviceChunk.decode($0) }
    #expect(decoded.isEmpty)
  }

  @Test func extremesRoundTrip() throws {
    let values: [ExactDecimal] = [
      "999999999999999999", "-999999999999999999", "0.000000000000000001", "0", "0.00", "-0.10",
      ExactDecimal(significand: .max, exponent: 100),
      ExactDecimal(significand: .min, exponent: -100),
    ]
    let times: [Int64] = [.min, -1, 0, 1, 2, 1_700_000_000_000, .max - 1, .max]
    try expectRoundTrip(zip(times, values).map { ($0, $1, .badTime) })
  }

  @Test func narrowExtremesRoundTrip() throws {
    let digits = [Int64.min, .max, .min, 0, .max, -1 << 60, 1 << 60, 1 << 59, -1 << 59]
    for count in 1...digits.count {
      try expectRoundTrip(
        digits.suffix(count).enumerated().map { index, digits in
          (Int64(index), ExactDecimal(significand: Int128(digits), exponent: 0), .good)
        })
    }
  }

  @Test(arguments: [-100, -99, 81, 82, 83, 99, 100]) func extremeExponentsRoundTrip(_ exponent: Int)
    throws
  {
    let values = (0..<40).map { index in
      ExactDecimal(
        significand: Int128(index % 3),
        exponent: index % 5 == 0 ? exponent : min(100, exponent + 1))
    }
    try expectRoundTrip(values.enumerated().map { (Int64($0), $1, $0 == 7 ? .retained : .good) })
  }

  @Test func theLargestChunkRoundTrips() throws {
    let count = DeviceChunk.maximumSamples
    let samples = (0..<count).map {
      Sample(time: Timestamp(milliseconds: Int64($0)), value: "0.50")
    }
    let series = [SeriesSamples(metric: Metric(number: 1), samples: samples)]
    let bytes = DeviceChunk.encode(series)
    #expect(bytes.count < 30)
    let decoded = try bytes.withUnsafeBytes { try DeviceChunk.decode($0) }
    #expect(areIdentical(decoded, series))
  }

  private func expectRoundTrip(
    _ rows: [(time: Int64, value: ExactDecimal, quality: Quality)]
  ) throws {
    let samples = rows.map {
      Sample(time: Timestamp(milliseconds: $0.time), value: $0.value, quality: $0.quality)
    }
    let series = [SeriesSamples(metric: Metric(number: 65_535), samples: samples)]
    let decoded = try DeviceChunk.encode(series).withUnsafeBytes { try DeviceChunk.decode($0) }
    #expect(areIdentical(decoded, series))
  }
}
