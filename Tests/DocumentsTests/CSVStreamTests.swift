import Foundation
import TestSupport
import Testing

@testable import Documents

/// The stream cuts what RFC 4180 describes, wherever its blocks end, and goes on behind damage.
@Suite struct CSVStreamTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Rows with their line, and damage, as the stream gives them.
  private func read(
    _ bytes: [UInt8], from offset: Int64 = 0, line: Int = 1, separator: UInt8 = UInt8(ascii: ",")
  ) throws -> [String] {
    let path = folder.path + "/f.csv"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    let stream = try CSVStream(descriptor: descriptor, offset: offset, line: line)
    stream.separator = separator
    var lines: [String] = []
    while true {
      switch try stream.advance() {
      case .row:
        let cells = (0..<stream.cellCount).map { stream.text($0) ?? "<?>" }
        lines.append("\(stream.line) " + cells.joined(separator: "|"))
      case .damaged(let text): lines.append("\(stream.line) ! \(text)")
      case .end: return lines
      }
    }
  }

  private func read(_ text: String) throws -> [String] { try read(Array(text.utf8)) }

  @Test(arguments: [
    ("a,b\n1,2\n", ["1 a|b", "2 1|2"]),
    ("a,b\r\n1,2", ["1 a|b", "2 1|2"]),
    ("a\rb\r\r\rc", ["1 a", "2 b", "5 c"]),
    ("\u{FEFF}a, b ,\t\n", ["1 a|b|"]),
    ("a,", ["1 a|"]),
    (",", ["1 |"]),
    ("\"\"\n\"\",\n", ["1 ", "2 |"]),
    ("\n\n  \nx\n", ["4 x"]),
    (" \"a,\"\"b\"\"\n2\" ,c\nd", ["1 a,\"b\"\n2|c", "3 d"]),
    ("\"x\",", ["1 x|"]),
    ("a\"b,\"c\"d\"\ne", ["1 ! text behind a closing quote", "2 e"]),
    ("a\"b\nc", ["1 a\"b", "2 c"]),
    ("a,\"b\nc,d\ne", ["1 ! a quote that is never closed", "2 c|d", "3 e"]),
    ("=\"0,01\",\"=\"\"x\"\"\"", ["1 0,01|x"]), ("a=\"b", ["1 a=\"b"]),
    ("", []), ("\u{FEFF}", []), ("\r\n", []),
  ]) func cuts(text: String, expected: [String]) throws {
    #expect(try read(text) == expected)
  }

  @Test func otherEncodingsAreReadOrNamed() throws {
    let gb: [UInt8] = [0xB5, 0xE7, 0xB1, 0xED, 0x2C, 0xFF, 0xFF, 0x0A]
    #expect(try read(gb) == ["1 电表|<?>"])
    // D5 BE alone would be a letter in UTF-8 as well.
    #expect(try read([0xD5, 0xBE, 0x0A]) == ["1 \u{57E}"])
    #expect(try read([0xD5, 0xBE, 0x0A, 0xB5, 0xE7, 0x0A]) == ["1 站", "2 电"])
    #expect(throws: CSVStreamError(text: "is UTF-16; save it as CSV UTF-8")) {
      try read([0xFF, 0xFE, 0x61, 0x00])
    }
  }

  @Test func limitsAreStatedAndPassed() throws {
    let many = String(repeating: ",", count: CSVStream.cellLimit)
    #expect(try read("a\n\(many)\nb") == ["1 a", "2 ! more than 1,024 cells", "3 b"])
    #expect(try read("\(many.dropLast())\nb").count == 2)
    let long = String(repeating: "x", count: CSVStream.rowLimit)
    #expect(try read("a\n\(long)\nb") == ["1 a", "2 ! more than 1 MiB", "3 b"])
    #expect(try read("a\n\(long)") == ["1 a", "2 ! more than 1 MiB"])
    #expect(try read("\(long)\(long)\nb\n") == ["1 ! more than 1 MiB", "2 b"])
    #expect(
      try read("\"\(long)\n\nb") == ["1 ! a quote that is never closed", "3 b"])
  }

  @Test func separatorsAreFoundOut() throws {
    func found(_ text: String) throws -> UInt8 {
      let path = try folder.write(text, to: "s.csv")
      let descriptor = open(path, O_RDONLY)
      defer { close(descriptor) }
      return try CSVStream(descriptor: descriptor)
        .detectSeparator(among: [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")])
    }
    #expect(try found("a;b;c,d\n1,2,3,4,5") == UInt8(ascii: ";"))
    #expect(try found("# a,b,c\n\na\tb\n") == UInt8(ascii: "\t"))
    #expect(try found("\"a;b;c\",d") == UInt8(ascii: ","))
    #expect(try found("a") == UInt8(ascii: ","))
  }

  /// Files of several blocks, also begun again at any row.
  @Test(arguments: UInt64(0)..<3) func anyTableIsReadBack(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pieces = ["a", "1.5", ",", "\"", "\n", "\r\n", "电表", "x y", "=", ";"]
    var (text, expected, starts): (String, [String], [(Int64, Int)]) = ("", [], [])
    var (line, bytes) = (1, 0)
    while bytes < 5 << 19 {
      starts.append((Int64(bytes), line))
      var (cells, row): ([String], String) = ([], "")
      for place in 0...random.number(0...4) {
        var cell = (0..<random.number(1...3)).map { _ in pieces[random.number(0...9)] }.joined()
        if random.number(0...400) == 0 { cell += String(repeating: "z", count: 70_000) }
        cell = "c" + cell + "c"
        let needsQuotes = cell.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
        let isQuoted = needsQuotes || random.number(0...3) == 0
        let quoted = "\"" + cell.replacing("\"", with: "\"\"") + "\""
        row += (place == 0 ? "" : ",") + (isQuoted ? quoted : cell)
        cells.append(cell)
      }
      expected.append("\(line) " + cells.joined(separator: "|"))
      let ends = ["\n", "\r\n", "\r"]
      let end = ends[random.number(0...2)]
      line += row.replacing("\r\n", with: "\n").utf8.count { $0 == 0x0A } + 1
      text += row + end
      bytes += row.utf8.count + end.utf8.count
    }
    let all = Array(text.utf8)
    #expect(try read(all) == expected, "seed \(seed)")
    for _ in 0..<3 {
      let place = random.number(0...starts.count - 1)
      let rest = try read(all, from: starts[place].0, line: starts[place].1)
      #expect(rest == Array(expected[place...]), "seed \(seed), row \(place)")
    }
  }
}
