import Foundation
import GRDB
import SiteModel

/// A file of historic readings, read in a certain way. The same file read otherwise is another one.
public struct ImportedFile: Sendable, Equatable {
  /// Its name without the folder.
  public var name: String
  /// Bytes.
  public var size: Int64
  /// Of its first MiB and of how its columns are read.
  public var sha256: [UInt8]

  /// A file from its parts.
  public init(name: String, size: Int64, sha256: [UInt8]) {
    (self.name, self.size, self.sha256) = (name, size, sha256)
  }
}

/// How far an import is.
public struct ImportState: Sendable, Equatable {
  /// Bytes that were read.
  public var offset: Int64 = 0
  /// One-based line that begins there.
  public var line = 1
  /// Rows that were read.
  public var rows = 0
  /// Readings that were stored.
  public var stored = 0
  /// Rows and values that could not be used.
  public var rejected = 0
  /// True when the whole file was read.
  public var isFinished = false

  /// Nothing was read.
  public init() {}
}

/// A row, or a value of one, that could not be used.
public struct ImportRejection: Sendable, Equatable {
  /// One-based line of the file.
  public var line: Int
  /// What was found and expected.
  public var reason: String

  /// A rejection from its parts.
  public init(line: Int, reason: String) { (self.line, self.reason) = (line, reason) }
}

extension StoreReader {
  /// How far the import of a file is; nil when it was not begun.
  public func importState(of file: ImportedFile) throws(StoreError) -> ImportState? {
    try read { db in try ImportState.fetch(db, file)?.state }
  }

  /// The rejections of an import that were kept, in the order of the file.
  public func importRejections(of file: ImportedFile) throws(StoreError) -> [ImportRejection] {
    try read { db in
      guard let id = try ImportState.fetch(db, file)?.id else { return [] }
      return try Row.fetchAll(
        db, sql: "SELECT line, reason FROM import_rejection WHERE import = ? ORDER BY id",
        arguments: [id]
      ).map { ImportRejection(line: $0[0], reason: $0[1]) }
    }
  }
}

extension Store {
  /// Rejections of one import that are kept.
  static let rejectionLimit = 1_000

  /// Stores readings of a file, and how far it was read with them, in one transaction: after an end
  /// at any instant the import goes on where ``StoreReader/importState(of:)`` says. `before` is
  /// what that said; when it says otherwise now, another process imports the same file, and
  /// nothing is stored. Devices of readings must be known, and exponents within ±100.
  public func importReadings(
    _ readings: [Reading], rejected: [ImportRejection] = [], of file: ImportedFile,
    from before: ImportState?, to state: ImportState, now: Timestamp
  ) throws(StoreError) {
    try write { db in
      let known = try ImportState.fetch(db, file)
      guard known?.state == before else { throw StoreError(.overtaken, path: path) }
      if !readings.isEmpty { try Pending.insert(db, readings, since: now) }
      let id = try known?.id ?? begin(db, file, now)
      try db.execute(
        sql: """
          UPDATE import SET offset = ?, line = ?, rows = ?, stored = ?, rejected = ?,
            changed_ms = ?, finished_ms = ? WHERE id = ?
          """,
        arguments: [
          state.offset, state.line, state.rows, state.stored, state.rejected, now.milliseconds,
          state.isFinished ? now.milliseconds : nil, id,
        ])
      let room = max(0, Self.rejectionLimit - (before?.rejected ?? 0))
      let insert = try db.cachedStatement(
        sql: "INSERT INTO import_rejection (import, line, reason) VALUES (?, ?, ?)")
      for rejection in rejected.prefix(room) {
        try insert.execute(arguments: [id, rejection.line, rejection.reason])
      }
      try add(db, "imported", readings.count)
    }
  }

  private func begin(_ db: Database, _ file: ImportedFile, _ now: Timestamp) throws -> Int64 {
    try db.execute(
      sql: """
        INSERT INTO import (name, size, sha256, started_ms, changed_ms, offset, line, rows, stored,
          rejected) VALUES (?, ?, ?, ?, ?, 0, 1, 0, 0, 0)
        """,
      arguments: [
        file.name, file.size, Data(file.sha256), now.milliseconds, now.milliseconds,
      ])
    return db.lastInsertedRowID
  }
}

extension ImportState {
  /// The state of an import with the number of its row; nil when it was not begun.
  fileprivate static func fetch(
    _ db: Database, _ file: ImportedFile
  ) throws -> (id: Int64, state: ImportState)? {
    let row = try Row.fetchOne(
      db, sql: "SELECT * FROM import WHERE name = ? AND size = ? AND sha256 = ?",
      arguments: [file.name, file.size, Data(file.sha256)])
    guard let row else { return nil }
    var state = ImportState()
    (state.offset, state.line, state.rows) = (row["offset"], row["line"], row["rows"])
    (state.stored, state.rejected) = (row["stored"], row["rejected"])
    state.isFinished = row["finished_ms"] != nil
    return (row["id"], state)
  }
}
