import Testing

@testable import SiteModel

/// Chinese text of spreadsheets and supervision units.
@Suite struct GB18030Tests {
  private func decode(_ bytes: [UInt8], from encoding: String = "GB18030") -> GB18030.Decoded {
    bytes.withUnsafeBytes { GB18030.decode($0, from: encoding) }
  }

  @Test(
    arguments: [
      ([], ""), ([0x41], "A"), ([0xCD, 0xA3, 0xB5, 0xE7], "停电"), ([0x94, 0x39, 0xFC, 0x36], "😀"),
    ] as [([UInt8], String)])
  func becomesUTF8(_ bytes: [UInt8], _ text: String) {
    #expect(decode(bytes) == .text(Array(text.utf8)))
  }

  @Test func longTextsFit() {
    let bytes = [[UInt8]](repeating: [0xCD, 0xA3], count: 100_000).flatMap { $0 }
    let text = String(repeating: "停", count: 100_000)
    #expect(decode(bytes) == .text(Array(text.utf8)))
  }

  @Test func theFirstWrongByteIsNamed() {
    #expect(decode([0x41, 0xCD, 0x20]) == .wrongByte(offset: 1))
    #expect(decode([0x41, 0x42, 0xFF]) == .wrongByte(offset: 2))
    #expect(decode([0xCD, 0xA3, 0x81, 0x30, 0x81]) == .wrongByte(offset: 2))
  }

  @Test func aMissingConverterIsNoWrongByte() {
    #expect(decode([0x41], from: "NO-SUCH-ENCODING") == .noConverter)
  }
}
