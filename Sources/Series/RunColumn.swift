import SiteModel

/// Reads a column of small integers of version 1, most of them zero: a run of zeros is a zero and a
/// count of further ones.
struct RunReader {
  private var zeros: UInt64 = 0

  mutating func next(_ reader: inout ByteReader) throws(CorruptBytes) -> Int64 {
    if zeros > 0 {
      zeros -= 1
      return 0
    }
    let value = try reader.signed()
    if value == 0 { zeros = try reader.unsigned() }
    return value
  }

  /// Must follow the last value: no run may reach past the column.
  func finish(_ reader: ByteReader) throws(CorruptBytes) {
    if zeros != 0 { throw CorruptBytes(offset: reader.offset) }
  }
}

/// A column of version 1: integers as their differences.
enum DeltaColumn {
  static func read(_ count: Int, _ reader: inout ByteReader) throws(CorruptBytes) -> [Int64] {
    var values: [Int64] = []
    values.reserveCapacity(count)
    var runs = RunReader()
    var last: Int64 = 0
    for _ in 0..<count {
      last &+= try runs.next(&reader)
      values.append(last)
    }
    try runs.finish(reader)
    return values
  }
}

extension ByteWriter {
  /// A 128-bit number, low half first.
  mutating func wide(_ value: Int128) {
    unsigned(UInt64(truncatingIfNeeded: value))
    signed(Int64(truncatingIfNeeded: value >> 64))
  }
}

extension ByteReader {
  /// A 128-bit number, low half first.
  mutating func wide() throws(CorruptBytes) -> Int128 {
    let low = try unsigned()
    return Int128(try signed()) << 64 | Int128(low)
  }
}
