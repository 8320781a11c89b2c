import SiteModel

/// The bytes of one chunk: consecutive samples of one series, column by column, sealed by a
/// checksum.
///
/// Layout: format (1 byte), flags (1), count, times as differences of differences, one exponent or
/// a column of them, qualities unless all are good, significands as differences. Integers are
/// variable in length and runs of zeros collapse, so a regular and constant series costs next to
/// nothing.
public enum ChunkCodec {
  /// Most samples of a chunk; bounds what a damaged count can make a reader allocate.
  public static let maximumSamples = 65_536
  /// Largest magnitude of a stored exponent.
  public static let maximumExponent = 100

  private static let format: UInt8 = 1
  private static let mixedExponents: UInt8 = 1
  private static let marked: UInt8 = 2
  private static let wide: UInt8 = 4

  /// The chunk of 1…``maximumSamples`` samples in order of time, with exponents within
  /// ±``maximumExponent``.
  public static func encode(_ samples: [Sample]) -> [UInt8] { encode(samples[...]) }

  /// The same of a part of an array.
  public static func encode(_ samples: ArraySlice<Sample>) -> [UInt8] {
    guard let first = samples.first, samples.count <= maximumSamples else {
      preconditionFailure("a chunk has 1 to \(maximumSamples) samples, not \(samples.count)")
    }
    var flags: UInt8 = 0
    for sample in samples {
      let exponent = sample.value.exponent
      precondition(abs(exponent) <= maximumExponent, "exponent \(exponent) cannot be stored")
      if exponent != first.value.exponent { flags |= mixedExponents }
      if sample.quality != .good { flags |= marked }
      if Int64(exactly: sample.value.significand) == nil { flags |= wide }
    }
    var writer = ByteWriter()
    writer.reserve(32 + samples.count * 3)
    writer.byte(format)
    writer.byte(flags)
    writer.unsigned(UInt64(samples.count))
    writeTimes(samples, from: first.time, to: &writer)
    if flags & mixedExponents == 0 {
      writer.signed(Int64(first.value.exponent))
    } else {
      DeltaColumn.write(samples.lazy.map { Int64($0.value.exponent) }, to: &writer)
    }
    if flags & marked != 0 {
      DeltaColumn.write(samples.lazy.map { Int64($0.quality.rawValue) }, to: &writer)
    }
    writeSignificands(samples, isWide: flags & wide != 0, to: &writer)
    Checksum.seal(&writer)
    return writer.bytes
  }

  /// The samples of a chunk. Bytes that ``encode(_:)`` did not write are refused.
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(CorruptBytes) -> [Sample] {
    var reader = ByteReader(try Checksum.open(bytes))
    guard try reader.byte() == format else { throw CorruptBytes(offset: 0) }
    let flags = try reader.byte()
    let count = try reader.unsigned()
    guard flags <= 7, (1...UInt64(maximumSamples)).contains(count) else {
      throw CorruptBytes(offset: 1)
    }
    let times = try readTimes(Int(count), &reader)
    let exponents = try readExponents(Int(count), isMixed: flags & mixedExponents != 0, &reader)
    let qualities = flags & marked != 0 ? try DeltaColumn.read(Int(count), &reader) : nil
    let significands = try readSignificands(Int(count), isWide: flags & wide != 0, &reader)
    guard reader.isAtEnd else { throw CorruptBytes(offset: reader.offset) }
    var samples: [Sample] = []
    samples.reserveCapacity(Int(count))
    for position in 0..<Int(count) {
      let mark = UInt8(exactly: qualities?[position] ?? 0)
      guard let quality = mark.flatMap(Quality.init(rawValue:)) else {
        throw CorruptBytes(offset: reader.offset)
      }
      let value = ExactDecimal(
        significand: significands[position], exponent: exponents[position])
      samples.append(
        Sample(time: Timestamp(milliseconds: times[position]), value: value, quality: quality))
    }
    return samples
  }

  private static func writeTimes(
    _ samples: ArraySlice<Sample>, from first: Timestamp, to writer: inout ByteWriter
  ) {
    writer.time(first)
    var runs = RunWriter()
    var last = first.milliseconds
    var lastStep: Int64 = 0
    for sample in samples.dropFirst() {
      let step = sample.time.milliseconds &- last
      runs.put(step &- lastStep, to: &writer)
      (last, lastStep) = (sample.time.milliseconds, step)
    }
    runs.finish(&writer)
  }

  private static func readTimes(
    _ count: Int, _ reader: inout ByteReader
  ) throws(CorruptBytes) -> [Int64] {
    var last = try reader.signed()
    var times = [last]
    times.reserveCapacity(count)
    var runs = RunReader()
    var step: Int64 = 0
    for _ in 1..<count {
      step &+= try runs.next(&reader)
      let next = last &+ step
      guard next >= last else { throw CorruptBytes(offset: reader.offset) }
      times.append(next)
      last = next
    }
    try runs.finish(reader)
    return times
  }

  private static func readExponents(
    _ count: Int, isMixed: Bool, _ reader: inout ByteReader
  ) throws(CorruptBytes) -> [Int] {
    let column =
      isMixed
      ? try DeltaColumn.read(count, &reader)
      : [Int64](repeating: try reader.signed(), count: count)
    guard column.allSatisfy({ $0.magnitude <= maximumExponent }) else {
      throw CorruptBytes(offset: reader.offset)
    }
    return column.map { Int($0) }
  }

  private static func writeSignificands(
    _ samples: ArraySlice<Sample>, isWide: Bool, to writer: inout ByteWriter
  ) {
    guard isWide else {
      DeltaColumn.write(
        samples.lazy.map { Int64(truncatingIfNeeded: $0.value.significand) }, to: &writer)
      return
    }
    for sample in samples { writer.wide(sample.value.significand) }
  }

  private static func readSignificands(
    _ count: Int, isWide: Bool, _ reader: inout ByteReader
  ) throws(CorruptBytes) -> [Int128] {
    guard isWide else { return try DeltaColumn.read(count, &reader).map { Int128($0) } }
    var values: [Int128] = []
    for _ in 0..<count { values.append(try reader.wide()) }
    return values
  }
}
