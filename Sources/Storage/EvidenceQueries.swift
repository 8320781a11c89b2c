import Engine
import Foundation
import GRDB
import SiteModel

extension StoreReader {
  /// The messages that an alert rests on, oldest row first: those of its devices from a day before
  /// its begin to its end, as far as the journal or the evidence has them; at most `limit`. Nil
  /// when there is no such alert. `engine` knows which devices stand at a site, and what messages
  /// of the first release are about.
  public func evidence(
    ofAlert id: String, engine: Engine, limit: Int = 10_000
  ) throws(StoreError) -> [EvidenceMessage]? {
    guard
      let watch = try read({ db in
        try EvidenceWatch(db, alert: id) { engine.deviceNames(ofSite: $0) }
      })
    else { return nil }
    var messages = try released(watch, limit)
    var seq = try firstSegment(from: watch.earliest)
    // Late messages of a day after its last change are looked for too.
    let changed = try read { db in
      try Int64.fetchOne(
        db,
        sql: """
          SELECT last_ms FROM journal WHERE seq = (SELECT changed_seq FROM alert WHERE id = ?)
          """, arguments: [id])
    }
    let end = max(watch.latest, changed?.adding(EvidenceWatch.before_ms) ?? .min)
    while messages.count < limit,
      let row = try read({ db in try JournalRow.fetch(db, after: seq) }),
      row.times.lowerBound <= end
    {
      seq = row.seq
      do throws(CorruptBytes) {
        let found = try row.messages(for: watch) { engine.mentions(of: $0) }
        messages += found.compactMap { message in
          Self.message(row.seq, message.entry, message.device, message.bytes)
        }
      } catch { throw StoreError(.corrupt("journal row \(row.seq) is damaged"), path: path) }
    }
    return Array(messages.prefix(limit))
  }

  private func released(
    _ watch: EvidenceWatch, _ limit: Int
  ) throws(StoreError) -> [EvidenceMessage] {
    try read { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT seq, entry, device, body, received_ms, first_ms, last_ms FROM evidence
          WHERE device = ? AND last_ms >= ? ORDER BY id
          """)
      var messages: [EvidenceMessage] = []
      for device in watch.spans.keys.sorted() {
        let rows = try Row.fetchCursor(statement, arguments: [device, watch.earliest])
        while messages.count < limit, let row = try rows.next() {
          let (first, last): (Int64, Int64) = (row[5], row[6])
          guard watch.contains(device, received: row[4], first...max(first, last)) else { continue }
          guard let message = Self.message(row[0], row[1], row[2], row[3]) else {
            throw StoreError(.corrupt("evidence of journal row \(row[0] as Int64)"), path: path)
          }
          messages.append(message)
        }
      }
      return messages.sorted { ($0.seq, $0.entry) < ($1.seq, $1.entry) }
    }
  }

  /// The row before the first one that was received at an instant or later, if receipts rise.
  private func firstSegment(from ms: Int64) throws(StoreError) -> Int64 {
    try read { db in
      let ends = try Row.fetchOne(db, sql: "SELECT min(seq), max(seq) FROM journal")
      guard var low: Int64 = ends?[0], var high: Int64 = ends?[1] else { return 0 }
      let receipt = try db.cachedStatement(sql: "SELECT last_ms FROM journal WHERE seq = ?")
      while low < high {
        let middle = low + (high - low) / 2
        let last = try Int64.fetchOne(receipt, arguments: [middle]) ?? .max
        if last < ms { low = middle + 1 } else { high = middle }
      }
      return low - 1
    }
  }

  private static func message(
    _ seq: Int64, _ entry: Int, _ device: Int32, _ bytes: Data
  ) -> EvidenceMessage? {
    bytes.withUnsafeBytes { bytes in
      guard let found = try? JournalEntry(checking: bytes, at: 0) else { return nil }
      return EvidenceMessage(
        seq: seq, entry: entry, device: DeviceIndex(device), receivedAt: found.receivedAt,
        topic: Array(found.topic), payload: Array(found.sent))
    }
  }
}

extension EvidenceWatch {
  /// Earliest instant that is watched.
  var earliest: Int64 { spans.values.joined().map(\.lowerBound).min() ?? .max }
  /// Latest instant that is watched.
  var latest: Int64 { spans.values.joined().map(\.upperBound).max() ?? .min }
}
