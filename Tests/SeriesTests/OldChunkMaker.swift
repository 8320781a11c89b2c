import Series
import SiteModel

/// Writes chunks as version 1 did, for tests of what reads them.
enum OldChunkMaker {
  static func encode(_ samples: [Sample]) -> [UInt8] {
    let exponents = samples.map { Int64($0.value.exponent) }
    let qualities = samples.map { Int64($0.quality.rawValue) }
    let narrow = samples.compactMap { Int64(exactly: $0.value.significand) }
    let isMixed = exponents.contains { $0 != exponents[0] }
    let isMarked = qualities.contains { $0 != 0 }
    let isWide = narrow.count < samples.count
    var writer = ByteWriter()
    writer.byte(1)
    writer.byte((isMixed ? 1 : 0) | (isMarked ? 2 : 0) | (isWide ? 4 : 0))
    writer.unsigned(UInt64(samples.count))
    writer.time(samples[0].time)
    let times = samples.map(\.time.milliseconds)
    let steps = zip(times.dropFirst(), times).map { $0 &- $1 }
    runs(zip(steps, [0] + steps).map { $0 &- $1 }, to: &writer)
    if isMixed { differences(exponents, to: &writer) } else { writer.signed(exponents[0]) }
    if isMarked { differences(qualities, to: &writer) }
    if isWide {
      for sample in samples {
        writer.unsigned(UInt64(truncatingIfNeeded: sample.value.significand))
        writer.signed(Int64(truncatingIfNeeded: sample.value.significand >> 64))
      }
    } else {
      differences(narrow, to: &writer)
    }
    return TestSeal.seal(writer.bytes)
  }

  private static func differences(_ values: [Int64], to writer: inout ByteWriter) {
    runs(zip(values, [0] + values).map { $0 &- $1 }, to: &writer)
  }

  /// Zeros as a zero and how many more follow.
  private static func runs(_ values: [Int64], to writer: inout ByteWriter) {
    var rest = values[...]
    while let first = rest.first {
      let zeros = rest.prefix { $0 == 0 }.count
      writer.signed(first)
      if zeros > 0 { writer.unsigned(UInt64(zeros - 1)) }
      rest = rest.dropFirst(max(1, zeros))
    }
  }
}
