/// A value in SQL.
public enum SqlValue: Sendable, Equatable {
  /// Nothing.
  case null
  /// A whole number.
  case integer(Int64)
  /// A floating-point number.
  case real(Double)
  /// Text.
  case text(String)
  /// Bytes.
  case blob([UInt8])
}

/// A table that exists only for one ``SqlSession``.
public struct SqlTable: Sendable {
  /// Its name, a plain word.
  public var name: String
  /// The names of its columns, plain words; the first is the key.
  public var columns: [String]
  /// Its rows; as many values as there are columns.
  public var rows: [[SqlValue]]

  /// A table from its parts.
  public init(name: String, columns: [String], rows: [[SqlValue]]) {
    self.name = name
    self.columns = columns
    self.rows = rows
  }
}

/// Why a statement was not run, or not to its end.
public struct SqlError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence; SQLite's where the statement itself is wrong.
  public let description: String

  init(_ description: String) { self.description = description }
}
