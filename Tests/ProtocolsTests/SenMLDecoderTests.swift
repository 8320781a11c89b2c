import Protocols
import SiteModel
import Testing

/// SenML packs become points with resolved names, times and exact values. The first packs have the
/// values of the examples of RFC 8428, section 5.
@Suite struct SenMLDecoderTests {
  private let decoder = SenMLDecoder()
  /// 2010-06-08T18:02:26.000Z
  private static let received = Timestamp(milliseconds: 1_276_020_146_000)

  private func points(_ payload: [UInt8]) -> [String] {
    described(payload) { decoder.decode($0, receivedAt: Self.received, into: &$1) }
  }

  private func points(_ json: String) -> [String] { points(Array(json.utf8)) }

  @Test func aSinglePoint() {
    let json = #"[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]"#
    #expect(points(json) == ["urn:dev:ow:10e2073a01080063 23.1 Cel"])
  }

  @Test func baseFieldsHoldUntilTheyAreGivenAnew() {
    let json = """
      [{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":10,
      "n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2},{"n":"current","t":-4.25,
      "v":1.30},{"bn":"b/","bu":"W","bt":1276020000,"n":"p","v":7}]
      """
    #expect(
      points(json) == [
        "urn:dev:ow:10e2073a0108006:voltage 120.1 V 2010-06-08T18:01:16.001Z",
        "urn:dev:ow:10e2073a0108006:current 1.2 A 2010-06-08T18:01:11.001Z",
        "urn:dev:ow:10e2073a0108006:current 1.30 A 2010-06-08T18:01:11.751Z",
        "b/p 7 W 2010-06-08T18:00:00.000Z",
      ])
  }

  @Test func allKindsOfValues() {
    let json = """
      [{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},{"n":"label",
      "vs":"Machine Room"},{"n":"open","vb":false},{"n":"nfc-reader","vd":"aGkgCg"}]
      """
    let name = "urn:dev:ow:10e2073a01080063:"
    #expect(
      points(json) == [
        name + "temp 23.1 Cel", name + "label 'Machine Room'", name + "open false",
        name + "nfc-reader 'aGkgCg'",
      ])
  }

  @Test func valuesAndSumsAreAddedExactly() {
    let json = """
      [{"bn":"m/","bu":"W","bv":0.1,"bs":1000000.001,"n":"a","v":0.2},{"n":"b","s":0.002},
      {"n":"c","v":-0.1,"s":5,"u":"V"},{"n":"d","vb":true}]
      """
    #expect(
      points(json) == [
        "m/a 0.3 W", "m/b#sum 1000000.003 J", "m/c 0.0 V", "m/c#sum 1000005.001 Vs", "m/d true W",
      ])
  }

  @Test func timesBelowTheLimitAreRelativeToTheReceipt() {
    let json = """
      [{"n":"a","v":1},{"n":"a","v":1,"t":0},{"n":"a","v":1,"t":-0.0005},{"n":"a","v":1,"t":60},
      {"n":"a","v":1,"t":268435455.999},{"n":"a","v":1,"t":268435456},{"n":"a","v":1,"t":-1e-18},
      {"bt":268435450,"n":"a","v":1,"t":6},{"n":"a","v":1,"t":5.5}]
      """
    #expect(
      points(json).map { $0.dropFirst(4) } == [
        "", "2010-06-08T18:02:26.000Z", "2010-06-08T18:02:25.999Z", "2010-06-08T18:03:26.000Z",
        "2018-12-10T15:26:41.999Z", "1978-07-04T21:24:16.000Z", "2010-06-08T18:02:25.999Z",
        "1978-07-04T21:24:16.000Z", "2018-12-10T15:26:41.500Z",
      ])
  }

  @Test func cborMeansTheSame() {
    // [{-2: "urn:dev:ow:10e2073a0108006:", -3: 1276020076.001, -4: "A", -1: 10, 0: "voltage",
    //   1: "V", 2: 120.1}, {0: "current", 6: -5, 2: 1.2}, {0: "e", 2: 27315e-2}]
    let name = Array("urn:dev:ow:10e2073a0108006:".utf8)
    let cbor =
      bytes("83 a7 21 78 1b") + name
      + bytes("22 fb 41d303a15b001062 23 6141 20 0a 00 67 766f6c74616765")
      + bytes("01 6156 02 fb 405e066666666666")
      + bytes("a3 00 67 63757272656e74 06 24 02 fb 3ff3333333333333")
      + bytes("a2 00 6165 02 c4 82 21 19 6ab3")
    let prefix = "urn:dev:ow:10e2073a0108006:"
    #expect(
      points(cbor) == [
        prefix + "voltage 120.1 V 2010-06-08T18:01:16.001Z",
        prefix + "current 1.2 A 2010-06-08T18:01:11.001Z",
        prefix + "e 273.15 A 2010-06-08T18:01:16.001Z",
      ])
  }

  static let bad: [(record: String, fault: String)] = [
    ("1", " wrong_type: the number 1"),
    (#"{"n":"b"}"#, " incomplete: no value"),
    (#"{"n":"b","v":1,"vs":"x"}"#, " ambiguous: v and vs"),
    (#"{"n":"b","vb":true,"vd":""}"#, " ambiguous: vb and vd"),
    (#"{"n":"b","v":"1"}"#, ".v wrong_type: '1'"),
    (#"{"n":"b","v":1e400}"#, ".v number_too_long: the number 1e400"),
    (#"{"n":"b","vs":1}"#, ".vs wrong_type: the number 1"),
    (#"{"n":"b","vb":"true"}"#, ".vb wrong_type: 'true'"),
    (#"{"n":"b","v":1,"v":2}"#, ".v ambiguous: the key twice"),
    (#"{"n":"b","v":1,"t":1e12}"#, ".t bad_time: 1000000000000 s"),
    (#"{"n":"b","v":1,"t":-1e12}"#, ".t bad_time: -1000000000000 s"),
    (#"{"n":"b","v":1,"x_":2}"#, ".x_ unknown_word: a field that must be understood"),
    (#"{"n":"ü","v":1}"#, ".n bad_text: 'a/ü'"),
    (#"{"n":" ","v":1}"#, ".n bad_text: 'a/ '"),
    (#"{"n":7,"v":1}"#, ".n wrong_type: the number 7"),
  ]

  @Test(arguments: bad)
  func aBadRecordLeavesTheOthers(_ record: String, _ fault: String) {
    let json = #"[{"bn":"a/","n":"x","v":1},"# + record + #",{"n":"y","v":2,"other":[{"v":3}]}]"#
    #expect(points(json) == ["a/x 1", "a/y 2", "!record[1]" + fault])
  }

  @Test func whatStandsOnABrokenBaseFieldIsNotTaken() {
    let json = """
      [{"bn":"a/","n":"x","v":1},{"bn":5,"n":"x","v":2},{"n":"x","v":3},{"bn":"b/","n":"x","v":4}]
      """
    let doubled = #"[{"bt":1,"bt":2,"n":"x","v":2},{"n":"x","v":3},{"bt":2e9,"n":"x","v":4}]"#
    #expect(
      points(json) == [
        "a/x 1", "b/x 4", "!record[1].bn wrong_type: the number 5",
        "!record[2] incomplete: bn of record 1, which could not be read",
      ])
    #expect(
      points(doubled) == [
        "x 4 2033-05-18T03:33:20.000Z", "!record[0].bt ambiguous: the key twice",
        "!record[1] incomplete: bt of record 0, which could not be read",
      ])
  }

  @Test func namesMustBeSenMLs() {
    for name in ["", "-a", ":", "a b", "a#"] {
      let faults = points(#"[{"n":"\#(name)","v":1}]"#)
      #expect(faults.count == 1 && faults[0].hasPrefix("!record[0].n bad_text"), "\(name)")
    }
    #expect(points(#"[{"n":"A-z:0./_","v":1}]"#) == ["A-z:0./_ 1"])
  }

  @Test func whatABaseFieldRepeatsIsShort() {
    let long = String(repeating: "a", count: 300)
    #expect(
      points(#"[{"bn":"\#(long)","v":1},{"bn":"a","n":"b","v":2}]"#) == [
        "ab 2", "!record[0].n too_large: 300 bytes",
      ])
    #expect(
      points(#"[{"bu":"\#(long)","n":"a","v":1},{"n":"b","u":"V","v":2}]"#) == [
        "b 2 V", "!record[0].bu too_large: 300 bytes",
      ])
  }

  @Test func aPackWithBaseFieldsAloneSaysNothing() {
    #expect(points(#"[{"bn":"a","bt":5},{"bver":10}]"#) == [])
  }

  static let packs: [(payload: String, fault: String)] = [
    ("", "! malformed: nothing"), ("{}", "! malformed: an object"),
    (#"[{"n":"a","v":1}"#, "! malformed: a document that is cut off"),
    (#"[{"bver":11,"n":"a","v":1}]"#, "!bver other_protocol: version 11"),
    (#"[{"n":"a","v":1},{"bver":26},{"bver":10}]"#, "!bver other_protocol: version 10"),
  ]

  @Test(arguments: packs)
  func refusesWhatIsNoPack(_ payload: String, _ fault: String) {
    #expect(points(payload) == [fault])
  }
}
