import Protocols
import Testing

/// CBOR documents give the nodes of the JSON document with the same content. Most of the values are
/// those of RFC 8949, appendix A.
@Suite struct CBORParserTests {
  private let parser = CBORParser()

  private func nodes(_ hex: String) -> String { outcome(of: bytes(hex), parser.parse) }

  /// Each is the only member of a list.
  static let values: [(hex: String, node: String)] = [
    ("00", "0"), ("17", "23"), ("1818", "24"), ("1903e8", "1000"), ("1a000f4240", "1000000"),
    ("1b000000e8d4a51000", "1000000000000"), ("1bffffffffffffffff", "18446744073709551615"),
    ("c249010000000000000000", "18446744073709551616"),
    ("3bffffffffffffffff", "-18446744073709551616"),
    ("c349010000000000000000", "-18446744073709551617"), ("c240", "0"), ("c340", "-1"),
    ("c341ff", "-256"), ("20", "-1"), ("3863", "-100"),
    ("f90000", "0"), ("f98000", "-0"), ("f93c00", "1"), ("f93e00", "1.5"), ("f97bff", "65504"),
    ("f92e66", "0.1"), ("fa47c35000", "100000"), ("fa3dcccccd", "0.1"),
    ("fb3ff199999999999a", "1.1"), ("fb7e37e43c8800759c", "1e+300"), ("f90001", "6e-08"),
    ("f90400", "6.104e-05"), ("f9c400", "-4"), ("fbc010666666666666", "-4.1"),
    ("f97c00", #""Infinity""#), ("f97e00", #""NaN""#), ("f9fc00", #""-Infinity""#),
    ("fa7fc00000", #""NaN""#), ("fb7ff0000000000000", #""Infinity""#),
    ("f4", "false"), ("f5", "true"), ("f6", "null"), ("f7", "null"),
    ("c074323031332d30332d32315432303a30343a30305a", #""2013-03-21T20:04:00Z""#),
    ("c11a514b67b0", "1363896240"), ("d74401020304", #""01020304""#),
    ("c48221196ab3", "27315e-2"), ("c4822139ffff", "-65536e-2"),
    ("c48221c249010000000000000000", "18446744073709551616e-2"),
    ("40", #""""#), ("4401020304", #""01020304""#), ("60", #""""#), ("6161", #""a""#),
    ("62c3bc", #""ü""#), ("64f0908591", #""𐅑""#), ("80", "[]"), ("83010203", "[1,2,3]"),
    ("a0", "{}"), ("a201020304", #"{"1":2,"3":4}"#), ("a26161016162820203", #"{"a":1,"b":[2,3]}"#),
    ("a120f5", #"{"-1":true}"#), ("a142abcd00", #"{"abcd":0}"#), ("a1c24101f6", "!"),
    ("a2010101 02", #"{"1":1,"1":2}"#),
    ("5f42010243030405ff", #""0102030405""#), ("7f657374726561646d696e67ff", #""streaming""#),
    ("9fff", "[]"), ("9f018202039f0405ffff", "[1,[2,3],[4,5]]"),
    ("bf61610161629f0203ffff", #"{"a":1,"b":[2,3]}"#), ("d9d9f7c101", "1"),
  ]

  @Test func readsTheValuesOfTheStandard() {
    for (hex, node) in Self.values where node != "!" {
      #expect(nodes("81" + hex) == "[\(node)]", "\(hex)")
    }
  }

  static let faults: [(hex: String, fault: String)] = [
    ("", "!malformed: nothing"), ("01", "!malformed: a single value"),
    ("6161", "!malformed: a single value"),
    ("8000", "!malformed: something after the end of the document"),
    ("81", "!malformed: a document that is cut off"),
    ("8118", "!malformed: a document that is cut off"),
    ("816261", "!malformed: a document that is cut off"),
    ("9f01", "!malformed: a document that is cut off"),
    ("9bffffffffffffffff01", "!malformed: a document that is cut off"),
    ("bbffffffffffffffff0101", "!malformed: a document that is cut off"),
    ("815bffffffffffffffff00", "!malformed: a document that is cut off"),
    ("817f61", "!malformed: a document that is cut off"),
    ("811c", "!malformed: a first byte that CBOR does not have before byte 2"),
    ("811f", "!malformed: a number without an end before byte 2"),
    ("81ff", "!malformed: a simple value without a meaning before byte 2"),
    ("81e0", "!malformed: a simple value without a meaning before byte 2"),
    ("81f820", "!malformed: a simple value without a meaning before byte 3"),
    ("81df01", "!malformed: a tag without a number before byte 2"),
    ("817f01ff", "!malformed: a piece of a string that is none before byte 3"),
    ("815f6161ff", "!malformed: a piece of a string that is none before byte 3"),
    ("817f7f6161ffff", "!malformed: a piece of a string that is none before byte 3"),
    ("a1f501", "!malformed: a key that is neither a number nor a text before byte 2"),
    ("a18001", "!malformed: a key that is neither a number nor a text before byte 2"),
    ("bf01ff", "!malformed: a simple value without a meaning before byte 3"),
    ("81c48101", "!malformed: a decimal fraction that is not a pair before byte 3"),
    ("81c4826101 01", "!malformed: a decimal fraction without an exponent before byte 4"),
    ("81c482016101", "!malformed: a decimal fraction without digits before byte 5"),
    ("8162c080", "!not_utf8: a text that is not UTF-8 before byte 4"),
    ("81c25841" + String(repeating: "00", count: 65), "!number_too_long: an integer of 65 bytes"),
    (String(repeating: "81", count: 32) + "80", "!too_deep: more than 32 levels of nesting"),
    (String(repeating: "81", count: 99_999), "!too_deep: more than 32 levels of nesting"),
    (
      "9a00010000" + String(repeating: "01", count: 65_536),
      "!too_many_values: more than 65536 values"
    ),
    ("81" + String(repeating: "c1", count: 65_536), "!malformed: a document that is cut off"),
  ]

  @Test func refusesWhatIsNone() {
    for (hex, fault) in Self.faults { #expect(nodes(hex) == fault, "\(hex.prefix(40))") }
  }

  @Test func reachesTheLimits() {
    #expect(
      nodes(String(repeating: "81", count: 31) + "80").hasSuffix(
        "[[]]" + String(repeating: "]", count: 30)))
    let many = nodes("9a0000ffff" + String(repeating: "01", count: 65_535))
    #expect(many.utf8.count == 65_535 * 2 + 1)
  }

  @Test func bigIntegersOf64BytesAreExact() {
    // 2^512 - 1
    let digits =
      "13407807929942597099574024998205846127479365820592393377723561443721764030073546976801874298"
      + "166903427690031858186486050853753882811946569946433649006084095"
    #expect(nodes("81c25840" + String(repeating: "ff", count: 64)) == "[\(digits)]")
  }
}

/// The bytes of hex digits; spaces are passed over.
func bytes(_ hex: String) -> [UInt8] {
  let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
  return stride(from: 0, to: digits.count - 1, by: 2).map {
    UInt8(digits[$0] * 16 + digits[$0 + 1])
  }
}
