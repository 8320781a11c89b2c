import Foundation
import GRDB
import SiteModel

/// One stored version of a profile, registry, tariff or rule file.
public struct ReferenceFile: Sendable, Equatable {
  /// Number of the version, rising with every import.
  public let id: Int64
  /// What sort of file it is.
  public let kind: String
  /// The name that the user gave it.
  public let name: String
  /// When it was imported.
  public let importedAt: Timestamp
  /// Its bytes as read.
  public let body: [UInt8]
}

extension Store {
  /// Stores a new version of a file and returns its number; bytes equal to those of the current
  /// version give that one's. At most 1 000 000 000 bytes.
  public func addReference(
    kind: String, name: String, bytes: [UInt8], now: Timestamp
  ) throws(StoreError) -> Int64 {
    let digest = Data(Digest.sha256(bytes))
    return try write { db in
      let current = try Row.fetchOne(
        db,
        sql: """
          SELECT id, sha256 FROM reference_file WHERE kind = ? AND name = ?
          ORDER BY id DESC LIMIT 1
          """, arguments: [kind, name])
      if let current, current[1] == digest { return current[0] }
      try db.execute(
        sql: """
          INSERT INTO reference_file (kind, name, sha256, imported_ms, body)
          VALUES (?, ?, ?, ?, ifnull(?, x''))
          """, arguments: [kind, name, digest, now.milliseconds, Data(bytes)])
      return db.lastInsertedRowID
    }
  }
}

extension StoreReader {
  /// The newest version of every file, in the order of their numbers.
  public func currentReferences() throws(StoreError) -> [ReferenceFile] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT * FROM reference_file
          WHERE id IN (SELECT max(id) FROM reference_file GROUP BY kind, name) ORDER BY id
          """
      ).map(Self.reference)
    }
  }

  /// One version; nil when there is no such number.
  public func reference(_ id: Int64) throws(StoreError) -> ReferenceFile? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM reference_file WHERE id = ?", arguments: [id])
        .map(Self.reference)
    }
  }

  /// Number of the newest version, 0 when there is none: cheap to ask for, to notice an import.
  public func maxReferenceID() throws(StoreError) -> Int64 {
    try read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM reference_file") ?? 0 }
  }

  /// The newest engine state that is whole, with the journal row it follows; nil when there is
  /// none.
  public func latestSnapshot() throws(StoreError) -> (seq: Int64, bytes: [UInt8])? {
    try read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT seq, sha256, bytes FROM snapshot ORDER BY seq DESC")
      while let row = try rows.next() {
        let bytes = Array(row[2] as Data)
        if Data(Digest.sha256(bytes)) == row[1] { return (row[0], bytes) }
      }
      return nil
    }
  }

  private static func reference(_ row: Row) -> ReferenceFile {
    ReferenceFile(
      id: row["id"], kind: row["kind"], name: row["name"],
      importedAt: Timestamp(milliseconds: row["imported_ms"]), body: Array(row["body"] as Data))
  }
}
