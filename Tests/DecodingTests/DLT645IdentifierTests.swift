import Decoding
import SiteModel
import TestSupport
import Testing

/// Every identifier of `dlt645-identifiers.txt` comes out of the shipped profile as written there,
/// and the profile knows no other.
@Suite struct DLT645IdentifierTests {
  struct Line: Sendable, CustomTestStringConvertible {
    /// Eight hexadecimal digits, or four for the edition of 1997.
    var code: String
    /// The values of its data, their digits as they are read.
    var values: [String]
    /// What must come out.
    var expected: [String]

    var testDescription: String { code }

    /// A reply with these data, on the wire lowest byte first.
    var frame: [UInt8] {
      let data = ([code] + values).flatMap { MeterFrames.bytes($0).reversed() }
      return MeterFrames.dlt645(control: code.utf8.count == 4 ? 0x81 : 0x91, data)
    }
  }

  static let lines: [Line] = {
    let path = Support.root + "/Tests/DecodingTests/dlt645-identifiers.txt"
    let text = Support.read(path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    var lines: [Line] = []
    for row in text.split(separator: "\n") where !row.hasPrefix("#") {
      let words = row.split(separator: " ").map(String.init)
      if row.hasPrefix(" ") {
        lines[lines.count - 1].expected.append(words.joined(separator: " "))
      } else {
        lines.append(Line(code: words[0], values: Array(words.dropFirst()), expected: []))
      }
    }
    return lines
  }()

  @Test(arguments: lines)
  func comesOutAsWritten(_ line: Line) throws {
    let bench = Bench(try Support.shipped())
    try bench.decode("dlt645/M-1/up", line.frame)
    let found = bench.batch.objects(bench.devices, Registry()).map { object in
      let keys =
        object["kind"] == "event" ? ["alarm", "state", "time"] : ["metric", "value", "unit"]
      return object["reason"] ?? keys.compactMap { object[$0] }.joined(separator: " ")
    }
    #expect(found == line.expected)
  }

  @Test func noneIsMissing() throws {
    let path = "/devices/dlt645.yaml"
    let text = String(decoding: try #require(Support.read(Support.root + path)), as: UTF8.self)
    let log = ProblemLog()
    let profile = ConfigSection(try Support.node(text, file: path), log: log)
    let values = try #require(profile.section("values"))
    let known = ["table", "blocks", "periods"].flatMap { values.section($0)?.keys ?? [] }
    #expect(Set(known.filter { !$0.contains("/") }) == Set(Self.lines.map(\.code)))
    #expect(Self.lines.count == Set(Self.lines.map(\.code)).count)
  }
}
