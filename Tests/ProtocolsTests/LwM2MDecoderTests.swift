import Protocols
import SiteModel
import Testing

/// LwM2M objects become points named object/instance/resource, however they are written.
@Suite struct LwM2MDecoderTests {
  private let decoder = LwM2MDecoder()

  private func points(_ payload: [UInt8]) -> [String] {
    described(payload) { bytes, list in
      decoder.decode(bytes, receivedAt: Timestamp(milliseconds: 0), into: &list)
    }
  }

  static let same: [String] = [
    #"{"3416":{"0":{"44":230.10,"5":true}},"3429":{"1":{"1":0.5}}}"#,
    #"{"/3416/0/44":230.10,"/3416/0/5":true,"/3429/1/1":0.5}"#,
    #"{"3416/0":{"44":230.10,"5":true},"3429/1/":{"/1":0.5}}"#,
    #"[{"bn":"/3416/0/","n":"44","v":230.10},{"n":"5","vb":true},{"bn":"3429/1/1","v":0.5}]"#,
  ]

  @Test(arguments: same)
  func allWaysOfWritingMeanTheSame(_ json: String) {
    let expected = ["3416/0/44 230.10", "3416/0/5 true", "3429/1/1 0.5 rad"]
    #expect(points(Array(json.utf8)) == expected)
  }

  @Test func cborMapsHaveIdsAsNumbers() {
    // {3416: {0: {44: 230.5, 12: "x"}}}
    #expect(
      points(bytes("a1 190d58 a1 00 a2 182c f95b34 0c 6178")) == [
        "3416/0/44 230.5", "3416/0/12 'x'",
      ])
  }

  @Test func resource5518IsTheTimeOfItsInstance() {
    let json = #"{"3416":{"0":{"44":1,"5518":1772352000.5},"1":{"44":2}},"3418/0/5518":"x"}"#
    #expect(
      points(Array(json.utf8)) == [
        "3416/0/44 1 2026-03-01T08:00:00.500Z", "3416/0/5518 1772352000.5 2026-03-01T08:00:00.500Z",
        "3416/1/44 2", "3418/0/5518 'x'", "!3418/0/5518 bad_time: 'x'",
      ])
  }

  @Test func listsNullsAndOtherFieldsAreKept() {
    let json = #"{"ts":5,"3416":{"0":{"1":[3,null],"2":{}}},"":{"":1}}"#
    #expect(points(Array(json.utf8)) == ["ts 5", "3416/0/1/0 3", "3416/0/1/1 -", " 1"])
  }

  @Test func whatIsNoPathOfAnObjectIsRefused() {
    let json = #"{"3416":5,"3418":{"x":{"1":2}},"3419":{"0":{"1":3}}}"#
    #expect(
      points(Array(json.utf8)) == [
        "3419/0/1 3", "!3416 wrong_type: the path '3416'",
        "!3418/x/1 wrong_type: the path '3418/x/1'",
      ])
  }

  @Test func numbersThatCannotBeKeptAndDocumentsThatAreNone() {
    #expect(
      points(Array(#"{"3416/0/44":1e400,"3416/0/45":1}"#.utf8))
        == ["3416/0/45 1", "!3416/0/44 number_too_long: the number 1e400"])
    let long = String(repeating: "1", count: 300)
    let found = points(Array(#"{"\#(long)":{"0":{"1":1,"2":2}},"4/0/2":-95}"#.utf8))
    #expect(found.first == "4/0/2 -95" && found.count == 2)
    #expect(found[1].hasSuffix("too_large: a path of 300 bytes"))
    #expect(points(Array("{".utf8)) == ["! malformed: a document that is cut off"])
    #expect(points([0xA1]) == ["! malformed: a document that is cut off"])
  }
}
