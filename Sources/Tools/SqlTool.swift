import Setup
import SiteModel
import Storage

/// Answers SQL questions about a database, for the `sql` command. Rows are written as they come;
/// memory does not grow with their number.
public struct SqlTool {
  /// How rows are written.
  public enum Format: String, Sendable, CaseIterable {
    /// Columns for people, as wide as the first rows need.
    case table
    /// A heading and one row a line (RFC 4180).
    case csv
    /// One JSON object a line.
    case json
  }

  private let session: SqlSession

  /// A tool on a configuration's database, which is opened read-only.
  public init(settings: Settings) throws {
    session = try SqlSession(
      path: settings.database, tables: try RegistryTables.read(settings))
  }

  /// Runs every statement of `text` and gives the lines of the answers to `write`; of each answer
  /// at most `limit` rows.
  public func run(
    _ text: String, format: Format, limit: Int = .max, write: (String) throws -> Void
  ) throws {
    var answer = SqlAnswer(format: format)
    var count = 0
    var isFirst = true
    do {
      try session.run(text) { columns in
        try answer.finish(write)
        if !isFirst, format != .json { try write("") }
        (isFirst, count) = (false, 0)
        try answer.begin(columns, write)
      } row: { values in
        count += 1
        try answer.add(values, write)
        return count < limit
      }
    } catch {
      // What came before the failure is shown.
      try answer.finish(write)
      throw error
    }
    try answer.finish(write)
  }
}

/// Lays out one answer after the other.
private struct SqlAnswer {
  /// Rows of a table that decide on its widths.
  private static let measuredRows = 1000

  private let format: SqlTool.Format
  private var columns: [String] = []
  private var measured: [[String]] = []
  private var widths: [Int]?

  init(format: SqlTool.Format) { self.format = format }

  mutating func begin(_ columns: [String], _ write: (String) throws -> Void) throws {
    self.columns = columns
    widths = nil
    if format == .csv { try write(columns.map(QueryTool.cell).joined(separator: ",")) }
    if format == .table { measured = [columns] }
  }

  mutating func add(_ values: [SqlValue], _ write: (String) throws -> Void) throws {
    switch format {
    case .csv: try write(values.map(\.cell).joined(separator: ","))
    case .json: try write(object(values))
    case .table:
      let row = values.map { TextColumns.plain($0.text) }
      if let widths {
        try write(TextColumns.line(row, widths))
      } else {
        measured.append(row)
        if measured.count > Self.measuredRows { try writeMeasured(write) }
      }
    }
  }

  mutating func finish(_ write: (String) throws -> Void) throws {
    if !measured.isEmpty { try writeMeasured(write) }
  }

  private mutating func writeMeasured(_ write: (String) throws -> Void) throws {
    let widths = TextColumns.widths(measured)
    for row in measured { try write(TextColumns.line(row, widths)) }
    measured = []
    self.widths = widths
  }

  private func object(_ values: [SqlValue]) -> String {
    var json = JSONText()
    for (name, value) in zip(columns, values) { json.raw(name, value.json) }
    return json.text
  }
}

extension SqlValue {
  /// For people and spreadsheets: numbers as digits, bytes as hexadecimal digits, NULL as nothing.
  fileprivate var text: String {
    switch self {
    case .null: ""
    case .integer(let number): "\(number)"
    case .real(let number): "\(number)"
    case .text(let text): text
    case .blob(let bytes): Self.hex(bytes)
    }
  }

  /// A CSV cell. Only a text can be a formula; a negative number stays one.
  fileprivate var cell: String {
    if case .text(let text) = self, (try? ExactDecimal(parsing: text)) == nil {
      return QueryTool.cell(text)
    }
    return text
  }

  /// A JSON value; what JSON has no number for becomes null.
  fileprivate var json: String {
    switch self {
    case .null: "null"
    case .integer(let number): "\(number)"
    case .real(let number): number.isFinite ? "\(number)" : "null"
    case .text(let text): JSONText.quoted(text)
    case .blob(let bytes): JSONText.quoted(Self.hex(bytes))
    }
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

extension TextColumns {
  /// The width of each column.
  fileprivate static func widths(_ rows: [[String]]) -> [Int] {
    (rows.first ?? []).indices.map { column in rows.map { width($0[column]) }.max() ?? 0 }
  }

  /// One row with its columns padded; the last column is not.
  fileprivate static func line(_ row: [String], _ widths: [Int]) -> String {
    row.enumerated().map { column, text in
      let missing = column == row.count - 1 ? 0 : widths[column] - width(text)
      return text + String(repeating: " ", count: max(missing, 0))
    }.joined(separator: "  ")
  }

  /// The text without what would move a terminal's cursor.
  static func plain(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { return text }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}
