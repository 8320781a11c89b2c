import Series
import SiteModel
import TestSupport
import Testing

/// Chunks give back exactly what they were made of.
@Suite struct DeviceChunkTests {
  @Test(arguments: UInt64(0)..<200) func roundTripIsExact(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = generator.device()
    let decoded = try DeviceChunk.encode(series).withUnsafeBytes { try DeviceChunk.decode($0) }
    #expect(areIdentical(decoded, series))
  }

  @Test(arguments: UInt64(0)..<100) func aRangeIsAPartOfTheWhole(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = generator.device()
    try DeviceChunk.encode(series).withUnsafeBytes { bytes in
      for one in series {
        let times = one.samples.map(\.time.milliseconds)
        let ends = (0..<2).map { _ in
          (times.randomElement(using: &generator) ?? 0) + Int64.random(in: -1...1, using: &generator)
        }
        let (from, to) = (ends.min() ?? 0, ends.max() ?? 0)
        let part = try DeviceChunk.decode(
          bytes, one.metric, from: Timestamp(milliseconds: from), to: Timestamp(milliseconds: to))
        let expected = one.samples.filter { (from..<to).contains($0.time.milliseconds) }
        #expect(areIdentical(part, expected))
      }
    }
  }

  @Test(arguments: UInt64(0)..<50) func summariesAgree(seed: UInt64) throws {
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

  @Test func anUnknownMetricHasNoSamples() throws {
    var generator = SeededGenerator(seed: 1)
    let bytes = DeviceChunk.encode(generator.device())
    let none = try bytes.withUnsafeBytes {
      try DeviceChunk.decode(
        $0, Metric(number: 9999), from: Timestamp(milliseconds: .min),
        to: Timestamp(milliseconds: .max))
    }
    #expect(none.isEmpty)
  }
}
