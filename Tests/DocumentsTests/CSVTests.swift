import TestSupport
import SiteModel
import Testing

@testable import Documents

/// The CSV dialect: separators, quotes, line ends, encodings, habits of spreadsheet programs.
@Suite struct CSVTests {
  private func table(_ bytes: [UInt8]) throws -> (CSVTable, ProblemLog) {
    let log = ProblemLog()
    return (try CSVTable(bytes, file: "a.csv", log: log), log)
  }

  /// Headings and rows as one text: cells joined by `|`, each row with its line.
  private func text(_ source: String) throws -> String {
    let (table, log) = try table(Array(source.utf8))
    let rows = table.rows.map { row in
      "\(row.line):" + row.cells.map(\.text).joined(separator: "|")
    }
    let problems = log.problems.map(\.description)
    return ([table.headings.map(\.text).joined(separator: "|")] + rows + problems)
      .joined(separator: " / ")
  }

  @Test(arguments: [
    ("a,b\n1,2\n", "a|b / 2:1|2"),
    ("a,b\r\n1,2\r\n\r\n3,4", "a|b / 2:1|2 / 4:3|4"),
    ("a,b\r1,2\r3,4\r", "a|b / 2:1|2 / 3:3|4"),
    ("a;b\n1,5;2\n", "a|b / 2:1,5|2"),
    ("a\tb\n1\t\n", "a|b / 2:1|"),
    ("a\tb\n\t2\n", "a|b / 2:|2"),
    ("# note\n\n#x\na,b\n1,2\n", "a|b / 5:1|2"),
    ("\u{FEFF}a,b\n1,2\n", "a|b / 2:1|2"),
    ("a,b,,\n1,2,,\n,,,\n3,4\n", "a|b / 2:1|2 / 4:3|4"),
    (" a , b \n 1 ,\u{3000}2\u{A0}\n", "a|b / 2:1|2"),
    ("a,b\n\"1,\"\"x\"\"\",\"y\r\nz\"\n5,6\n", "a|b / 2:1,\"x\"|y\nz / 4:5|6"),
    ("a,b\n=\"001\",\"=\"\"002\"\"\"\n", "a|b / 2:001|002"),
    ("\"a,b\",c\n1,2\n", "a,b|c / 2:1|2"),
    ("a,b\n \"1\" ,2\n", "a|b / 2:1|2"),
    (
      "a,b\n1\n2,3,4\n5,6\n",
      "a|b / 4:5|6 / a.csv:2: found 1 cells, expected 2"
        + " / a.csv:3: found 3 cells, expected 2"
    ),
    (
      "a,b\n1\"x\",2\n3,4\n",
      "a|b / 3:3|4 / a.csv:2: found a quote inside a cell, "
        + "expected the whole cell in quotes"
    ),
    (
      "a,b\n\"1\"x,2\n3,4\n",
      "a|b / 3:3|4 / a.csv:2: found text behind a closing quote, "
        + "expected a separator"
    ),
    ("a,b\n1,\"2\n3,4\n", "a|b / a.csv:2: found a quote that is never closed"),
    ("", " / a.csv:1: found no line of headings"),
    ("\n\n# only notes\n", " / a.csv:1: found no line of headings"),
  ])
  func reads(source: String, expected: String) throws {
    #expect(try text(source) == expected, "\(source.debugDescription)")
  }

  @Test func readsGB18030() throws {
    // 站址编码,区域 / 山东,㐀 (the last one has four bytes).
    let bytes: [UInt8] =
      [0xD5, 0xBE, 0xD6, 0xB7, 0xB1, 0xE0, 0xC2, 0xEB, 0x2C, 0xC7, 0xF8, 0xD3, 0xF2, 0x0D, 0x0A]
      + [0xC9, 0xBD, 0xB6, 0xAB, 0x2C, 0x81, 0x39, 0xEE, 0x39, 0x0D, 0x0A]
    let (table, log) = try table(bytes)
    #expect(log.problems.isEmpty)
    #expect(table.headings.map(\.text) == ["站址编码", "区域"])
    #expect(table.rows.map { $0.cells.map(\.text) } == [["山东", "㐀"]])
  }

  @Test func namesTheLineOfUnreadableBytes() {
    let bytes: [UInt8] = Array("a,b\n1,2\n3,".utf8) + [0xFF, 0xFF, 0x0A]
    #expect {
      _ = try table(bytes)
    } throws: { error in
      "\(error)".hasPrefix("a.csv:3: found bytes that are neither UTF-8 nor GB 18030")
    }
  }

  @Test func cellsKnowTheirLine() throws {
    let (table, _) = try table(Array("a,b\n\"x\n\n\",2\n".utf8))
    #expect(table.rows[0].cells.map(\.line) == [2, 4])
  }

  @Test func endsAtItsLimits() throws {
    let wide = String(repeating: ",", count: CSVTable.columnLimit)
    #expect(try text("a\(wide)\n").contains("found more than 256 cells"))
    let broken = "a,b\n" + String(repeating: "1\n", count: 5000)
    #expect(try table(Array(broken.utf8)).1.problems.count == CSVTable.problemLimit)
    #expect(throws: Problems.self) {
      _ = try table([UInt8](repeating: 0x20, count: CSVTable.byteLimit + 1))
    }
  }

  @Test(arguments: 0..<40)
  func survivesAnyBytes(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let pool: [UInt8] =
      Array("a,;\t\"\"\r\n=# 1".utf8) + [0x81, 0x30, 0xC9, 0xBD, 0xE5, 0xFF, 0x00]
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in
        pool[Int.random(in: 0..<pool.count, using: &generator)]
      }
      let log = ProblemLog()
      guard let table = try? CSVTable(bytes, file: "a.csv", log: log) else { continue }
      #expect(table.rows.allSatisfy { $0.cells.count == table.headings.count })
      _ = try? YAMLDocument.parse(bytes, file: "a.yaml")
    }
  }
}
