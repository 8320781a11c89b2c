/// Appends numbers and texts to a byte array; variable-length integers as in LEB128.
public struct ByteWriter: Sendable {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// An empty writer.
  public init() {}

  /// Makes room for `count` further bytes.
  public mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

  /// One byte.
  @inlinable public mutating func byte(_ value: UInt8) { append(value) }

  @usableFromInline mutating func append(_ value: UInt8) { bytes.append(value) }

  /// An unsigned number, 7 bits a byte, low bits first.
  public mutating func unsigned(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A signed number, small magnitudes short (zigzag).
  public mutating func signed(_ value: Int64) {
    unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  /// A text with its length.
  public mutating func text(_ value: String) {
    unsigned(UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  /// A decimal, in the form it was written.
  public mutating func decimal(_ value: ExactDecimal) {
    signed(Int64(value.exponent))
    if let narrow = Int64(exactly: value.significand), narrow != .min {
      byte(0)
      signed(narrow)
    } else {
      byte(1)
      unsigned(UInt64(truncatingIfNeeded: value.significand))
      unsigned(UInt64(truncatingIfNeeded: value.significand >> 64))
    }
  }

  /// An instant.
  public mutating func time(_ value: Timestamp) { signed(value.milliseconds) }

  /// Raw bytes, without their length.
  public mutating func raw(_ value: UnsafeRawBufferPointer) { bytes.append(contentsOf: value) }
}

/// What was read is not what a ``ByteWriter`` wrote.
public struct CorruptBytes: Error, Sendable, Equatable {
  /// Where in the bytes it was noticed.
  public let offset: Int

  /// Corruption noticed at an offset.
  public init(offset: Int) { self.offset = offset }
}

/// Reads what a ``ByteWriter`` wrote; never reads past the end, whatever the bytes are.
public struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  /// Where the next value begins.
  public private(set) var offset = 0

  /// A reader of `bytes`, which must stay valid while it is used.
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// True when everything was read.
  public var isAtEnd: Bool { offset == bytes.count }

  /// Bytes that are left.
  public var remaining: Int { bytes.count - offset }

  /// One byte.
  public mutating func byte() throws(CorruptBytes) -> UInt8 {
    guard offset < bytes.count else { throw CorruptBytes(offset: offset) }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// An unsigned variable-length number.
  public mutating func unsigned() throws(CorruptBytes) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 63 || (shift == 63 && next <= 1) else { throw CorruptBytes(offset: offset) }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
      shift += 7
    }
  }

  /// A signed variable-length number.
  public mutating func signed() throws(CorruptBytes) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  /// A count of things of at least `size` bytes each, checked against what is left.
  public mutating func count(ofSize size: Int = 1) throws(CorruptBytes) -> Int {
    let value = try unsigned()
    guard value <= UInt64(remaining / max(1, size)) else { throw CorruptBytes(offset: offset) }
    return Int(value)
  }

  /// A text.
  public mutating func text() throws(CorruptBytes) -> String {
    let length = try count()
    let part = try raw(length)
    guard let text = String(validating: part, as: UTF8.self) else {
      throw CorruptBytes(offset: offset)
    }
    return text
  }

  /// A decimal.
  public mutating func decimal() throws(CorruptBytes) -> ExactDecimal {
    let exponent = Int(try signed())
    guard (-100...100).contains(exponent) else { throw CorruptBytes(offset: offset) }
    if try byte() == 0 {
      return ExactDecimal(significand: Int128(try signed()), exponent: exponent)
    }
    let low = try unsigned()
    let high = try unsigned()
    let significand = Int128(Int64(bitPattern: high)) << 64 | Int128(low)
    // The least of all has no opposite, so no arithmetic makes it.
    guard significand != .min else { throw CorruptBytes(offset: offset) }
    return ExactDecimal(significand: significand, exponent: exponent)
  }

  /// An instant.
  public mutating func time() throws(CorruptBytes) -> Timestamp {
    Timestamp(milliseconds: try signed())
  }

  /// The next `count` bytes.
  public mutating func raw(_ count: Int) throws(CorruptBytes) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw CorruptBytes(offset: offset) }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
  }
}
