import Series
import SiteModel
import TestSupport
import Testing

/// Damaged bytes are refused or salvaged, and never crash or give a wrong value.
@Suite struct DeviceChunkDamageTests {
  /// Without columns that refer to others, a bit costs the directory or one series.
  @Test(arguments: UInt64(0)..<4) func everyBitCostsAtMostItsSeries(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = generator.phases(count: 30)
    let bytes = DeviceChunk.encode(series)
    let columnsBegin = 6 + Int(bytes[1])
    for bit in 0..<(bytes.count * 8) {
      let damaged = bytes.flipping(bit)
      expectCorrupt(damaged)
      let (rest, lost) = damaged.withUnsafeBytes { DeviceChunk.salvage($0) }
      if bit / 8 < columnsBegin {
        #expect(rest.isEmpty && lost == [nil])
      } else {
        #expect(lost.count == 1)
        #expect(areIdentical(rest, series.filter { !lost.contains($0.metric) }))
      }
    }
  }

  /// Whatever refers to what, nothing wrong is given, and all that is missing is named.
  @Test(arguments: UInt64(0)..<40) func whatIsSalvagedIsRight(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = seed % 4 == 0 ? generator.phases(count: 150) : generator.device()
    let bytes = DeviceChunk.encode(series)
    for _ in 0..<(bytes.count < 500 ? 100 : 20) {
      let damaged = generator.damaged(bytes)
      if damaged == bytes { continue }
      expectCorrupt(damaged)
      let (rest, lost) = damaged.withUnsafeBytes { DeviceChunk.salvage($0) }
      #expect(!lost.isEmpty)
      if lost == [nil] && rest.isEmpty { continue }
      let missing = series.filter { !lost.contains($0.metric) }
      #expect(areIdentical(rest, missing))
    }
  }

  @Test func aLostPartCostsItsTotalToo() throws {
    var generator = SeededGenerator(seed: 5)
    let series = generator.phases(count: 400)
    let bytes = DeviceChunk.encode(series)
    let losses = stride(from: 6 + Int(bytes[1]), to: bytes.count, by: 7).map { position in
      bytes.flipping(position * 8).withUnsafeBytes { DeviceChunk.salvage($0).damaged.count }
    }
    #expect(Set(losses) == [1, 2])
  }

  @Test func anUndamagedChunkIsSalvagedWhole() throws {
    var generator = SeededGenerator(seed: 6)
    let series = generator.device()
    let (rest, lost) = DeviceChunk.encode(series).withUnsafeBytes { DeviceChunk.salvage($0) }
    #expect(areIdentical(rest, series) && lost.isEmpty)
  }

  @Test(arguments: UInt64(0)..<20) func otherLengthsAreRefused(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = DeviceChunk.encode(generator.device(count: 30))
    for length in 0..<bytes.count { expectCorrupt(Array(bytes.prefix(length))) }
    expectCorrupt(bytes + [0])
    #expect((bytes + [0]).withUnsafeBytes { DeviceChunk.salvage($0).damaged } == [nil])
  }

  @Test(arguments: UInt64(0)..<2000) func randomBytesAreRefused(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var bytes = generator.bytes(generator.number(0...80))
    if seed % 2 == 0 && bytes.count > 1 { bytes.replaceSubrange(0..<2, with: [2, 20]) }
    expectCorrupt(bytes)
    #expect(bytes.withUnsafeBytes { DeviceChunk.salvage($0).damaged } == [nil])
  }

  /// With right checksums over wrong content, decoding must still end in bounds: with an error, or
  /// with samples that could have been stored.
  @Test(arguments: UInt64(0)..<400) func forgedContentStaysInBounds(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = seed % 8 == 0 ? generator.phases(count: 130) : generator.device(count: 40)
    var parts = try ChunkParts(DeviceChunk.encode(series))
    if seed % 3 == 0 || parts.columns.isEmpty {
      generator.change(&parts.directory, from: 2)
    } else {
      for _ in 0..<generator.number(1...3) {
        generator.change(&parts.columns[generator.number(0...(parts.columns.count - 1))], from: 0)
      }
    }
    parts.sealed.withUnsafeBytes { bytes in
      let decoded = (try? DeviceChunk.decode(bytes)) ?? []
      #expect(decoded.map(\.samples.count).reduce(0, +) <= DeviceChunk.maximumSamples)
      for one in decoded + DeviceChunk.salvage(bytes).series { expectStorable(one.samples) }
      _ = try? DeviceChunk.summaries(bytes)
    }
  }

  @Test(arguments: UInt64(0)..<20) func partsSealedAgainAreTheChunk(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let bytes = DeviceChunk.encode(generator.device())
    #expect(try ChunkParts(bytes).sealed == bytes)
  }

  private func expectStorable(_ samples: [Sample]) {
    var last = Timestamp(milliseconds: .min)
    for sample in samples {
      let isRight =
        sample.time >= last && sample.quality != .conflict
        && abs(sample.value.exponent) <= DeviceChunk.maximumExponent
      if !isRight { Issue.record("\(sample) cannot have been stored") }
      last = sample.time
    }
  }

  private func expectCorrupt(_ bytes: [UInt8]) {
    let decoded = bytes.withUnsafeBytes { try? DeviceChunk.decode($0) }
    if decoded != nil { Issue.record("damaged bytes were decoded") }
  }
}

extension [UInt8] {
  fileprivate func flipping(_ bit: Int) -> [UInt8] {
    var bytes = self
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    return bytes
  }
}

extension SeededGenerator {
  /// Changes a byte, most likely one of the first: there the meaning of the others is decided.
  fileprivate mutating func change(_ bytes: inout [UInt8], from first: Int) {
    let last = number(0...1) == 0 ? min(bytes.count - 1, 30) : bytes.count - 1
    let position = number(first...max(first, last))
    if number(0...1) == 0 {
      bytes[position] ^= 1 << UInt8(number(0...7))
    } else {
      bytes[position] = UInt8(truncatingIfNeeded: next())
    }
  }

  /// The bytes with one bit, a stretch or the end changed.
  fileprivate mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var damaged = bytes
    let start = number(0...(bytes.count - 1))
    let end = min(bytes.count, start + number(1...30))
    switch number(0...3) {
    case 0: damaged[start] ^= 1 << UInt8(number(0...7))
    case 1: damaged.replaceSubrange(start..<end, with: self.bytes(end - start))
    case 2: damaged.removeSubrange(start..<end)
    default: damaged.removeSubrange(start...)
    }
    return damaged
  }
}
