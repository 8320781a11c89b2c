import SiteModel

/// A cell of a spreadsheet with the line on which it begins.
struct CSVCell: Equatable {
  /// What stands there, without surrounding spaces.
  var text: String
  /// One-based line of the file.
  var line: Int
}

/// One row under the headings.
struct CSVRow {
  /// One-based line on which it begins.
  var line: Int
  /// As many cells as the table has headings.
  var cells: [CSVCell]
}

/// A spreadsheet export: comma, semicolon or tab separated values as RFC 4180 describes them, as
/// UTF-8 or GB 18030, with the habits of spreadsheet programs forgiven.
///
/// Blank lines are skipped, lines above the headings that begin with `#` are notes, surrounding
/// spaces and empty columns at the end are dropped, and `="001"` is the text `001`.
struct CSVTable {
  /// Longest file, in bytes.
  static let byteLimit = 64 << 20
  /// Most columns.
  static let columnLimit = 256
  /// Most problems that one file reports.
  static let problemLimit = 1000

  /// The file as the user named it.
  let file: String
  /// The note lines at the top, without their `#`.
  private(set) var notes: [String] = []
  /// The headings.
  private(set) var headings: [CSVCell] = []
  /// The rows; each has as many cells as there are headings.
  private(set) var rows: [CSVRow] = []

  /// Reads `bytes`; what is wrong with single rows is added to `log`, and those rows are left out.
  init(_ bytes: [UInt8], file: String, log: ProblemLog) throws(Problems) {
    self.file = file
    guard bytes.count <= Self.byteLimit else {
      let text = "found \(bytes.count) bytes, expected at most \(Self.byteLimit)"
      throw Problems([Problem(file: file, line: 0, text: text)])
    }
    var scanner = CSVScanner(try CSVEncoding.utf8(bytes, file: file), file: file)
    notes = scanner.notes()
    scanner.detectSeparator()
    var problems = 0
    func report(_ problem: Problem) {
      problems += 1
      if problems <= Self.problemLimit { log.add(problem) }
    }
    while problems < Self.problemLimit {
      do {
        guard let row = try scanner.row() else { break }
        if row.cells.allSatisfy(\.text.isEmpty) { continue }
        if headings.isEmpty {
          headings = Self.withoutEmptyEnd(row.cells)
        } else if let fitting = fit(row) {
          rows.append(fitting)
        } else {
          let text = "found \(row.cells.count) cells, expected \(headings.count)"
          report(Problem(file: file, line: row.line, text: text))
        }
      } catch {
        report(error)
      }
    }
    if headings.isEmpty, problems == 0 {
      log.add(Problem(file: file, line: 1, text: "found no line of headings"))
    }
  }

  /// The row with as many cells as there are headings; nil when it has another number of them.
  private func fit(_ row: CSVRow) -> CSVRow? {
    guard row.cells.count >= headings.count,
      row.cells[headings.count...].allSatisfy(\.text.isEmpty)
    else { return nil }
    return CSVRow(line: row.line, cells: Array(row.cells.prefix(headings.count)))
  }

  private static func withoutEmptyEnd(_ cells: [CSVCell]) -> [CSVCell] {
    let last = cells.lastIndex { !$0.text.isEmpty } ?? 0
    return Array(cells[...last])
  }
}
