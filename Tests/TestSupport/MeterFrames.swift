/// Frames of meters built from their parts, with checks of their own, so that a decoder is not
/// tested against itself.
public enum MeterFrames {
  /// Bytes from pairs of hexadecimal digits; anything else is left out.
  public static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] * 16 + digits[$0 + 1])
    }
  }

  /// A frame of DL/T 645: the address lowest byte first, the data without their offset.
  public static func dlt645(
    address: [UInt8] = [0x07, 0x00, 0x18, 0x09, 0x24, 0x20], control: UInt8, _ data: [UInt8]
  ) -> [UInt8] {
    let body =
      [0x68] + address + [0x68, control, UInt8(data.count)] + data.map { $0 &+ 0x33 }
    return body + [body.reduce(0, &+), 0x16]
  }

  /// A frame of DL/T 698.45 with a single address of six bytes, lowest first.
  public static func dlt698(
    address: [UInt8] = [0x07, 0x00, 0x18, 0x09, 0x24, 0x20], control: UInt8 = 0xC3,
    _ unit: [UInt8]
  ) -> [UInt8] {
    let length = 2 + 1 + 1 + address.count + 1 + 2 + unit.count + 2
    let header =
      [UInt8(length & 0xFF), UInt8(length >> 8), control, UInt8(address.count - 1)] + address + [0]
    let checked = header + pair(crc(header, polynomial: 0x8408) ^ 0xFFFF)
    let whole = checked + unit
    return [0x68] + whole + pair(crc(whole, polynomial: 0x8408) ^ 0xFFFF) + [0x16]
  }

  /// A reply of Modbus RTU with these registers.
  public static func modbus(slave: UInt8 = 1, function: UInt8 = 3, registers: [UInt16]) -> [UInt8] {
    let data = registers.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    return modbus([slave, function, UInt8(data.count)] + data)
  }

  /// A frame of Modbus RTU: what stands before its check, and the check.
  public static func modbus(_ body: [UInt8]) -> [UInt8] {
    body + pair(crc(body, polynomial: 0xA001))
  }

  /// A 16-bit check, bit by bit, begun with FFFF.
  private static func crc(_ bytes: [UInt8], polynomial: UInt16) -> UInt16 {
    bytes.reduce(0xFFFF) { sum, byte in
      (0..<8).reduce(sum ^ UInt16(byte)) { value, _ in
        value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1
      }
    }
  }

  private static func pair(_ value: UInt16) -> [UInt8] {
    [UInt8(value & 0xFF), UInt8(value >> 8)]
  }
}
