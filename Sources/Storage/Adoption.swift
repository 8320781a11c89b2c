import Foundation
import GRDB
import Series
import SiteModel

extension Schema {
  /// Readings that are moved at a time.
  private static let adoptionStep = 200_000

  /// Moves the samples of a version 1 file, which had chunks by series, to where the next
  /// compaction finds them. A damaged chunk stays where it was, for `verify` to name; without one
  /// the old table goes.
  static func adoptOldChunks(_ db: Database, path: String) throws {
    guard try db.tableExists("old_chunk") else { return }
    var readings: [Reading] = []
    var adopted: [Int64] = []
    let rows = try Row.fetchCursor(
      db, sql: "SELECT id, device, metric, body FROM old_chunk ORDER BY device, metric, first_ms")
    while let row = try rows.next() {
      let metric = Metric(number: UInt16(truncatingIfNeeded: row[2] as Int))
      let samples = try row.withUnsafeData(atIndex: 3) { data in
        (data ?? Data()).withUnsafeBytes { bytes in try? OldChunk.decode(bytes) }
      }
      guard let samples else { continue }
      adopted.append(row[0])
      readings += samples.map { sample in
        Reading(
          device: DeviceIndex(row[1]), metric: metric, time: sample.time, value: sample.value,
          quality: sample.quality)
      }
      guard readings.count >= adoptionStep else { continue }
      try Pending.insert(db, readings, since: .min)
      readings.removeAll(keepingCapacity: true)
    }
    if !readings.isEmpty { try Pending.insert(db, readings, since: .min) }
    let delete = try db.cachedStatement(sql: "DELETE FROM old_chunk WHERE id = ?")
    for id in adopted { try delete.execute(arguments: [id]) }
    if try Int.fetchOne(db, sql: "SELECT count(*) FROM old_chunk") == 0 {
      try db.execute(sql: "DROP TABLE old_chunk")
    }
  }
}
