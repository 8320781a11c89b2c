import Series
import SiteModel
import TestSupport
import Testing

/// Batches of readings come back in their order, exactly, or not at all.
@Suite struct RecentCodecTests {
  @Test(arguments: UInt64(0)..<100) func roundTripIsExact(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let readings = Self.readings(&generator)
    let decoded = try Self.decode(RecentCodec.encode(readings))
    #expect(decoded == readings)
    #expect(decoded.map(\.value.exponent) == readings.map(\.value.exponent))
  }

  @Test func nothingRoundTrips() throws {
    #expect(try Self.decode(RecentCodec.encode([])).isEmpty)
  }

  @Test(arguments: UInt64(0)..<30) func changedBytesAreRefused(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = RecentCodec.encode(Self.readings(&generator))
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= UInt8.random(in: 1...255, using: &generator)
      #expect(throws: CorruptBytes.self) { _ = try Self.decode(damaged) }
    }
    for length in 0..<bytes.count {
      #expect(throws: CorruptBytes.self) { _ = try Self.decode(Array(bytes.prefix(length))) }
    }
  }

  @Test(arguments: UInt64(0)..<1000) func forgedContentStaysInBounds(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var content = Array(RecentCodec.encode(Self.readings(&generator)).dropLast(4))
    for _ in 0..<4 {
      let position = Int.random(in: 1..<content.count, using: &generator)
      content[position] = UInt8.random(in: 0...255, using: &generator)
    }
    let decoded = try? Self.decode(TestSeal.seal(content))
    #expect(decoded?.count ?? 0 <= content.count)
  }

  @Test func aStoredConflictIsRefused() {
    // Format, one reading: flags with the quality in the high half, metric, significand.
    let stored = { (quality: Quality) in TestSeal.seal([1, 1, quality.rawValue << 4, 2, 6]) }
    #expect((try? Self.decode(stored(.retained)))?.map(\.value) == ["3"])
    #expect((try? Self.decode(stored(.conflict))) == nil)
  }

  private static func readings(_ generator: inout SeededGenerator) -> [Reading] {
    var readings: [Reading] = []
    for sample in generator.samples(30) {
      let device = DeviceIndex(Int32.random(in: 0...499_999, using: &generator))
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        readings.append(
          Reading(
            device: device, metric: Metric(number: .random(in: 1...65_535, using: &generator)),
            time: sample.time, value: generator.value(), quality: sample.quality))
      }
    }
    return readings
  }

  private static func decode(_ bytes: [UInt8]) throws -> [Reading] {
    var readings: [Reading] = []
    try bytes.withUnsafeBytes { try RecentCodec.decode($0) { readings.append($0) } }
    return readings
  }
}
