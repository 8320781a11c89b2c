import TestSupport
import Series
import SiteModel
import Testing

/// Chunks give back exactly what they were made of, and refuse bytes that were changed.
@Suite struct ChunkCodecTests {
  @Test(arguments: UInt64(0)..<200) func roundTripIsExact(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let samples = generator.samples(Int.random(in: 1...300, using: &generator))
    let decoded = try ChunkCodec.encode(samples).withUnsafeBytes { try ChunkCodec.decode($0) }
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
    let decoded = try ChunkCodec.encode(samples).withUnsafeBytes { try ChunkCodec.decode($0) }
    #expect(areIdentical(decoded, samples))
  }

  @Test func narrowExtremesRoundTrip() throws {
    let samples = [Int64.min, .max, .min, 0, .max].enumerated().map { index, digits in
      Sample(
        time: Timestamp(milliseconds: Int64(index)),
        value: ExactDecimal(significand: Int128(digits), exponent: 0))
    }
    let decoded = try ChunkCodec.encode(samples).withUnsafeBytes { try ChunkCodec.decode($0) }
    #expect(areIdentical(decoded, samples))
  }

  @Test func regularAndConstantSeriesCostNextToNothing() {
    let samples = (0..<2048).map {
      Sample(time: Timestamp(milliseconds: 1_700_000_000_000 + Int64($0) * 60_000), value: "1")
    }
    #expect(ChunkCodec.encode(samples).count < 40)
  }

  @Test(arguments: UInt64(0)..<40) func changedBytesAreRefused(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = ChunkCodec.encode(generator.samples(60))
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
    var content = Array(ChunkCodec.encode(generator.samples(20)).dropLast(4))
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let position = Int.random(in: 1..<content.count, using: &generator)
      content[position] = UInt8.random(in: 0...255, using: &generator)
    }
    let sealed = TestSeal.seal(content)
    let samples = try? sealed.withUnsafeBytes { try ChunkCodec.decode($0) }
    let times = (samples ?? []).map(\.time)
    #expect(times == times.sorted() && times.count <= ChunkCodec.maximumSamples)
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
    let samples = try? bytes.withUnsafeBytes { try ChunkCodec.decode($0) }
    #expect(samples?.map(\.value) == (isValid ? ["5", "6"] : nil))
  }

  @Test func theTestsSealIsTheCodecs() {
    var generator = SeededGenerator(seed: 7)
    for count in 1...20 {
      let bytes = ChunkCodec.encode(generator.samples(count))
      #expect(TestSeal.seal(Array(bytes.dropLast(4))) == bytes)
    }
  }

  private func expectCorrupt(_ bytes: [UInt8]) {
    #expect(throws: CorruptBytes.self) {
      _ = try bytes.withUnsafeBytes { try ChunkCodec.decode($0) }
    }
  }
}

/// Seals bytes as the codecs do, written down a second time from the description of the checksum.
enum TestSeal {
  static func seal(_ content: [UInt8]) -> [UInt8] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(content.count)
    var rest = content[...]
    while !rest.isEmpty {
      let size = rest.count >= 8 ? 8 : 1
      let word = rest.prefix(size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      hash = (hash ^ word) &* 0x100_0000_01B3
      hash ^= hash >> 32
      rest = rest.dropFirst(size)
    }
    hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    let sum = hash >> 32
    return content + (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
  }
}
