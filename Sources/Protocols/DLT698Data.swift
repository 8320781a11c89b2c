import SiteModel

/// A place within the application layer of a frame; never reads past its end.
struct DLT698Cursor {
  /// Deepest nesting of arrays and structures.
  static let depthLimit = 8

  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var left: Int { bytes.count - position }

  mutating func byte() throws(DLT698Fault) -> UInt8 {
    guard position < bytes.count else { throw DLT698Fault(.incomplete, position, nil) }
    defer { position += 1 }
    return bytes[position]
  }

  /// A number of `count` bytes, highest first.
  mutating func number(_ count: Int) throws(DLT698Fault) -> UInt64 {
    var value: UInt64 = 0
    for _ in 0..<count { value = value << 8 | UInt64(try byte()) }
    return value
  }

  mutating func identifier() throws(DLT698Fault) -> UInt32 { UInt32(try number(4)) }

  /// The bytes of a text, after its length.
  mutating func raw(_ count: Int) throws(DLT698Fault) -> UnsafeRawBufferPointer {
    guard count <= left else { throw DLT698Fault(.incomplete, bytes.count, nil) }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
  }

  /// A length: one byte, or 81/82 and one or two more.
  mutating func length() throws(DLT698Fault) -> Int {
    let first = try byte()
    switch first {
    case 0..<0x80: return Int(first)
    case 0x81, 0x82: return Int(try number(Int(first & 0x0F)))
    default: throw DLT698Fault(.malformed, position - 1, first)
    }
  }
}

/// What of an application layer unit cannot be read.
struct DLT698Fault: Error {
  let reason: RejectionReason
  /// Where in the unit.
  let place: Int
  /// The byte that stands there; nil at the end.
  let byte: UInt8?

  init(_ reason: RejectionReason, _ place: Int, _ byte: UInt8?) {
    (self.reason, self.place, self.byte) = (reason, place, byte)
  }
}

/// A value of DL/T 698.45.
enum DLT698Value {
  case number(ExactDecimal)
  case truth(Bool)
  /// A text of the device.
  case text(UnsafeRawBufferPointer)
  /// Bytes or bits that are no text.
  case octets(UnsafeRawBufferPointer)
  /// An address: its digits, highest first.
  case address(UnsafeRawBufferPointer)
  case time(WallTime)
  case missing
  /// An array or structure of so many members, which follow.
  case members(Int)
}

extension DLT698Cursor {
  /// The next value with its type; the members of an array or structure are left to be read.
  mutating func value() throws(DLT698Fault) -> DLT698Value {
    let place = position
    let type = try byte()
    switch type {
    case 0: return .missing
    case 1, 2: return .members(Int(try length()))
    case 3: return .truth(try byte() != 0)
    case 4: return .octets(try raw((try length() + 7) / 8))
    case 5: return .number(ExactDecimal(Int(Int32(truncatingIfNeeded: try number(4)))))
    case 6: return Self.unsigned(try number(4))
    case 9: return .octets(try raw(try length()))
    case 10, 12: return .text(try raw(try length()))
    case 15: return .number(ExactDecimal(Int(Int8(truncatingIfNeeded: try number(1)))))
    case 16: return .number(ExactDecimal(Int(Int16(truncatingIfNeeded: try number(2)))))
    case 17, 22: return .number(ExactDecimal(Int(try byte())))
    case 18: return .number(ExactDecimal(Int(try number(2))))
    case 20: return .number(ExactDecimal(Int(Int64(bitPattern: try number(8)))))
    case 21: return .number(ExactDecimal(significand: Int128(try number(8)), exponent: 0))
    case 23: return Self.float(Double(Float(bitPattern: UInt32(try number(4)))), single: true)
    case 24: return Self.float(Double(bitPattern: try number(8)), single: false)
    case 25: return try longTime()
    case 28: return try shortTime()
    case 85: return try target()
    default: return .octets(try raw(try Self.fixedLength(of: type, at: place)))
    }
  }

  /// A register of four bytes; one that is filled with FF has no value.
  private static func unsigned(_ value: UInt64) -> DLT698Value {
    value == 0xFFFF_FFFF ? .missing : .number(ExactDecimal(Int(value)))
  }

  /// Reads over one value with all that it contains.
  mutating func skip(depth: Int = 0) throws(DLT698Fault) {
    guard case .members(let count) = try value() else { return }
    guard depth < Self.depthLimit else { throw DLT698Fault(.tooDeep, position, nil) }
    for _ in 0..<count { try skip(depth: depth + 1) }
  }

  /// Bytes of the types that have no meaning here but a fixed length.
  private static func fixedLength(of type: UInt8, at place: Int) throws(DLT698Fault) -> Int {
    switch type {
    case 26: 5
    case 27, 84: 3
    case 80, 89: 2
    case 81, 83: 4
    default: throw DLT698Fault(.wrongType, place, type)
    }
  }

  /// `date_time_s`: year, month, day, hour, minute, second; no time when a part is FF.
  private mutating func shortTime() throws(DLT698Fault) -> DLT698Value {
    let year = Int(try number(2))
    let (month, day) = (Int(try byte()), Int(try byte()))
    let (hour, minute, second) = (Int(try byte()), Int(try byte()), Int(try byte()))
    let time = WallTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    return time.map { .time($0) } ?? .missing
  }

  /// `date_time`: as above with the day of the week after the day, and milliseconds at the end.
  private mutating func longTime() throws(DLT698Fault) -> DLT698Value {
    let year = Int(try number(2))
    let (month, day, _) = (Int(try byte()), Int(try byte()), try byte())
    let (hour, minute, second) = (Int(try byte()), Int(try byte()), Int(try byte()))
    let millisecond = Int(try number(2))
    let time = WallTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second,
      millisecond: millisecond)
    return time.map { .time($0) } ?? .missing
  }

  /// A target server address: a length, a byte of flags, and the digits, highest first.
  private mutating func target() throws(DLT698Fault) -> DLT698Value {
    let bytes = try raw(try length())
    guard bytes.count > 1 else { return .missing }
    return .address(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
  }

  /// The shortest decimal that stands for a binary fraction; none for infinity and the like.
  private static func float(_ value: Double, single: Bool) -> DLT698Value {
    FloatText.decimal(value, single: single).map { .number($0) } ?? .missing
  }
}

/// Binary fractions as exact decimals.
enum FloatText {
  /// The shortest decimal that reads back as the same fraction; nil for infinity, not-a-number and
  /// what is beyond the limits of ``ExactDecimal``.
  static func decimal(_ value: Double, single: Bool) -> ExactDecimal? {
    guard value.isFinite else { return nil }
    let text = single ? Float(value).description : value.description
    return try? ExactDecimal(parsing: text)
  }
}
