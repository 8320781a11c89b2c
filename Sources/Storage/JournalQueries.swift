import Engine
import Foundation
import GRDB
import SiteModel

/// One row of the journal; its bytes are valid during the call that gives it.
public struct JournalSegment {
  /// Number of the row, from 1.
  public let seq: Int64
  /// Entries in the body.
  public let entries: Int
  /// Messages among them.
  public let messages: Int
  /// The entries, for ``Engine/Batch/load(_:)``.
  public let body: UnsafeRawBufferPointer

  let devices: Data?

  /// Whether the row notes of the right messages which devices they are about; `batch` is the body.
  /// Rows of the first release note nothing.
  public func agrees(with mentions: [Mention], of batch: Batch) -> Bool {
    devices.map { Array($0) == MentionCodec.encode(mentions, batch) } ?? true
  }
}

extension StoreReader {
  /// Number of the newest journal row; 0 when there never was one.
  public func newestSegment() throws(StoreError) -> Int64 {
    try read { db in try JournalBase.newestRow(db)?.seq ?? 0 }
  }

  /// Number of the newest journal row that was released because of its age; 0 when there is none.
  public func releasedSegment() throws(StoreError) -> Int64 {
    try read { db in try JournalBase.fetch(db)?.seq ?? 0 }
  }

  /// Calls `body` with each row after `seq` in order, until it returns false. Rows that are added
  /// meanwhile come too; no view of the file is held open between the calls.
  public func forEachSegment(
    after seq: Int64 = 0, _ body: (JournalSegment) -> Bool
  ) throws(StoreError) {
    var previous = seq
    // The body may ask the file again, which a connection in use would not allow: copy, then call.
    while let row = try segment(after: previous) {
      let goesOn = row.body.withUnsafeBytes { bytes in
        body(
          JournalSegment(
            seq: row.seq, entries: row.entries, messages: row.messages, body: bytes,
            devices: row.devices))
      }
      guard goesOn else { return }
      previous = row.seq
    }
  }

  private typealias StoredSegment = (
    seq: Int64, entries: Int, messages: Int, body: Data, devices: Data?
  )

  private func segment(after seq: Int64) throws(StoreError) -> StoredSegment? {
    try read { db in
      let next = try db.cachedStatement(
        sql: """
          SELECT seq, entries, messages, codec, body, devices FROM journal
          WHERE seq > ? ORDER BY seq LIMIT 1
          """)
      guard let row = try Row.fetchOne(next, arguments: [seq]) else { return nil }
      do {
        return (row[0], row[1], row[2], try RowCodec.unpack(row[3], row[4]), row[5])
      } catch is CorruptBytes {
        throw StoreError(.corrupt("journal row \(row[0] as Int64) is damaged"), path: path)
      }
    }
  }

  /// Calls `body` with the newest messages of the journal and the begins of sessions among them,
  /// oldest first, to recognise what the broker sends again. An entry's bytes are valid during its
  /// call.
  public func forEachRecentMessage(
    atMost limit: Int = 65_535, _ body: (JournalEntry) -> Void
  ) throws(StoreError) {
    guard limit > 0 else { return }
    let (start, older) = try startOfRecent(limit)
    var surplus = older
    var damage: StoreError?
    try forEachSegment(after: start - 1) { segment in
      var offset = 0
      while offset < segment.body.count {
        guard let entry = try? JournalEntry(checking: segment.body, at: offset) else {
          damage = StoreError(.corrupt("journal row \(segment.seq) is damaged"), path: path)
          return false
        }
        offset += Batch.headerLength + entry.topic.count + entry.payload.count
        if surplus > 0 {
          surplus -= entry.kind == .message ? 1 : 0
        } else if entry.kind == .message || entry.kind == .newSession {
          body(entry)
        }
      }
      return true
    }
    if let damage { throw damage }
  }

  /// The oldest row with one of the newest `limit` messages, and how many older ones it has.
  private func startOfRecent(_ limit: Int) throws(StoreError) -> (seq: Int64, surplus: Int) {
    try read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT seq, messages FROM journal ORDER BY seq DESC")
      var (seq, count) = (Int64(1), 0)
      while count < limit, let row = try rows.next() {
        seq = row[0]
        count += row[1]
      }
      return (seq, max(0, count - limit))
    }
  }
}
