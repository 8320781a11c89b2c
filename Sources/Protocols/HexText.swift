/// Frames written as hexadecimal digits, with or without white space, in either case: many data
/// terminal units send them so instead of the bytes themselves.
public enum HexText {
  /// True when there is nothing but hexadecimal digits and white space.
  public static func isHex(_ bytes: UnsafeRawBufferPointer) -> Bool {
    for byte in bytes where digit(byte) == nil && !isSpace(byte) { return false }
    return true
  }

  /// Appends the bytes that the digits of `text` stand for. `half` is a first digit whose second is
  /// still to come: that of an earlier call on entry, and the last one without a partner on return.
  public static func append(
    _ text: UnsafeRawBufferPointer, to bytes: inout [UInt8], half: inout UInt8?
  ) {
    for character in text {
      guard let digit = digit(character) else { continue }
      if let first = half {
        bytes.append(first << 4 | digit)
        half = nil
      } else {
        half = digit
      }
    }
  }

  static func appendDigits(of bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
    for byte in bytes {
      appendDigit(byte >> 4, to: &text)
      appendDigit(byte & 0x0F, to: &text)
    }
  }

  static func appendDigit(_ digit: UInt8, to text: inout [UInt8]) {
    text.append(digit < 10 ? 0x30 + digit : 0x37 + digit)
  }

  /// Two upper-case digits for each byte, parted by spaces; at most `limit` bytes, then `…`.
  public static func text(_ bytes: some Collection<UInt8>, limit: Int = 16) -> String {
    let shown = bytes.prefix(limit).map { digits(UInt64($0), count: 2) }.joined(separator: " ")
    return bytes.count > limit ? shown + " …" : shown
  }

  /// The last `count` hexadecimal digits of a number, in upper case.
  public static func digits(_ value: UInt64, count: Int) -> String {
    let text = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text.suffix(count)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte &- 0x30
    case 0x41...0x46: byte &- 0x37
    case 0x61...0x66: byte &- 0x57
    default: nil
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
}

extension PointList {
  /// Keeps the last `count` (at most 16) hexadecimal digits of a number, without making a `String`.
  mutating func keep(digitsOf value: UInt64, count: Int) -> Range<Int> {
    var text: (UInt64, UInt64) = (0, 0)
    return withUnsafeMutableBytes(of: &text) { bytes in
      for place in 0..<count {
        let digit = UInt8(truncatingIfNeeded: value >> UInt64((count - 1 - place) * 4)) & 0x0F
        bytes[place] = digit < 10 ? 0x30 + digit : 0x37 + digit
      }
      return keep(UnsafeRawBufferPointer(rebasing: bytes[0..<count]))
    }
  }
}
