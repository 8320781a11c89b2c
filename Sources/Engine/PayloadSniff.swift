/// Guesses what kind of bytes a payload is, for people who look at an unknown device. A guess is
/// named only when a check of the format holds, and decides nothing.
enum PayloadSniff {
  /// The formats that are told apart, with what they are called in a shape.
  enum Format: String {
    case dlt645 = "DL/T 645"
    case dlt698 = "DL/T 698.45"
    case modbus = "Modbus RTU"
    case gzip = "gzip"
    case protobuf = "protobuf, perhaps"
    case unknown = "unknown"
  }

  /// What the bytes of a binary payload look like.
  static func format(_ bytes: UnsafeRawBufferPointer) -> Format {
    let frame = bytes.drop { $0 == 0xFE }
    if isDLT645(frame) { return .dlt645 }
    if isDLT698(frame) { return .dlt698 }
    if isModbus(bytes) { return .modbus }
    if bytes.starts(with: [0x1F, 0x8B]) { return .gzip }
    return isProtobuf(bytes) ? .protobuf : .unknown
  }

  /// The bytes that a text of hexadecimal digits in pairs stands for, spaces and line ends allowed
  /// between them; nil when it is none, or too short to tell.
  static func bytes(ofHex text: UnsafeRawBufferPointer) -> [UInt8]? {
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in text where ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      if let first = high {
        bytes.append(first << 4 | UInt8(digit))
        high = nil
      } else {
        high = UInt8(digit)
      }
    }
    return high == nil && bytes.count >= 4 ? bytes : nil
  }

  /// `68 A0…A5 68 C L data CS 16` (DL/T 645-2007, 5.2); the sum over all before it is CS.
  private static func isDLT645(_ frame: Slice<UnsafeRawBufferPointer>) -> Bool {
    let at = frame.startIndex
    guard frame.count >= 12, frame[at] == 0x68, frame[at + 7] == 0x68 else { return false }
    let length = Int(frame[at + 9])
    guard frame.count >= 12 + length, frame[at + 11 + length] == 0x16 else { return false }
    let sum = frame[at..<(at + 10 + length)].reduce(UInt8(0), &+)
    return sum == frame[at + 10 + length]
  }

  /// `68 L L C … 16` (DL/T 698.45, 6.2); L, 14 bits, counts all between the two marks.
  private static func isDLT698(_ frame: Slice<UnsafeRawBufferPointer>) -> Bool {
    let at = frame.startIndex
    guard frame.count >= 12, frame[at] == 0x68 else { return false }
    let length = Int(frame[at + 1]) | Int(frame[at + 2] & 0x3F) << 8
    return length >= 10 && frame.count >= length + 2 && frame[at + length + 1] == 0x16
  }

  /// Address, function, data, CRC-16 (Modbus over serial line 1.02, 6.2.2).
  private static func isModbus(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard (5...256).contains(bytes.count) else { return false }
    var crc: UInt16 = 0xFFFF
    for byte in bytes.dropLast(2) {
      crc ^= UInt16(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xA001 : crc >> 1 }
    }
    return crc == UInt16(bytes[bytes.count - 2]) | UInt16(bytes[bytes.count - 1]) << 8
  }

  /// Fields with the wire types of protobuf, none of them after the end.
  private static func isProtobuf(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    func number() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        guard at < bytes.count else { return nil }
        defer { at += 1 }
        value |= UInt64(bytes[at] & 0x7F) << UInt64(shift)
        if bytes[at] < 0x80 { return value }
      }
      return nil
    }
    while at < bytes.count {
      guard let tag = number(), (1...536_870_911).contains(tag >> 3) else { return false }
      switch tag & 7 {
      case 0: guard number() != nil else { return false }
      case 1: at += 8
      case 5: at += 4
      case 2:
        guard let length = number(), length <= UInt64(bytes.count) else { return false }
        at += Int(length)
      default: return false
      }
    }
    return bytes.count >= 4 && at == bytes.count
  }
}
