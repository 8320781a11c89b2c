import Engine
import Foundation
import GRDB
import SiteModel

// Proof that journal and evidence are as they were written.

extension StoreReader {
  /// Checks every row of the journal from where it begins: numbers without gaps, the hash chain,
  /// and that each entry can be read; then the same of the evidence of released rows. A changed row
  /// is named once, because the chain goes on from the stored hash. With a `limit` only the newest
  /// rows of the journal are checked, and nothing else.
  public func verifyJournal(newest limit: Int64 = .max) throws(StoreError) -> [StoreProblem] {
    let base = try read { db in try JournalBase.fetch(db) } ?? .beginning
    var problems: [StoreProblem] = []
    let newestRow = try newestSegment()
    let before = max(base.seq, newestRow &- min(limit, newestRow))
    let start = try read { db in
      try Data.fetchOne(db, sql: "SELECT hash FROM journal WHERE seq = ?", arguments: [before])
    }
    try checkChain(
      "journal row", before + 1, through: newestRow,
      before == base.seq ? base.hash : start ?? Data(),
      &problems
    ) { db, seq, previous, report in try checkSegment(db, seq, after: previous, report) }
    if limit < .max { return problems }
    let stray = try read { db in
      try Int64.fetchOne(
        db, sql: "SELECT min(seq) FROM journal WHERE seq <= ?", arguments: [base.seq])
    }
    if let stray {
      problems.append(
        StoreProblem(place: "journal row \(stray)", text: "was released, yet is there"))
    }
    let newest = try read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM evidence") ?? 0 }
    try checkChain(
      "evidence row", 1, through: max(newest, base.evidence), JournalChain.genesis, &problems
    ) { db, id, previous, report in try checkEvidence(db, id, after: previous, report) }
    return Array(problems.prefix(Self.problemLimit))
  }

  /// Checks the rows of a chain one by one; `check` returns a row's stored hash.
  private func checkChain(
    _ name: String, _ first: Int64, through last: Int64, _ start: Data,
    _ problems: inout [StoreProblem],
    _ check: (Database, Int64, Data, (String) -> Void) throws -> Data?
  ) throws(StoreError) {
    var (number, previous) = (first, start)
    while number <= last, problems.count < Self.problemLimit {
      let place = "\(name) \(number)"
      do {
        let hash = try read { db in
          try check(db, number, previous) { text in
            problems.append(StoreProblem(place: place, text: text))
          }
        }
        previous = hash ?? previous
      } catch {
        guard case .corrupt(let detail) = error.reason else { throw error }
        problems.append(StoreProblem(place: place, text: detail))
      }
      number += 1
    }
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
    let stored: Data = try row.decode(forColumn: "hash")
    let (entries, messages): (Int, Int) =
      (try row.decode(forColumn: "entries"), try row.decode(forColumn: "messages"))
    let (codec, packed): (Int, Data) =
      (try row.decode(forColumn: "codec"), try row.decode(forColumn: "body"))
    guard let body = try? RowCodec.unpack(codec, packed) else {
      report("the body cannot be decompressed")
      return stored
    }
    body.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
      let hash = JournalChain.hash(after: previous, seq: seq, entries: entries, body: bytes)
      if hash != stored { report("the hash does not match; the row or one before it was changed") }
      let batch = Batch(capacity: bytes.count)
      do throws(CorruptBytes) {
        try batch.load(bytes)
        let isConsistent =
          batch.count == entries && batch.messageCount == messages
        if !isConsistent { report("the body has \(batch.count) entries, not as stored") }
      } catch {
        report("the entry at byte \(error.offset) cannot be read")
      }
    }
    return stored
  }

  /// The same for a row of evidence.
  private func checkEvidence(
    _ db: Database, _ id: Int64, after previous: Data, _ report: (String) -> Void
  ) throws -> Data? {
    let statement = try db.cachedStatement(sql: "SELECT * FROM evidence WHERE id = ?")
    guard let row = try Row.fetchOne(statement, arguments: [id]) else {
      report("is missing")
      return nil
    }
    let stored: Data = try row.decode(forColumn: "hash")
    try (row.decode(Data.self, forColumn: "body")).withUnsafeBytes {
      (bytes: UnsafeRawBufferPointer) in
      let hash = JournalChain.hash(
        after: previous, seq: try row.decode(forColumn: "seq"),
        entry: try row.decode(forColumn: "entry"), device: try row.decode(forColumn: "device"),
        row: try row.decode(forColumn: "row_hash"), body: bytes)
      if hash != stored { report("the hash does not match; the row or one before it was changed") }
      if (try? JournalEntry(checking: bytes, at: 0)) == nil { report("the entry cannot be read") }
    }
    return stored
  }
}
