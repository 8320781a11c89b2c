import SiteModel

/// Writes a column of small integers, most of them zero: a run of zeros is a zero and a count.
struct RunWriter {
  private var zeros: UInt64 = 0

  mutating func put(_ value: Int64, to writer: inout ByteWriter) {
    if value == 0 {
      zeros += 1
    } else {
      finish(&writer)
      writer.signed(value)
    }
  }

  /// Must follow the last value.
  mutating func finish(_ writer: inout ByteWriter) {
    guard zeros > 0 else { return }
    writer.signed(0)
    writer.unsigned(zeros - 1)
    zeros = 0
  }
}

/// Reads what a ``RunWriter`` wrote.
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

/// A column of integers as their differences.
enum DeltaColumn {
  static func write(_ values: some Sequence<Int64>, to writer: inout ByteWriter) {
    var runs = RunWriter()
    var last: Int64 = 0
    for value in values {
      runs.put(value &- last, to: &writer)
      last = value
    }
    runs.finish(&writer)
  }

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
