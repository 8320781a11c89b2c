import Series
import SiteModel
import TestSupport
import Testing

/// Chunks of version-1 files give back exactly what they were made of, or are refused.
@Suite struct OldChunkTests {
  @Test(arguments: UInt64(0)..<200) func roundTripIsExact(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let samples = generator.samples(Int.random(in: 1...300, using: &generator))
    let decoded = try OldChunkMaker.encode(samples).withUnsafeBytes { try OldChunk.decode($0) }
    #expect(areIdentical(decoded, samples))
  }

  @Test func extremesRoundTrip() throws {
    let values: [ExactDecimal] = [
      "999999999999999999", "-999999999999999999", "0.000000000000000001", "0", "0.00", "-0.10",
      ExactDecimal(significand: .max, exponent: 100),
      ExactDecimal(significand: .min, exponent: -100),
    ]
    let times: [Int64] = [.min, -1, 0, 0, 1, 1_700_000_000_000, .max - 1, .max]
    let samples = zip(times, values).map {
      Sample(time: Timestamp(milliseconds: $0), value: $1, quality: .badTime)
    }
    let decoded = try OldChunkMaker.encode(samples).withUnsafeBytes { try OldChunk.decode($0) }
    #expect(areIdentical(decoded, samples))
  }

  @Test func narrowExtremesRoundTrip() throws {
    let samples = [Int64.min, .max, .min, 0, .max].enumerated().map { index, digits in
      Sample(
        time: Timestamp(milliseconds: Int64(index)),
        value: ExactDecimal(significand: Int128(digits), exponent: 0))
    }
    let decoded = try OldChunkMaker.encode(samples).withUnsafeBytes { try OldChunk.decode($0) }
    #expect(areIdentical(decoded, samples))
  }

  @Test(arguments: UInt64(0)..<40) func changedBytesAreRefused(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = OldChunkMaker.encode(generator.samples(60))
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= UInt8.random(in: 1...255, using: &generator)
      expectCorrupt(damaged)
    }
    for length in 0..<bytes.count { expectCorrupt(Array(bytes.prefix(length))) }
    expectCorrupt(bytes + [0])
  }

  /// With a right checksum over wrong content, decoding must still end in bounds, with an error or
  /// with samples that are in order and no more than a chunk may have.
  @Test(arguments: UInt64(0)..<2000) func forgedContentStaysInBounds(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var content = Array(OldChunkMaker.encode(generator.samples(20)).dropLast(4))
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let position = Int.random(in: 1..<content.count, using: &generator)
      content[position] = UInt8.random(in: 0...255, using: &generator)
    }
    let sealed = TestSeal.seal(content)
    let samples = try? sealed.withUnsafeBytes { try OldChunk.decode($0) }
    let times = (samples ?? []).map(\.time)
    #expect(times == times.sorted() && times.count <= 65_536)
  }

  @Test(arguments: [(UInt64(0), true), (1, false), (.max, false)])
  func aRunPastTheColumnIsRefused(surplus: UInt64, isValid: Bool) {
    var writer = ByteWriter()
    for byte: UInt8 in [1, 0, 2] { writer.byte(byte) }  // format, flags, two samples
    writer.signed(0)  // first time
    writer.signed(0)  // a run of zero steps, one needed
    writer.unsigned(surplus)
    writer.signed(0)  // exponent
    for digits: Int64 in [5, 1] { writer.signed(digits) }
    let bytes = TestSeal.seal(writer.bytes)
    let samples = try? bytes.withUnsafeBytes { try OldChunk.decode($0) }
    #expect(samples?.map(\.value) == (isValid ? ["5", "6"] : nil))
  }

  private func expectCorrupt(_ bytes: [UInt8]) {
    #expect(throws: CorruptBytes.self) {
      _ = try bytes.withUnsafeBytes { try OldChunk.decode($0) }
    }
  }
}
