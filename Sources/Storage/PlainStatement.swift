import GRDB
import GRDBSQLite
import SiteModel

/// A prepared statement with integers and exact decimals only, bound and read without a value in
/// between: several times as fast as GRDB's rows where a statement is run for every series.
struct PlainStatement {
  /// Keeps the handle valid.
  private let statement: Statement
  private var handle: OpaquePointer { statement.sqliteStatement }
  /// SQLite's mark for "copy it" is a pointer that no function has.
  private static var copied: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  /// The connection's cached statement of this text.
  init(_ db: Database, _ sql: String) throws { statement = try db.cachedStatement(sql: sql) }

  /// Binds the place (from 1) to a number, or to NULL.
  func bind(_ place: Int32, _ value: Int64?) {
    if let value {
      sqlite3_bind_int64(handle, place, value)
    } else {
      sqlite3_bind_null(handle, place)
    }
  }

  /// Binds the place (from 1) to the digits of a decimal, or to NULL.
  func bind(_ place: Int32, _ value: ExactDecimal?) {
    guard let value else {
      sqlite3_bind_null(handle, place)
      return
    }
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 48) { buffer in
      if let begin = value.write(atEndOf: buffer) {
        let text = UnsafeBufferPointer(rebasing: buffer[begin...])
        sqlite3_bind_text(handle, place, text.baseAddress, Int32(text.count), Self.copied)
      } else {
        sqlite3_bind_text(handle, place, value.description, -1, Self.copied)
      }
    }
  }

  /// Binds the place (from 1) to a text, or to NULL.
  func bind(_ place: Int32, text: String?) {
    guard let text else {
      sqlite3_bind_null(handle, place)
      return
    }
    sqlite3_bind_text(handle, place, text, -1, Self.copied)
  }

  /// Runs the statement, calls `body` for each row, and makes it ready for the next use.
  func run(_ body: () throws -> Void = {}) throws {
    defer { sqlite3_reset(handle) }
    while true {
      let code = sqlite3_step(handle)
      if code == SQLITE_DONE { return }
      guard code == SQLITE_ROW else {
        let message = String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
      }
      try body()
    }
  }

  /// A column (from 0) of the current row as a number; nil for NULL.
  func integer(_ column: Int32) -> Int64? {
    sqlite3_column_type(handle, column) == SQLITE_NULL
      ? nil : sqlite3_column_int64(handle, column)
  }

  /// Whether a column (from 0) of the current row holds an integer.
  func isInteger(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_INTEGER
  }

  /// Whether a column (from 0) of the current row is NULL.
  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  /// Whether a column (from 0) of the current row holds a text without characters.
  func isEmpty(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_TEXT && sqlite3_column_bytes(handle, column) == 0
  }

  /// A column (from 0) of the current row as a decimal; nil for NULL.
  func decimal(_ column: Int32) throws -> ExactDecimal? {
    guard let start = sqlite3_column_text(handle, column) else { return nil }
    let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    if let short = try? ExactDecimal(parsing: UnsafeRawBufferPointer(bytes)) { return short }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let value = ExactDecimal(stored: text) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "'\(text)' is no decimal")
    }
    return value
  }
}

extension ExactDecimal {
  /// Writes what ``description`` gives to the end of a buffer of 48 bytes; where it begins, or nil
  /// when it is not of the usual kind.
  fileprivate func write(atEndOf buffer: UnsafeMutableBufferPointer<CChar>) -> Int? {
    guard (-18...0).contains(exponent), let digits = Int64(exactly: significand) else { return nil }
    var (rest, place, decimals) = (digits.magnitude, buffer.count, -exponent)
    repeat {
      if decimals == 0 && exponent < 0 {
        place -= 1
        buffer[place] = CChar(UInt8(ascii: "."))
      }
      place -= 1
      buffer[place] = CChar(UInt8(ascii: "0")) + CChar(rest % 10)
      rest /= 10
      decimals -= 1
    } while rest > 0 || decimals >= 0
    if digits < 0 {
      place -= 1
      buffer[place] = CChar(UInt8(ascii: "-"))
    }
    return place
  }
}
