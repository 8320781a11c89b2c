import Protocols
import SiteModel
import TestSupport
import Testing

/// Hostile packs and objects never stop their decoders; points lie within their list, and faults
/// say what was found and expected.
@Suite struct PointFuzzTests {
  private func run(
    _ fuzz: PayloadFuzz, _ decode: (UnsafeRawBufferPointer, inout PointList) -> Void
  ) throws -> (points: Int, reasons: Set<RejectionReason>) {
    var (fuzz, list, points) = (fuzz, PointList(), 0)
    var reasons: Set<RejectionReason> = []
    try fuzz.forEach { _, payload in
      list.removeAll()
      decode(payload, &list)
      points += list.points.count
      for point in list.points {
        let ends = [point.source, point.name, point.unit].map(\.upperBound)
        try #require(ends.allSatisfy { $0 <= list.bytes.count })
      }
      for fault in list.faults {
        reasons.insert(fault.reason)
        try #require(!fault.found.isEmpty && !fault.expected.isEmpty)
      }
    }
    return (points, reasons)
  }

  private static let seeds = [
    Array(
      #"[{"bn":"a:","bt":1772352000,"n":"v","u":"V","v":120.1},{"n":"i","t":-5,"s":1.2}]"#.utf8),
    Array(#"[{"bn":"/3416/0/","n":"44","v":230.1},{"n":"5","vb":true},{"n":"x","vs":"y"}]"#.utf8),
    bytes("82 a3 21 62613a 00 6176 02 c48221196ab3 a3 00 6169 01 6141 02 fb405e066666666666"),
  ]

  private static let objects = [
    Array(#"{"3416":{"0":{"44":230.1,"5":false,"5518":1772352000}},"/3429/0/1":0.5}"#.utf8),
    bytes("a1 190d58 a2 00 a2 182c f95b34 0c 6178 19158e 1a69a3f1f6"),
  ]

  private static let pieces =
    ["{\"n\":\"b\",", "\"bn\":5,", "\"x_\":1,", "\"v\":1e400,", "},{", "/", "5518", "null"]
    .map { Array($0.utf8) } + [bytes("ff"), bytes("a1"), bytes("9f"), bytes("c482")]

  @Test func senml() throws {
    let decoder = SenMLDecoder()
    let fuzz = PayloadFuzz(seeds: Self.seeds, fragments: Self.pieces, seed: 4, lengthLimit: 160)
    let (points, reasons) = try run(fuzz) {
      decoder.decode($0, receivedAt: Timestamp(milliseconds: 0), into: &$1)
    }
    #expect(points > PayloadFuzz.count / 20)
    #expect(reasons.isSuperset(of: [.malformed, .wrongType, .incomplete, .ambiguous, .badText]))
  }

  @Test func lwm2m() throws {
    let decoder = LwM2MDecoder()
    let fuzz = PayloadFuzz(
      seeds: Self.objects + Self.seeds, fragments: Self.pieces, seed: 5, lengthLimit: 160)
    let (points, reasons) = try run(fuzz) {
      decoder.decode($0, receivedAt: Timestamp(milliseconds: 0), into: &$1)
    }
    #expect(points > PayloadFuzz.count / 10)
    #expect(reasons.isSuperset(of: [.malformed, .wrongType, .numberTooLong]))
  }
}
