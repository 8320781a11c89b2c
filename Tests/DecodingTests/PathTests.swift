import SiteModel
import Testing

@testable import Decoding

/// The small parts: paths, times, and the table of byte strings.
@Suite struct PathTests {
  @Test func pathsAreTakenApart() {
    #expect(FieldPath("a.b")?.segments == [.key("a"), .key("b")])
    #expect(FieldPath("a[*].b[2]")?.segments == [.key("a"), .each, .key("b"), .element(2)])
    #expect(FieldPath("[*][0]")?.segments == [.each, .element(0)])
    #expect(FieldPath("$.time")?.isAbsolute == true)
    #expect(FieldPath("$[0].t")?.segments == [.element(0), .key("t")])
    #expect(FieldPath(#"voltage\.a"#)?.segments == [.key("voltage.a")])
  }

  @Test(arguments: [
    "", "$", "a.", ".a", "a..b", "a[", "a]", "a[x]", "a[-1]", "a[*]b", "$a", "a\\",
    "a[65536]", Array(repeating: "a", count: 32).joined(separator: "."),
  ])
  func isNoPath(_ text: String) { #expect(FieldPath(text) == nil) }

  @Test(arguments: [
    ("epoch_s", "1772352000", "2026-03-01T08:00:00.000Z"),
    ("epoch_s", "1772352000.1239", "2026-03-01T08:00:00.123Z"),
    ("epoch_s", "1.772352e9", "2026-03-01T08:00:00.000Z"),
    ("epoch_ms", "1772352000123", "2026-03-01T08:00:00.123Z"),
    ("epoch_us", "1772352000123999", "2026-03-01T08:00:00.123Z"),
    ("text", "2026-03-01 16:00:00", "2026-03-01T08:00:00.000Z"),
    ("text", "2026-03-01T08:00:00Z", "2026-03-01T08:00:00.000Z"),
    ("compact", "20260301160000145", "2026-03-01T08:00:00.145Z"),
    ("auto", "1772352000", "2026-03-01T08:00:00.000Z"),
    ("auto", "1772352000.5", "2026-03-01T08:00:00.500Z"),
    ("auto", "1772352000123", "2026-03-01T08:00:00.123Z"),
    ("auto", "1772352000123456", "2026-03-01T08:00:00.123Z"),
    ("auto", "20260301160000", "2026-03-01T08:00:00.000Z"),
    ("auto", "2026-03-01T16:00+08:00", "2026-03-01T08:00:00.000Z"),
    ("auto", "-1", "1969-12-31T23:59:59.000Z"),
  ])
  func timesAreRead(_ format: String, _ text: String, _ expected: String) throws {
    let format = try #require(TimeFormat(rawValue: format))
    #expect(time(format, text)?.description == expected)
  }

  @Test(arguments: [
    ("epoch_s", "1e18"), ("epoch_s", "x"), ("epoch_ms", ""), ("text", "1772352000"),
    ("text", "2026-02-30 00:00:00"), ("compact", "2026030116"), ("auto", "123456789012345678"),
    ("auto", ""), ("auto", "-"), ("auto", "1.2.3"), ("auto", "20261301160000"),
  ])
  func isNoTime(_ format: String, _ text: String) throws {
    #expect(time(try #require(TimeFormat(rawValue: format)), text) == nil)
  }

  @Test func tableFindsWhatWasInserted() {
    var table = ByteTable()
    for number in 0..<5000 {
      table.insert("key\(number)", in: Int32(number % 3), value: Int32(number))
    }
    for number in 0..<5000 {
      #expect(table.find("key\(number)", in: Int32(number % 3)) == Int32(number))
    }
    #expect(table.find("key1", in: 2) == -1)
    #expect(table.find("key5000", in: 2) == -1)
    table.removeAll()
    #expect(table.find("key1", in: 1) == -1)
  }

  /// Profiles' words are looked up by a hash that anybody can compute, so a payload may hold a text
  /// that was made to have the hash of such a word.
  @Test func tableTellsKeysOfOneHashApart() {
    let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    func state(after word: UInt64) -> UInt64 {
      let product = ((16 << 32) &* factor ^ word) &* factor
      return product ^ product >> 29
    }
    let (word, other): (UInt64, UInt64) = (0x6567_6174_6C6F_762E, 0x746E_6572_7275_632E)
    let key = [word, 7]
    let made = [other, 7 ^ state(after: word) ^ state(after: other)]
    var table = ByteTable(isKeyed: false)
    key.withUnsafeBytes { table.insert($0, value: 1) }
    #expect(made.withUnsafeBytes { table.find($0) } == -1)
    #expect(key.withUnsafeBytes { table.find($0) } == 1)
  }

  private func time(_ format: TimeFormat, _ text: String) -> Timestamp? {
    Array(text.utf8).withUnsafeBytes { format.time($0, isText: true, zoneSeconds: 28_800) }
  }
}
