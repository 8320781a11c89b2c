import Foundation
import GRDB
import Series
import SiteModel

// Moves readings towards their chunks in two kinds of step. The first takes the oldest rows of
// `recent`, where commits put readings as they came, and files them in `pending` by bucket of 128
// devices; the second takes one bucket into the chunks of its devices. So a device's chunk is
// rewritten only when a good deal was collected for it, however many devices there are. Every step
// is one transaction that takes rows away where it puts their readings: an end at any instant
// leaves each reading in exactly one place.

extension Store {
  /// Does one step of compaction when enough readings wait; true when it did. Call it after each
  /// commit. `force` does a step whatever waits.
  @discardableResult
  public func compactIfNeeded(
    force: Bool = false, now: Timestamp
  ) throws(StoreError) -> Bool {
    try write { db in
      if try moveRecent(db, force: force, now) { return true }
      guard let bucket = try dueBucket(db, force: force, now) else { return false }
      try compact(db, bucket: bucket, merging: force ? 1 : options.chunksMerged, now)
      return true
    }
  }

  /// Compacts everything that waits.
  public func compactAll(now: Timestamp) throws(StoreError) {
    while try compactIfNeeded(force: true, now: now) {}
  }

  private func moveRecent(_ db: Database, force: Bool, _ now: Timestamp) throws -> Bool {
    let waiting = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT count(*), ifnull(sum(samples), 0) FROM recent"))
    guard let waiting, waiting[0] > 0,
      force || waiting[0] >= options.recentBatchesLimit || waiting[1] >= options.recentSamplesLimit
    else { return false }
    var readings: [Reading] = []
    var last: Int64 = 0
    let rows = try Row.fetchCursor(db, sql: "SELECT seq, body FROM recent ORDER BY seq")
    while readings.count < options.recentSamplesLimit, let row = try rows.next() {
      last = row[0]
      try row.forEachReading(path: path, "journal row \(last)") { readings.append($0) }
    }
    try Pending.insert(db, readings, since: now)
    try db.execute(sql: "DELETE FROM recent WHERE seq <= ?", arguments: [last])
    return true
  }

  private func dueBucket(_ db: Database, force: Bool, _ now: Timestamp) throws -> Int32? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT id FROM bucket WHERE ?1 OR samples >= ?2 OR since_ms <= ?3
        ORDER BY samples DESC LIMIT 1
        """)
    return try Int32.fetchOne(
      statement,
      arguments: [
        force, options.bucketSamplesLimit, now.milliseconds - options.bucketAgeMilliseconds,
      ])
  }

  /// Takes the oldest rows of a bucket into the chunks of their devices.
  private func compact(
    _ db: Database, bucket: Int32, merging few: Int, _ now: Timestamp
  ) throws {
    var collected = BucketSamples()
    var (count, last, isRest) = (0, Int64(0), false)
    let rows = try Row.fetchCursor(
      db, sql: "SELECT id, body FROM pending WHERE bucket = ? ORDER BY id", arguments: [bucket])
    while let row = try rows.next() {
      if count >= options.compactionStepSamples {
        isRest = true
        break
      }
      last = row[0]
      try row.forEachReading(path: path, "pending row \(last)") { reading in
        collected.add(reading)
        count += 1
      }
    }
    try collected.forEachDevice { device, series in
      try store(db, device, series, merging: few)
    }
    try db.execute(
      sql: "DELETE FROM pending WHERE bucket = ? AND id <= ?", arguments: [bucket, last])
    if isRest {
      try db.execute(
        sql: "UPDATE bucket SET samples = samples - ?, since_ms = ? WHERE id = ?",
        arguments: [count, now.milliseconds, bucket])
    } else {
      try db.execute(sql: "DELETE FROM bucket WHERE id = ?", arguments: [bucket])
    }
  }

  private func store(
    _ db: Database, _ device: DeviceIndex, _ added: [SeriesSamples], merging few: Int
  ) throws {
    try mergeIntoChunks(db, device, added, merging: few)
    try updateLatest(db, device, added)
    try updateRollups(db, device, added)
  }

  private func updateLatest(
    _ db: Database, _ device: DeviceIndex, _ added: [SeriesSamples]
  ) throws {
    let upsert = try db.cachedStatement(
      sql: """
        INSERT INTO latest VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (device, metric) DO UPDATE SET
          time_ms = excluded.time_ms, value = excluded.value, quality = excluded.quality
        WHERE excluded.time_ms >= time_ms
        """)
    for series in added {
      guard let last = series.samples.last else { continue }
      try upsert.execute(
        arguments: [
          device.position, Int(series.metric.number), last.time.milliseconds,
          last.value.description, Int(last.quality.rawValue),
        ])
    }
  }
}
