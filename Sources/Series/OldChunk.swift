import SiteModel

/// Reads a chunk of a version-1 file: consecutive samples of one series, column by column, sealed
/// by a checksum. Such files are turned into ``DeviceChunk``s when they are opened.
///
/// Layout: format (1 byte), flags (1), count, times as differences of differences, one exponent or
/// a column of them, qualities unless all are good, significands as differences. Integers are
/// variable in length and runs of zeros collapse, so a regular and constant series costs next to
/// nothing.
public enum OldChunk {
  /// Most samples of a chunk; bounds what a damaged count can make a reader allocate.
  private static let maximumSamples = 65_536
  private static let maximumExponent = 100

  private static let format: UInt8 = 1
  private static let mixedExponents: UInt8 = 1
  private static let marked: UInt8 = 2
  private static let wide: UInt8 = 4

  /// The samples of a chunk. Bytes that version 1 did not write are refused.
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
      guard let quality = mark.flatMap(Quality.init(rawValue:)), quality != .conflict else {
        throw CorruptBytes(offset: reader.offset)
      }
      let value = ExactDecimal(
        significand: significands[position], exponent: exponents[position])
      samples.append(
        Sample(time: Timestamp(milliseconds: times[position]), value: value, quality: quality))
    }
    return samples
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

  private static func readSignificands(
    _ count: Int, isWide: Bool, _ reader: inout ByteReader
  ) throws(CorruptBytes) -> [Int128] {
    guard isWide else { return try DeltaColumn.read(count, &reader).map { Int128($0) } }
    var values: [Int128] = []
    for _ in 0..<count { values.append(try reader.wide()) }
    return values
  }
}
