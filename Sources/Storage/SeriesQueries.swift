import GRDB
import SiteModel

// What there is to read, without reading it.

extension StoreReader {
  /// The metrics of which the file has samples.
  public func storedMetrics() throws(StoreError) -> Set<Metric> {
    try read { db in
      let stored = try Int.fetchAll(db, sql: "SELECT DISTINCT metric FROM latest")
      var metrics = Set(stored.map { Metric(number: UInt16(truncatingIfNeeded: $0)) })
      let add = { (reading: Reading) in _ = metrics.insert(reading.metric) }
      try forEachWaiting(db, "pending", .min ..< .max, nil, add)
      try forEachWaiting(db, "recent", .min ..< .max, nil, add)
      return metrics
    }
  }

  /// Times of the earliest and the latest sample of the file; nil when it has none.
  public func timeSpan() throws(StoreError) -> ClosedRange<Timestamp>? {
    try read { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT min(first), max(last) FROM (
            SELECT min(first_ms) AS first, max(last_ms) AS last FROM chunk
            UNION ALL SELECT min(first_ms), max(last_ms) FROM pending
            UNION ALL SELECT min(first_ms), max(last_ms) FROM recent)
          """)
      guard let row, let first = row[0] as Int64?, let last = row[1] as Int64? else { return nil }
      return Timestamp(milliseconds: first)...Timestamp(milliseconds: last)
    }
  }
}
