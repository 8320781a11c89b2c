import Foundation
import GRDB
import GRDBSQLite
import SiteModel

/// Any reading SQL on one unchanging view of the file, with the raw samples as the table `samples`
/// and further tables of the caller's. Nothing can be written: the connection is opened for
/// reading, and only SELECT, VALUES, EXPLAIN and looking PRAGMAs get through, on this file alone.
public final class SqlSession {
  /// Longest statement text in bytes, 1 MB.
  public static let textLimit = 1_000_000
  /// Longest value in bytes that a statement may make, 256 MiB.
  public static let valueLimit = 256 << 20

  private static let refusal = "only statements that read this file and give rows are allowed"

  private let reader: StoreReader

  /// A session on the file at `path` with the given tables.
  public init(path: String, tables: [SqlTable] = []) throws(StoreError) {
    reader = try Store.openReadOnly(path: path, isFrozen: true)
    try reader.read { db in
      for table in tables { try Self.fill(db, table) }
      let samples = try SamplesTable.register(
        db.sqliteConnection, try SampleSource(db, reader))
      self.samples = samples
      Self.confine(db.sqliteConnection)
    }
  }

  /// Set once, at the begin.
  private var samples: SamplesTable?

  /// Runs the statements of `text` one after the other. `heading` is given the names of a
  /// statement's columns, then `row` each of its rows, which ends the statement by returning false.
  public func run(
    _ text: String, heading: ([String]) throws -> Void, row: ([SqlValue]) throws -> Bool
  ) throws {
    guard text.utf8.count <= Self.textLimit, !text.utf8.contains(0) else {
      throw SqlError("expected text of at most \(Self.textLimit) bytes")
    }
    var failure: (any Error)?
    try reader.read { db in
      do { try runAll(db, text, heading, row) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func runAll(
    _ db: Database, _ text: String, _ heading: ([String]) throws -> Void,
    _ row: ([SqlValue]) throws -> Bool
  ) throws {
    guard let connection = db.sqliteConnection else { return }
    try text.withCString { start in
      var next: UnsafePointer<CChar>? = start
      while let begin = next, begin.pointee != 0 {
        var statement: OpaquePointer?
        let status = sqlite3_prepare_v3(connection, begin, -1, 0, &statement, &next)
        guard status == SQLITE_OK else { throw error(connection) }
        // Nil for a comment.
        guard let statement else { continue }
        defer { sqlite3_finalize(statement) }
        guard sqlite3_stmt_readonly(statement) != 0, sqlite3_column_count(statement) > 0 else {
          throw SqlError(Self.refusal)
        }
        try step(connection, statement, heading, row)
      }
    }
  }

  private func step(
    _ connection: OpaquePointer, _ statement: OpaquePointer,
    _ heading: ([String]) throws -> Void, _ row: ([SqlValue]) throws -> Bool
  ) throws {
    let columns = 0..<sqlite3_column_count(statement)
    try heading(
      columns.map { column in
        sqlite3_column_name(statement, column).map { String(cString: $0) } ?? ""
      })
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        let isWanted = try row(
          columns.map { SqlValue(value: sqlite3_column_value(statement, $0)) })
        if !isWanted { return }
      case SQLITE_DONE: return
      default: throw error(connection)
      }
    }
  }

  private func error(_ connection: OpaquePointer) -> any Error {
    if let failure = samples?.failure { return failure }
    let status = sqlite3_errcode(connection) & 0xFF
    let text = String(cString: sqlite3_errmsg(connection))
    if status == SQLITE_AUTH { return SqlError(Self.refusal) }
    if [SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_READONLY, SQLITE_MISUSE].contains(status) {
      return SqlError(text)
    }
    let code = ResultCode(rawValue: status)
    return StoreError(DatabaseError(resultCode: code, message: text), path: reader.path)
  }

  private static func fill(_ db: Database, _ table: SqlTable) throws {
    let columns = table.columns.joined(separator: ", ")
    try db.execute(sql: "CREATE TEMP TABLE \(table.name) (\(columns))")
    let marks = table.columns.map { _ in "?" }.joined(separator: ", ")
    let insert = try db.makeStatement(sql: "INSERT INTO temp.\(table.name) VALUES (\(marks))")
    for row in table.rows { try insert.execute(arguments: StatementArguments(row.map(\.argument))) }
    if let key = table.columns.first {
      try db.execute(sql: "CREATE INDEX temp.\(table.name)_key ON \(table.name) (\(key))")
    }
  }

  /// From here on the connection serves what others write.
  private static func confine(_ connection: OpaquePointer?) {
    sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0)
    sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, Int32(valueLimit))
    sqlite3_set_authorizer(
      connection,
      { _, action, first, second, _, _ in
        SqlPermission.isAllowed(
          action, first.map { String(cString: $0) }, second.map { String(cString: $0) })
          ? SQLITE_OK : SQLITE_DENY
      }, nil)
  }
}

/// What statements of a ``SqlSession`` may do.
enum SqlPermission {
  /// PRAGMAs that only look.
  static let pragmas: Set = [
    "application_id", "collation_list", "compile_options", "database_list", "encoding",
    "foreign_key_list", "freelist_count", "function_list", "index_info", "index_list",
    "index_xinfo", "integrity_check", "module_list", "page_count", "page_size", "pragma_list",
    "quick_check", "schema_version", "table_info", "table_list", "table_xinfo", "user_version",
  ]
  /// Of these, the ones whose argument names what to look at instead of setting something.
  static let lookups: Set = [
    "foreign_key_list", "index_info", "index_list", "index_xinfo", "integrity_check", "quick_check",
    "table_info", "table_list", "table_xinfo",
  ]
  /// Functions that reach out of the file.
  static let refusedFunctions: Set = ["load_extension", "fts3_tokenizer", "readfile", "writefile"]

  /// Whether SQLite may do what it asks for (https://sqlite.org/c3ref/c_alter_table.html).
  static func isAllowed(_ action: Int32, _ first: String?, _ second: String?) -> Bool {
    switch action {
    case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: return true
    // SQLite compiles such a statement when it is told a virtual table's columns, and drops it. The
    // schema itself is protected from everybody else's.
    case SQLITE_UPDATE: return first == "sqlite_master"
    case SQLITE_FUNCTION: return !refusedFunctions.contains(second?.lowercased() ?? "")
    case SQLITE_PRAGMA:
      let name = first?.lowercased() ?? ""
      return pragmas.contains(name) && (second == nil || lookups.contains(name))
    default: return false
    }
  }
}
