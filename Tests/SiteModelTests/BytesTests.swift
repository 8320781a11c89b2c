import TestSupport
import SiteModel
import Testing

/// The writing and reading of snapshots: what was written comes back, and what was not is refused.
@Suite struct BytesTests {
  private enum Value: Equatable {
    case byte(UInt8)
    case unsigned(UInt64)
    case signed(Int64)
    case text(String)
    case decimal(Int128, Int)
  }

  private func write(_ values: [Value]) -> [UInt8] {
    var writer = ByteWriter()
    for value in values {
      switch value {
      case .byte(let byte): writer.byte(byte)
      case .unsigned(let number): writer.unsigned(number)
      case .signed(let number): writer.signed(number)
      case .text(let text): writer.text(text)
      case .decimal(let significand, let exponent):
        writer.decimal(ExactDecimal(significand: significand, exponent: exponent))
      }
    }
    return writer.bytes
  }

  private func reads(_ bytes: [UInt8], like values: [Value]) throws {
    try bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      for value in values {
        switch value {
        case .byte(let byte): #expect(try reader.byte() == byte)
        case .unsigned(let number): #expect(try reader.unsigned() == number)
        case .signed(let number): #expect(try reader.signed() == number)
        case .text(let text): #expect(try reader.text() == text)
        case .decimal(let significand, let exponent):
          let decimal = try reader.decimal()
          #expect(decimal.significand == significand && decimal.exponent == exponent)
        }
      }
      #expect(reader.isAtEnd)
    }
  }

  private func value(_ random: inout SeededGenerator) -> Value {
    let shift = UInt64(random.number(0...63))
    switch random.number(0...4) {
    case 0: return .byte(UInt8(random.number(0...255)))
    case 1: return .unsigned(random.next() >> shift)
    case 2: return .signed(Int64(bitPattern: random.next()) >> Int64(shift))
    case 3: return .text(String(repeating: "站é\u{0}", count: random.number(0...70)))
    default:
      let high = Int128(Int64(bitPattern: random.next() >> shift))
      return .decimal(high << 63 | Int128(random.next() >> 1), random.number(-100...100))
    }
  }

  @Test(arguments: [51, 52, 53]) func whatIsWrittenIsRead(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let values = (0..<random.number(0...20)).map { _ in value(&random) }
      try reads(write(values), like: values)
    }
  }

  @Test func theEndsOfTheRangesAreRead() throws {
    let values: [Value] = [
      .unsigned(0), .unsigned(.max), .unsigned(127), .unsigned(128), .signed(.min), .signed(.max),
      .signed(-1), .signed(64), .text(""), .decimal(Int128(Int64.min), 0), .decimal(.max, 100),
      .decimal(-.max, -100), .decimal(Int128(Int64.max) + 1, 0),
    ]
    try reads(write(values), like: values)
  }

  @Test func everyCutIsNoticed() throws {
    let values: [Value] = [
      .unsigned(1 << 40), .text("mains.lost"), .decimal(1 << 80, -8), .signed(-9),
    ]
    let bytes = write(values)
    for length in 0..<bytes.count {
      bytes.withUnsafeBytes { buffer in
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: buffer[..<length]))
        #expect(throws: CorruptBytes.self) {
          _ = try reader.unsigned()
          _ = try reader.text()
          _ = try reader.decimal()
          _ = try reader.signed()
        }
      }
    }
  }

  @Test(arguments: [
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02] as [UInt8],
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x80], [],
  ])
  func numbersBeyond64BitsAreRefused(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      #expect(throws: CorruptBytes.self) { try reader.unsigned() }
    }
  }

  @Test func countsThatCannotBeAreRefused() {
    var writer = ByteWriter()
    writer.unsigned(1 << 62)
    writer.bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      #expect(throws: CorruptBytes.self) { try reader.count(ofSize: 8) }
      var again = ByteReader(buffer)
      #expect(throws: CorruptBytes.self) { try again.text() }
      var third = ByteReader(buffer)
      #expect(throws: CorruptBytes.self) { try third.raw(-1) }
    }
  }

  @Test func aDecimalBeyondAllBoundsIsRefused() {
    for exponent in [Int64.min, .max, 101, -101] {
      var writer = ByteWriter()
      writer.signed(exponent)
      writer.byte(0)
      writer.signed(1)
      #expect(throws: CorruptBytes.self) { try self.decimal(writer.bytes) }
    }
    var least = ByteWriter()
    least.signed(0)
    least.byte(1)
    least.unsigned(0)
    least.unsigned(1 << 63)
    #expect(throws: CorruptBytes.self) { try self.decimal(least.bytes) }
  }

  private func decimal(_ bytes: [UInt8]) throws -> ExactDecimal {
    try bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      return try reader.decimal()
    }
  }

  @Test func textsThatAreNotUTF8AreRefused() {
    let bytes: [UInt8] = [3, 0x41, 0xFF, 0x42]
    bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      #expect(throws: CorruptBytes.self) { try reader.text() }
    }
  }

  @Test(arguments: [61, 62]) func nonsenseIsReadToItsEndOrRefused(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      random.bytes(random.number(0...40)).withUnsafeBytes { buffer in
        var reader = ByteReader(buffer)
        for _ in 0..<50 {
          let kind = random.number(0...4)
          do {
            switch kind {
            case 0: _ = try reader.unsigned()
            case 1: _ = try reader.text()
            case 2: _ = try reader.decimal()
            case 3: _ = try reader.count(ofSize: 3)
            default: _ = try reader.time()
            }
          } catch { break }
        }
        #expect(reader.offset <= buffer.count)
      }
    }
  }
}
