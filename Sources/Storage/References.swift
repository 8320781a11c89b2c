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

/// A file that is to be stored.
public struct NewReference: Sendable {
  /// What sort of file it is.
  public var kind: String
  /// The name that the user gave it.
  public var name: String
  /// Its bytes as read.
  public var bytes: [UInt8]

  /// A file from its parts.
  public init(kind: String, name: String, bytes: [UInt8]) {
    self.kind = kind
    self.name = name
    self.bytes = bytes
  }
}

extension Store {
  /// Stores a new version of a file and returns its number; bytes equal to those of the current
  /// version give that one's. At most 1 000 000 000 bytes.
  public func addReference(
    kind: String, name: String, bytes: [UInt8], now: Timestamp
  ) throws(StoreError) -> Int64 {
    try write { db in
      try insertReference(db, NewReference(kind: kind, name: name, bytes: bytes), now)
    }
  }

  /// Stores new versions of several files, all or none, and returns their numbers as
  /// ``addReference(kind:name:bytes:now:)`` does. `newest` is the newest number when the caller
  /// looked; another one since then fails with ``StoreError/Reason/overtaken``.
  public func addReferences(
    _ files: [NewReference], expecting newest: Int64, now: Timestamp
  ) throws(StoreError) -> [Int64] {
    try write { db in
      let found = try Int64.fetchOne(db, sql: "SELECT max(id) FROM reference_file") ?? 0
      guard found == newest else { throw StoreError(.overtaken, path: path) }
      return try files.map { try insertReference(db, $0, now) }
    }
  }

  private func insertReference(
    _ db: Database, _ file: NewReference, _ now: Timestamp
  ) throws -> Int64 {
    let digest = Data(Digest.sha256(file.bytes))
    let current = try Row.fetchOne(
      db,
      sql: """
        SELECT id, sha256 FROM reference_file WHERE kind = ? AND name = ?
        ORDER BY id DESC LIMIT 1
        """, arguments: [file.kind, file.name])
    if let current, current[1] == digest { return current[0] }
    try db.execute(
      sql: """
        INSERT INTO reference_file (kind, name, sha256, imported_ms, body)
        VALUES (?, ?, ?, ?, ifnull(?, x''))
        """,
      arguments: [file.kind, file.name, digest, now.milliseconds, Data(file.bytes)])
    return db.lastInsertedRowID
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

  private static func reference(_ row: Row) -> ReferenceFile {
    ReferenceFile(
      id: row["id"], kind: row["kind"], name: row["name"],
      importedAt: Timestamp(milliseconds: row["imported_ms"]), body: Array(row["body"] as Data))
  }
}
