import Engine
import Foundation
import GRDB
import SiteModel

// Releasing the oldest rows of the journal. What alerts rest on is copied to `evidence` first, and
// everything after the released rows can still be recomputed, from a saved state.

extension Store {
  /// Messages after which one step takes no further row …
  static let releaseStepMessages = 20_000
  /// … and rows.
  static let releaseStepRows = 1_000

  /// Takes a step in releasing journal rows that are older than
  /// ``StoreOptions/journalRetentionDays`` and returns how many it released, 0 when nothing is to
  /// be done. It is one transaction. Rows are released up to a saved state, so the journal keeps
  /// up to a day, or a sixteenth of the time, more; and never the newest messages, by which
  /// redelivery is recognised. `engine` knows which devices stand at a site.
  @discardableResult
  public func releaseJournal(now: Timestamp, engine: Engine) throws(StoreError) -> Int {
    guard options.journalRetentionDays > 0 else { return 0 }
    let limit = now.milliseconds.subtracting(Int64(options.journalRetentionDays) * 86_400_000)
    return try write { db in
      let base = try JournalBase.fetch(db) ?? .beginning
      guard let target = try releaseTarget(db, base, before: limit) else { return 0 }
      return try release(db, base, through: target, engine)
    }
  }

  /// The newest saved state up to which everything may go.
  private func releaseTarget(
    _ db: Database, _ base: JournalBase, before limit: Int64
  ) throws -> Int64? {
    let states = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT * FROM snapshot WHERE seq > ? AND last_ms < ?
            AND messages <= (SELECT value FROM counter WHERE name = 'messages') - ?
          ORDER BY seq DESC
          """), arguments: [base.seq, limit, Redelivery.window])
    while let state = try states.next() {
      if SealedSnapshot.open(state) != nil { return state["seq"] }
    }
    return nil
  }

  private func release(
    _ db: Database, _ old: JournalBase, through target: Int64, _ engine: Engine
  ) throws -> Int {
    var rows: [JournalRow] = []
    var (messages, last) = (0, old.seq)
    while rows.count < Self.releaseStepRows, messages < Self.releaseStepMessages,
      let row = try JournalRow.fetch(db, after: last), row.seq <= target
    {
      rows.append(row)
      (messages, last) = (messages + row.messages, row.seq)
    }
    guard let first = rows.first, let newest = rows.last else { return 0 }
    let span = rows.reduce(first.span) { span, row in
      let other = row.span
      return min(span.lowerBound, other.lowerBound)...max(span.upperBound, other.upperBound)
    }
    let watch = try EvidenceWatch(db, span) { engine.deviceNames(ofSite: $0) }
    var evidence = old.evidence
    for row in rows { try keep(db, row, watch, engine, &evidence) }
    try db.execute(sql: "DELETE FROM journal WHERE seq <= ?", arguments: [newest.seq])
    try JournalBase(seq: newest.seq, hash: newest.hash, evidence: evidence).store(db)
    try pruneSnapshots(db)
    return rows.count
  }

  /// Copies what alerts rest on. A row that cannot be read any more is copied as far as that goes:
  /// not at all, and `verify` has named it as long as it was there.
  private func keep(
    _ db: Database, _ row: JournalRow, _ watch: EvidenceWatch, _ engine: Engine,
    _ count: inout Int64
  ) throws {
    guard !watch.spans.isEmpty else { return }
    let messages = (try? row.messages(for: watch) { engine.mentions(of: $0) }) ?? []
    guard !messages.isEmpty else { return }
    let newest = try Data.fetchOne(
      db.cachedStatement(sql: "SELECT hash FROM evidence ORDER BY id DESC LIMIT 1"))
    var previous = newest ?? JournalChain.genesis
    let insert = try db.cachedStatement(
      sql: "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for message in messages {
      previous = message.bytes.withUnsafeBytes { bytes in
        JournalChain.hash(
          after: previous, seq: row.seq, entry: message.entry, device: message.device,
          row: row.hash, body: bytes)
      }
      count += 1
      try insert.execute(
        arguments: [
          count, row.seq, message.entry, message.device, message.received,
          min(message.received, message.readings.lowerBound),
          max(message.received, message.readings.upperBound), row.hash, previous, message.bytes,
        ])
    }
  }
}

extension JournalBase {
  /// Nothing was released yet.
  static var beginning: JournalBase {
    JournalBase(seq: 0, hash: JournalChain.genesis, evidence: 0)
  }
}
