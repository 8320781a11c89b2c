import Foundation
import GRDB
import Series
import SiteModel

/// Readings that wait for compaction, filed by bucket.
enum Pending {
  /// Devices whose waiting readings are collected together.
  static let bucketDevices: Int32 = 128

  /// Files readings; a bucket that was empty counts as waiting since `now`.
  static func insert(_ db: Database, _ readings: [Reading], since now: Timestamp) throws {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO pending (bucket, samples, first_ms, last_ms, body) VALUES (?, ?, ?, ?, ?)
        """)
    let total = try db.cachedStatement(
      sql: """
        INSERT INTO bucket VALUES (?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET samples = samples + excluded.samples
        """)
    for (bucket, readings) in byBucket(readings).sorted(by: { $0.key < $1.key }) {
      let range = times(of: readings)
      try insert.execute(
        arguments: [
          bucket, readings.count, range.first, range.last, Data(RecentCodec.encode(readings)),
        ])
      try total.execute(arguments: [bucket, readings.count, now.milliseconds])
    }
  }

  /// Earliest and latest time of some readings.
  static func times(of readings: [Reading]) -> (first: Int64, last: Int64) {
    var (first, last) = (Int64.max, Int64.min)
    for reading in readings {
      first = min(first, reading.time.milliseconds)
      last = max(last, reading.time.milliseconds)
    }
    return (first, last)
  }

  private static func byBucket(_ readings: [Reading]) -> [Int32: [Reading]] {
    var buckets: [Int32: [Reading]] = [:]
    var (start, bucket) = (0, Int32(-1))
    for (position, reading) in readings.enumerated() {
      let next = reading.device.position / bucketDevices
      guard next != bucket else { continue }
      // Readings of one device come in rows: they are moved together.
      if position > start { buckets[bucket, default: []] += readings[start..<position] }
      (start, bucket) = (position, next)
    }
    if start < readings.count { buckets[bucket, default: []] += readings[start...] }
    return buckets
  }
}
