import SiteModel

/// A column that a table may have, by its names.
struct Column {
  /// The English heading, which problems use.
  let name: String
  /// The usual Chinese heading.
  let chinese: String
  /// False when the whole column may be left out.
  let isRequired: Bool

  init(_ name: String, _ chinese: String, isRequired: Bool = true) {
    (self.name, self.chinese, self.isRequired) = (name, chinese, isRequired)
  }
}

/// Finds the columns of a table by their headings, and reports missing, unknown and double ones.
struct TableReader {
  /// The rows; empty when the headings are wrong.
  let rows: [TableRow]
  /// Whether the headings are right.
  let isSound: Bool

  init(_ table: CSVTable, columns: [Column], log: ProblemLog) {
    var positions: [String: Int] = [:]
    var isRight = !table.headings.isEmpty
    func report(_ line: Int, _ text: String) {
      log.add(Problem(file: table.file, line: line, text: text))
      isRight = false
    }
    for (position, heading) in table.headings.enumerated() {
      let word = heading.text.lowercased()
      guard let column = columns.first(where: { $0.name == word || $0.chinese == word }) else {
        let known = columns.map { "\($0.name) (\($0.chinese))" }.joined(separator: ", ")
        report(heading.line, "unknown column '\(heading.text.prefix(60))', expected \(known)")
        continue
      }
      if positions.updateValue(position, forKey: column.name) != nil {
        report(heading.line, "column '\(column.name)' is given twice")
      }
    }
    if let line = table.headings.first?.line {
      for column in columns where column.isRequired && positions[column.name] == nil {
        report(line, "column '\(column.name)' (\(column.chinese)) is missing")
      }
    }
    let found = positions
    rows =
      isRight
      ? table.rows.map { TableRow(file: table.file, row: $0, positions: found, log: log) } : []
    isSound = isRight
  }
}

/// Reads one row column by column. Each getter reports a wrong value with file and line and goes on
/// with a stand-in.
struct TableRow {
  let file: String
  private let row: CSVRow
  private let positions: [String: Int]
  private let log: ProblemLog

  init(file: String, row: CSVRow, positions: [String: Int], log: ProblemLog) {
    (self.file, self.row, self.positions, self.log) = (file, row, positions, log)
  }

  /// Longest code or name, in UTF-8 bytes.
  static let textLimit = DeviceTable.nameLimit

  /// One-based line on which the row begins.
  var line: Int { row.line }

  /// `FILE:LINE` of the row.
  var place: String { "\(file):\(line)" }

  private func cell(_ column: String) -> CSVCell {
    positions[column].map { row.cells[$0] } ?? CSVCell(text: "", line: row.line)
  }

  /// True when nothing stands in the cell, or there is no such column.
  func isEmpty(_ column: String) -> Bool { cell(column).text.isEmpty }

  /// A value that must be there: an empty cell is reported.
  func required<Value>(_ column: String, _ value: Value?) -> Value? {
    if value == nil, isEmpty(column) { report(column, "is empty") }
    return value
  }

  /// Reports a problem at a cell.
  func report(_ column: String, _ text: String) {
    guard log.problems.count < CSVTable.problemLimit else { return }
    log.add(Problem(file: file, line: cell(column).line, text: "\(column): \(text)"))
  }

  /// Reports what stands in a cell and what was expected there.
  func report(_ column: String, expected: String) {
    report(column, "found '\(cell(column).text.prefix(60))', expected \(expected)")
  }

  /// A text of at most ``textLimit`` bytes without control characters; empty when there is none.
  func text(_ column: String) -> String {
    let text = cell(column).text
    guard text.utf8.count <= Self.textLimit else {
      report(column, expected: "at most \(Self.textLimit) bytes")
      return ""
    }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      report(column, "found a control character or line break, expected one line of text")
      return ""
    }
    return text
  }

  /// A text that must not be empty.
  func requiredText(_ column: String) -> String {
    if cell(column).text.isEmpty { report(column, "is empty") }
    return text(column)
  }

  /// The value of one of the given words, without regard to ASCII case; nil when empty or wrong.
  func choice<Value>(_ column: String, of options: [(word: String, value: Value)]) -> Value? {
    let found = cell(column).text
    if found.isEmpty { return nil }
    if let match = options.first(where: { $0.word == found || $0.word == found.lowercased() }) {
      return match.value
    }
    report(column, expected: "one of " + options.map(\.word).joined(separator: ", "))
    return nil
  }
}
