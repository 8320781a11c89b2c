import Foundation
import GRDB
import SiteModel

/// How far a database goes; the same of two files when one is a copy of the other.
public struct StoreSummary: Sendable, Equatable {
  /// Number of the newest journal row; 0 when there is none.
  public var newestSegment: Int64 = 0
  /// Its hash, empty when there is none; with it the chain proves everything before.
  public var hash: [UInt8] = []
  /// When its last message was received; nil when the journal holds no row.
  public var newestAt: Timestamp?
  /// Messages since the file was made.
  public var messages: Int64 = 0
}

extension Store {
  /// Newest journal rows whose chain a check of a copy works through.
  public static let checkedSegments: Int64 = 1_000
  /// Pages that are copied between two calls of `progress`, 4 MiB.
  private static let pagesPerStep: CInt = 1_024

  /// Copies a database as it is at this moment, page by page, also while a collector writes to it:
  /// nobody is blocked, but the write-ahead log cannot shrink meanwhile. `target` is an empty file.
  /// The copy is one file without a log beside it; it is not yet synced to the disk. `progress` is
  /// told which part is done.
  public static func copy(
    from source: String, to target: String, progress: @escaping (Double) -> Void = { _ in }
  ) throws(StoreError) -> StoreSummary {
    guard FileManager.default.fileExists(atPath: source) else {
      throw StoreError(.notFound, path: source)
    }
    do {
      let (from, summary) = try openView(source)
      defer { try? from.close() }
      let into = try DatabaseQueue(path: target)
      defer { try? into.close() }
      try from.inDatabase { sourceView in
        try into.inDatabase { copy in
          do {
            // Until it is complete the copy is worth nothing: it needs no journal of its own.
            try copy.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
            try sourceView.backup(to: copy, pagesPerStep: pagesPerStep) { state in
              let done = state.totalPageCount - state.remainingPageCount
              progress(Double(done) / Double(max(state.totalPageCount, 1)))
            }
          } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw StoreError(.full, path: target)
          }
        }
      }
      try into.close()
      try leaveLogMode(target)
      return summary
    } catch {
      throw StoreError(error, path: source)
    }
  }

  /// Checks that a copy is a sound SiteWatt database: SQLite's own quick check, and the journal's
  /// newest ``checkedSegments`` rows where this release wrote it. Empty when all is well.
  public static func checkCopy(
    at path: String, expecting summary: StoreSummary
  ) throws(StoreError) -> [StoreProblem] {
    do {
      let (queue, found) = try openView(path)
      defer { try? queue.close() }
      var problems = try queue.inDatabase { db in
        try String.fetchAll(db, sql: "PRAGMA quick_check(\(StoreReader.problemLimit))")
          .filter { $0 != "ok" }.map { StoreProblem(place: "file", text: $0) }
      }
      if found != summary {
        problems.append(StoreProblem(place: "journal", text: "ends elsewhere than the original"))
      }
      let isOfThisRelease = try queue.inDatabase { db in
        try Schema.version(of: db, path: path) == Schema.version
      }
      try queue.close()
      guard problems.isEmpty, isOfThisRelease else { return problems }
      let reader = try openReadOnly(path: path)
      defer { try? reader.close() }
      return try reader.verifyJournal(newest: checkedSegments)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Writes what the write-ahead log of a database holds into the file, if nobody else uses it.
  public static func emptyLog(of path: String) throws(StoreError) {
    do {
      let queue = try DatabaseQueue(path: path)
      defer { try? queue.close() }
      try queue.inDatabase { db in _ = try db.checkpoint(.truncate) }
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Opens a file for reading with one unchanging view of it. It may be of an older release.
  private static func openView(_ path: String) throws -> (DatabaseQueue, StoreSummary) {
    do { return try openView(path, address: path) } catch let error as DatabaseError {
      // Without the right to write beside the file, a file with no log is read as one that nobody
      // changes.
      let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
      let isLogEmpty = (log?[.size] as? NSNumber)?.intValue ?? 0 == 0
      guard error.resultCode == .SQLITE_CANTOPEN, isLogEmpty else { throw error }
      let address = URL(fileURLWithPath: path).absoluteString + "?immutable=1"
      return try openView(path, address: address)
    }
  }

  private static func openView(
    _ path: String, address: String
  ) throws -> (DatabaseQueue, StoreSummary) {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.allowsUnsafeTransactions = true
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: address, configuration: configuration)
    let summary = try queue.inDatabase { db in
      try db.beginTransaction(.deferred)
      guard try Schema.version(of: db, path: path) > 0 else { throw StoreError(.empty, path: path) }
      return try readSummary(db)
    }
    return (queue, summary)
  }

  private static func readSummary(_ db: Database) throws -> StoreSummary {
    var summary = StoreSummary()
    summary.messages =
      try Int64.fetchOne(db, sql: "SELECT value FROM counter WHERE name = 'messages'") ?? 0
    let newest = try Row.fetchOne(
      db, sql: "SELECT seq, hash, last_ms FROM journal ORDER BY seq DESC LIMIT 1")
    if let newest {
      summary.newestSegment = newest[0]
      summary.hash = Array(newest[1] as Data)
      summary.newestAt = Timestamp(milliseconds: newest[2])
    }
    return summary
  }

  /// A copy says, as its original does, that it has a write-ahead log; without one it can be read
  /// from anywhere.
  private static func leaveLogMode(_ path: String) throws {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    try queue.inDatabase { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
  }
}
