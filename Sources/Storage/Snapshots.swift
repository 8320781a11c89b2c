import Engine
import Foundation
import GRDB
import SiteModel

// The engine's saved states. The newest two serve a restart; with a journal that is released after
// some days a few older ones stay, of which one becomes the base that everything is recomputed
// from.

extension Store {
  /// Saves the engine's state after journal row `seq`, so that a long recovery need not begin
  /// again.
  public func saveSnapshot(_ bytes: [UInt8], after seq: Int64) throws(StoreError) {
    let sealed = SealedSnapshot(bytes)
    try write { db in try insertSnapshot(db, seq, sealed) }
  }

  /// Writes a state, in the transaction of its journal row or a later one.
  func insertSnapshot(_ db: Database, _ seq: Int64, _ snapshot: SealedSnapshot) throws {
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO snapshot (seq, sha256, bytes, codec, last_ms, messages)
        SELECT ?1, ?2, ifnull(?3, x''), ?4, last_ms,
          ifnull((SELECT value FROM counter WHERE name = 'messages'), 0)
            - ifnull((SELECT sum(messages) FROM journal WHERE seq > ?1), 0)
        FROM journal WHERE seq = ?1
        """, arguments: [seq, snapshot.sha256, snapshot.packed, snapshot.codec.rawValue])
    try pruneSnapshots(db)
  }

  /// Removes the states that nobody needs any more.
  func pruneSnapshots(_ db: Database) throws {
    let base = try JournalBase.fetch(db)?.seq ?? 0
    let kept = try Row.fetchAll(db, sql: "SELECT seq, last_ms FROM snapshot ORDER BY seq")
      .map { (seq: $0[0] as Int64, time: $0[1] as Int64) }.filter { $0.seq >= base }
    let needed = SnapshotChoice.needed(
      kept, isReleased: base > 0, retentionDays: options.journalRetentionDays)
    let delete = try db.cachedStatement(sql: "DELETE FROM snapshot WHERE seq = ?")
    for seq in try Int64.fetchAll(db, sql: "SELECT seq FROM snapshot") where !needed.contains(seq) {
      try delete.execute(arguments: [seq])
    }
  }
}

/// Which saved states stay.
enum SnapshotChoice {
  /// States beside the newest two that are kept as coming bases, at most about so many.
  static let candidates: Int64 = 16

  /// Of states in the order of their rows, none before the journal's begin: the newest two, the
  /// oldest once rows were released, and while rows are to be released one a day, or one in a
  /// sixteenth of the time that they are kept.
  static func needed(
    _ kept: [(seq: Int64, time: Int64)], isReleased: Bool, retentionDays: Int
  ) -> Set<Int64> {
    var needed = Set(kept.suffix(2).map(\.seq))
    guard let first = kept.first, let last = kept.last else { return needed }
    if isReleased || retentionDays > 0 { needed.insert(first.seq) }
    guard retentionDays > 0 else { return needed }
    let day: Int64 = 86_400_000
    // However long nothing could be released, and wherever the clock was set.
    let stretch = Int64((last.time &- first.time).magnitude / UInt64(candidates))
    let spacing = max(day, Int64(retentionDays) * day / candidates, stretch)
    var previous = first.time
    for state in kept where (state.time &- previous).magnitude >= spacing.magnitude {
      needed.insert(state.seq)
      previous = state.time
    }
    return needed
  }
}

/// A state as it is stored.
struct SealedSnapshot {
  let sha256: Data
  let codec: RowCodec
  let packed: Data

  init(_ bytes: [UInt8]) {
    sha256 = Data(Digest.sha256(bytes))
    let frame = bytes.withUnsafeBytes { Zstd.compress($0) }
    (codec, packed) = frame.map { (.zstd, $0) } ?? (.plain, Data(bytes))
  }

  /// The state of a row of `sha256, codec, bytes`; nil when it is not as it was written.
  static func open(_ row: Row) -> [UInt8]? {
    guard let plain = try? RowCodec.unpack(row["codec"], row["bytes"] as Data),
      case let bytes = Array(plain), Data(Digest.sha256(bytes)) == row["sha256"]
    else { return nil }
    return bytes
  }
}

extension StoreReader {
  /// The newest engine state before row `limit` that is whole, with the journal row it follows; nil
  /// when there is none.
  public func latestSnapshot(
    before limit: Int64 = .max
  ) throws(StoreError) -> (seq: Int64, bytes: [UInt8])? {
    try read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT * FROM snapshot WHERE seq < ? ORDER BY seq DESC", arguments: [limit])
      while let row = try rows.next() {
        if let bytes = SealedSnapshot.open(row) { return (row["seq"], bytes) }
      }
      return nil
    }
  }

  /// The state from which the journal can be recomputed after its oldest rows were released, with
  /// the row it follows; nil when it can be from its beginning.
  public func baseSnapshot() throws(StoreError) -> (seq: Int64, bytes: [UInt8])? {
    try read { db in
      guard let base = try JournalBase.fetch(db) else { return nil }
      let rows = try Row.fetchCursor(
        db, sql: "SELECT * FROM snapshot WHERE seq >= ? ORDER BY seq", arguments: [base.seq])
      while let row = try rows.next() {
        if let bytes = SealedSnapshot.open(row) { return (row["seq"], bytes) }
      }
      throw StoreError(.corrupt("no saved state after row \(base.seq) is whole"), path: path)
    }
  }
}
