import Protocols
import Testing

/// The dark corners of JSON: each is read as RFC 8259 says, or refused with a reason; none is
/// guessed at.
@Suite struct JSONParserTests {
  private let parser = JSONParser()

  private func nodes(_ bytes: [UInt8]) -> String { outcome(of: bytes, parser.parse) }

  private func nodes(_ json: String) -> String { nodes(Array(json.utf8)) }

  private static let digits = String(repeating: "1234567890", count: 40)

  static let taken: [(json: String, nodes: String)] = [
    // Both members are there, so that whoever maps the key can say that it is ambiguous.
    (#"{"a":1,"a":2}"#, #"{"a":1,"a":2}"#), (#"{"a":1,"\u0061":2}"#, #"{"a":1,"a":2}"#),
    // Numbers stay text, whatever a double could hold.
    ("[1e400]", "[1e400]"), ("[-1E+999999999999]", "[-1E+999999999999]"), ("[1e-400]", "[1e-400]"),
    ("[\(digits)]", "[\(digits)]"), ("[0.\(digits)]", "[0.\(digits)]"), ("[-0]", "[-0]"),
    ("[-0.0e-0]", "[-0.0e-0]"), ("[18446744073709551616]", "[18446744073709551616]"),
    ("[0.1,1.50]", "[0.1,1.50]"),
    ("[\"\\u0000\"]", "[\"\u{0}\"]"), (#"["\ud83d\ude00"]"#, #"["😀"]"#),
    (#"["\/\b"]"#, "[\"/\u{8}\"]"),
    (" \t\r\n[ 1 , 2 ]\n", "[1,2]"), (#"{"":{"":[]}}"#, #"{"":{"":[]}}"#), ("[]", "[]"),
    ("{}", "{}"), ("[\"\u{FEFF}\u{7F}\u{2028}\"]", "[\"\u{FEFF}\u{7F}\u{2028}\"]"),
    // The byte order mark that some tools put before UTF-8.
    ("\u{FEFF}{\"a\":1}", #"{"a":1}"#),
  ]

  @Test(arguments: taken)
  func takes(_ json: String, _ expected: String) { #expect(nodes(json) == expected) }

  static let outOfPlace = "!malformed: a comma, colon or bracket out of place"
  static let cutOff = "!malformed: a document that is cut off"
  static let badWord = "!malformed: a word that is not true, false or null"
  static let badNumber = "!malformed: a number that is not JSON's"
  static let badText = "!malformed: a text with a wrong escape or a bare control character"
  static let trailing = "!malformed: something after the end of the document"

  static let refused: [(json: String, fault: String)] = [
    ("", "!malformed: nothing"), (" \n", "!malformed: nothing but white space"),
    ("\u{FEFF}", "!malformed: nothing but white space"),
    ("NaN", badWord), ("[NaN]", badWord), ("[Infinity]", badWord), ("[-Infinity]", badNumber),
    ("[nan]", badWord), ("[True]", badWord), ("[truefalse]", badWord), ("[nul]", badWord),
    ("[01]", badNumber), ("[-01]", badNumber), ("[00]", badNumber), ("[1.]", badNumber),
    ("[.5]", badWord), ("[+1]", badWord), ("[1e]", badNumber), ("[1e+]", badNumber),
    ("[-]", badNumber), ("[0x10]", badNumber), ("[1_000]", badNumber), ("[1 000]", outOfPlace),
    ("[1,]", outOfPlace), ("[,1]", outOfPlace), ("[1,,2]", outOfPlace), (#"{"a":1,}"#, outOfPlace),
    (#"{"a" 1}"#, outOfPlace), (#"{"a"}"#, outOfPlace), ("{1:2}", outOfPlace),
    ("{a:1}", outOfPlace),
    ("['a']", badWord), ("[1]]", trailing), ("[1][2]", trailing),
    ("[1\u{0}]", badNumber), ("\u{0}", badWord),
    ("[\"a\u{0}b\"]", badText), ("[\"a\nb\"]", badText), (#"["\x41"]"#, badText),
    (#"["\u12"]"#, badText), (#"["\u00g0"]"#, badText),
    (#"["\ud800"]"#, badText), (#"["\udc00"]"#, badText), (#"["\ud800\u0041"]"#, badText),
    (#"["\ud800\ud800"]"#, badText), (#"{"\ud800":1}"#, badText),
    ("[1", cutOff), ("{\"a\":[", cutOff), ("[\"a", cutOff), ("[\"a\\", cutOff), ("[", cutOff),
    // What ends without a bracket counts as cut off, whatever stands before.
    ("[1] // x", cutOff), ("[1]\u{0}", cutOff), ("[1]7", cutOff),
    ("1", "!malformed: a single value"), ("\"a\"", "!malformed: a single value"),
    ("null", "!malformed: a single value"),
    (
      String(repeating: "[", count: 33) + String(repeating: "]", count: 33),
      "!too_deep: more than 32 levels of nesting"
    ),
    (
      String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000),
      "!too_deep: more than 32 levels of nesting"
    ),
    (
      "[" + String(repeating: "1,", count: 65_535) + "1]",
      "!too_many_values: more than 65536 values"
    ),
  ]

  @Test func refusesEachWithItsReason() {
    for (json, fault) in Self.refused { #expect(nodes(json) == fault, "\(json.prefix(60))") }
  }

  static let notUTF8: [[UInt8]] = [
    [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80],
    [0xF0, 0x8F, 0xBF, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
    [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0x80], [0xE4, 0xB8], [0xC3, 0x28],
  ]

  @Test func overlongAndBrokenUTF8IsRefused() {
    for sequence in Self.notUTF8 {
      let payload = Array("[\"".utf8) + sequence + Array("\"]".utf8)
      #expect(nodes(payload) == "!not_utf8: bytes that are not UTF-8", "\(sequence)")
    }
  }

  @Test func utf16IsNamed() {
    #expect(nodes([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]) == "!not_utf8: UTF-16")
    #expect(nodes([0xFE, 0xFF, 0x00, 0x7B, 0x00, 0x7D]) == "!not_utf8: UTF-16")
    #expect(nodes([0x7B, 0x00, 0x7D, 0x00]) == "!not_utf8: UTF-16")
    #expect(nodes([0x00, 0x7B, 0x00, 0x7D]) == "!not_utf8: UTF-16")
  }

  @Test func reachesTheLimits() {
    let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
    #expect(nodes(deep) == deep)
    let many = "[" + String(repeating: "1,", count: 65_534) + "1]"
    #expect(nodes(many) == many)
  }
}
