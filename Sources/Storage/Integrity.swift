import Engine
import Foundation
import GRDB
import Series
import SiteModel

/// Something in the file that is not as it was written, and where.
public struct StoreProblem: Sendable, Equatable, CustomStringConvertible {
  /// The table and row, or `file`.
  public let place: String
  /// What is wrong there.
  public let text: String

  /// `place: text`.
  public var description: String { "\(place): \(text)" }
}

extension StoreReader {
  /// Problems that one check lists at most; it stops there.
  public static let problemLimit = 100

  /// Checks every row of the journal: numbers without gaps, the hash chain, and that each entry can
  /// be read. A changed row is named once, because the chain goes on from the stored hash.
  public func verifyJournal() throws(StoreError) -> [StoreProblem] {
    var problems: [StoreProblem] = []
    var (seq, previous) = (Int64(1), JournalChain.genesis)
    let newest = try newestSegment()
    while seq <= newest, problems.count < Self.problemLimit {
      do {
        let hash = try read { db in
          try checkSegment(db, seq, after: previous) { text in
            problems.append(StoreProblem(place: "journal row \(seq)", text: text))
          }
        }
        previous = hash ?? previous
      } catch {
        guard case .corrupt(let detail) = error.reason else { throw error }
        problems.append(StoreProblem(place: "journal row \(seq)", text: detail))
      }
      seq += 1
    }
    return problems
  }

  /// SQLite's own check of the file, then decodes every chunk and batch and counts the outbox.
  public func integrityCheck() throws(StoreError) -> [StoreProblem] {
    var problems = try read { db in
      try String.fetchAll(db, sql: "PRAGMA integrity_check(\(Self.problemLimit))")
        .filter { $0 != "ok" }.map { StoreProblem(place: "file", text: $0) }
    }
    try checkRows("chunk", key: "id", &problems) { row, body in
      let samples = try DeviceChunk.decode(body)
      let isConsistent =
        samples.sampleCount == row["samples"] && samples.firstTime == row["first_ms"]
        && samples.lastTime == row["last_ms"]
      return isConsistent
    }
    try checkRows("recent", key: "seq", &problems) { row, body in
      var count = 0
      try RecentCodec.decode(body) { _ in count += 1 }
      return count == row["samples"]
    }
    let isGapless = try read { db in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT count(*) + (SELECT ifnull(sum(value), 0) FROM counter WHERE name = 'outbox_pruned')
            = ifnull(max(number), 0) FROM outbox
          """)
    }
    if isGapless == false {
      problems.append(StoreProblem(place: "outbox", text: "notification numbers have gaps"))
    }
    return Array(problems.prefix(Self.problemLimit))
  }

  /// Reports what is wrong with a row and returns its stored hash; nil when the row is missing.
  private func checkSegment(
    _ db: Database, _ seq: Int64, after previous: Data, _ report: (String) -> Void
  ) throws -> Data? {
    let statement = try db.cachedStatement(sql: "SELECT * FROM journal WHERE seq = ?")
    guard let row = try Row.fetchOne(statement, arguments: [seq]) else {
      report("is missing")
      return nil
    }
    let stored: Data = row["hash"]
    let body: Data = row["body"]
    body.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
      let hash = JournalChain.hash(after: previous, seq: seq, entries: row["entries"], body: bytes)
      if hash != stored { report("the hash does not match; the row or one before it was changed") }
      let batch = Batch(capacity: bytes.count)
      do throws(CorruptBytes) {
        try batch.load(bytes)
        let isConsistent =
          batch.count == row["entries"] && batch.messageCount == row["messages"]
        if !isConsistent { report("the body has \(batch.count) entries, not as stored") }
      } catch {
        report("the entry at byte \(error.offset) cannot be read")
      }
    }
    return stored
  }

  private func checkRows(
    _ table: String, key: String, _ problems: inout [StoreProblem],
    _ isConsistent: (Row, UnsafeRawBufferPointer) throws -> Bool
  ) throws(StoreError) {
    var last = Int64.min
    while problems.count < Self.problemLimit {
      let next = try read { db in
        try Int64.fetchOne(
          db, sql: "SELECT \(key) FROM \(table) WHERE \(key) > ? ORDER BY \(key) LIMIT 1",
          arguments: [last])
      }
      guard let next else { return }
      last = next
      do {
        try read { db in
          let row = try Row.fetchOne(
            db, sql: "SELECT * FROM \(table) WHERE \(key) = ?", arguments: [next])
          guard let row else { return }
          let isRight = try (row["body"] as Data).withUnsafeBytes { try isConsistent(row, $0) }
          if !isRight { throw StoreError(.corrupt("counts or times do not match"), path: path) }
        }
      } catch {
        guard case .corrupt(let detail) = error.reason else { throw error }
        problems.append(StoreProblem(place: "\(table) \(next)", text: detail))
      }
    }
  }
}
