import Foundation
import GRDB
import Series
import SiteModel

// Reading series back: chunks and what still waits for them, as one ordered set.

extension StoreReader {
  /// The samples of one series with `from` <= time < `to`, as ``forEachSample(of:_:from:to:_:)``
  /// gives them; at most `limit`.
  public func samples(
    of device: DeviceIndex, _ metric: Metric, from: Timestamp = .min, to: Timestamp = .max,
    limit: Int = .max
  ) throws(StoreError) -> [Sample] {
    var samples: [Sample] = []
    guard limit > 0 else { return [] }
    try forEachSample(of: device, metric, from: from, to: to) { sample in
      samples.append(sample)
      return samples.count < limit
    }
    return samples
  }

  /// Calls `body` with the samples of one series with `from` <= time < `to`, sorted by time,
  /// without repeats, until it returns false. Contradicting good values of one instant all come,
  /// with quality ``Quality/conflict``. Memory is bounded by one chunk, not by the range. One view
  /// of the file is held open meanwhile.
  public func forEachSample(
    of device: DeviceIndex, _ metric: Metric, from: Timestamp = .min, to: Timestamp = .max,
    _ body: (Sample) -> Bool
  ) throws(StoreError) {
    try forEachSample(of: [device], [metric], from: from, to: to) { _, _, sample in body(sample) }
  }

  /// The same for all series of some devices and metrics, device by device and metric by metric in
  /// the given order. Devices are best given in the order of their numbers.
  public func forEachSample(
    of devices: [DeviceIndex], _ metrics: [Metric], from: Timestamp = .min, to: Timestamp = .max,
    _ body: (DeviceIndex, Metric, Sample) -> Bool
  ) throws(StoreError) {
    let range = from.milliseconds..<max(from.milliseconds, to.milliseconds)
    try read { db in
      var waiting = try WaitingSamples(db, self, Set(devices), Set(metrics), range)
      for device in devices {
        let chunks = try chunks(db, device, range)
        try waiting.load(db, bucketOf: device)
        for metric in metrics {
          let pending = waiting.samples(device, metric)
          let goesOn = try forEachSample(db, chunks, metric, pending, range) {
            body(device, metric, $0)
          }
          if !goesOn { return }
        }
      }
    }
  }

  private func forEachSample(
    _ db: Database, _ chunks: [(id: Int64, first: Int64)], _ metric: Metric,
    _ waiting: [Sample], _ range: Range<Int64>, _ body: (Sample) -> Bool
  ) throws -> Bool {
    var pending = waiting
    for chunk in chunks {
      var ready = Array(pending.prefix { $0.ms < chunk.first })
      pending.removeFirst(ready.count)
      Samples.markConflicts(&ready)
      for sample in ready where !body(sample) { return false }
      pending = Samples.merge(pending, try decode(db, chunk.id, metric, range))
    }
    Samples.markConflicts(&pending)
    for sample in pending where !body(sample) { return false }
    return true
  }

  /// Calls `body` with everything that is stored of all series, in no order, repeats included.
  public func forEachStoredReading(_ body: (Reading) -> Void) throws(StoreError) {
    try read { db in
      let rows = try Row.fetchCursor(db, sql: "SELECT id, device, body FROM chunk")
      while let row = try rows.next() {
        let device = DeviceIndex(row[1])
        for series in try decode(row) {
          for sample in series.samples {
            body(
              Reading(
                device: device, metric: series.metric, time: sample.time, value: sample.value,
                quality: sample.quality))
          }
        }
      }
      try forEachWaiting(db, "pending", .min ..< .max, nil, body)
      try forEachWaiting(db, "recent", .min ..< .max, nil, body)
    }
  }

  /// The metrics of which a device has samples, in catalogue order.
  public func metrics(of device: DeviceIndex) throws(StoreError) -> [Metric] {
    try read { db in
      let stored = try Int.fetchAll(
        db, sql: "SELECT metric FROM latest WHERE device = ?", arguments: [device.position])
      var metrics = Set(stored.map { Metric(number: UInt16(truncatingIfNeeded: $0)) })
      let add = { (reading: Reading) in
        if reading.device == device { metrics.insert(reading.metric) }
      }
      try forEachWaiting(db, "pending", .min ..< .max, device.position / Pending.bucketDevices, add)
      try forEachWaiting(db, "recent", .min ..< .max, nil, add)
      return metrics.sorted()
    }
  }

  /// Calls `body` with the readings of a table, `pending` or `recent`, that may lie in a range; of
  /// one bucket or of all.
  func forEachWaiting(
    _ db: Database, _ table: String, _ range: Range<Int64>, _ bucket: Int32?,
    _ body: (Reading) -> Void
  ) throws {
    let key = table == "pending" ? "id" : "seq"
    let filter = bucket == nil ? "" : "AND bucket = ?3"
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT \(key), body FROM \(table)
          WHERE last_ms >= ?1 AND first_ms < ?2 \(filter) ORDER BY \(key)
          """),
      arguments: [range.lowerBound, range.upperBound] + (bucket.map { [$0] } ?? []))
    while let row = try rows.next() {
      let place = table == "pending" ? "pending row" : "journal row"
      try row.forEachReading(path: path, "\(place) \(row[0] as Int64)", body)
    }
  }

  /// Chunks of a device that may have samples in a range, by their first times.
  private func chunks(
    _ db: Database, _ device: DeviceIndex, _ range: Range<Int64>
  ) throws -> [(id: Int64, first: Int64)] {
    // Everything asked for is in the index.
    let rows = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id, first_ms FROM chunk
          WHERE device = ? AND last_ms >= ? AND first_ms < ? ORDER BY first_ms
          """), arguments: [device.position, range.lowerBound, range.upperBound])
    return rows.map { ($0[0], $0[1]) }
  }

  private func decode(
    _ db: Database, _ chunk: Int64, _ metric: Metric, _ range: Range<Int64>
  ) throws -> [Sample] {
    try ChunkRows.samples(db, chunk, metric, range, path: path)
  }

  private func decode(_ row: Row) throws -> [SeriesSamples] {
    try row.withUnsafeData(atIndex: 2) { data in
      do {
        return try (data ?? Data()).withUnsafeBytes { try DeviceChunk.decode($0) }
      } catch {
        throw StoreError(.corrupt("chunk \(row[0] as Int64) is damaged"), path: path)
      }
    }
  }
}

/// Single chunks read back.
enum ChunkRows {
  /// One series of a chunk.
  static func samples(
    _ db: Database, _ chunk: Int64, _ metric: Metric, _ range: Range<Int64>, path: String
  ) throws -> [Sample] {
    let statement = try db.cachedStatement(sql: "SELECT body FROM chunk WHERE id = ?")
    guard let row = try Row.fetchOne(statement, arguments: [chunk]) else { return [] }
    return try row.withUnsafeData(atIndex: 0) { data in
      do {
        return try (data ?? Data()).withUnsafeBytes { bytes in
          try DeviceChunk.decode(
            bytes, metric, from: Timestamp(milliseconds: range.lowerBound),
            to: Timestamp(milliseconds: range.upperBound))
        }
      } catch {
        throw StoreError(.corrupt("chunk \(chunk) is damaged"), path: path)
      }
    }
  }
}

extension Store {
  /// The samples of a series that are in chunks, normalized; conflicts are not marked.
  func chunkSamples(
    _ db: Database, _ device: DeviceIndex, _ metric: Metric, _ range: Range<Int64>
  ) throws -> [Sample] {
    let chunks = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id FROM chunk WHERE device = ? AND last_ms >= ? AND first_ms < ? ORDER BY first_ms
          """), arguments: [device.position, range.lowerBound, range.upperBound])
    var samples: [Sample] = []
    for chunk in chunks {
      samples = Samples.merge(
        samples, try ChunkRows.samples(db, chunk, metric, range, path: path))
    }
    return samples
  }

  /// The last samples of a series before an instant that are in chunks, in order of time.
  func lastChunkSamples(
    _ db: Database, _ device: DeviceIndex, _ metric: Metric, before ms: Int64, count: Int
  ) throws -> [Sample] {
    let chunks = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id FROM chunk WHERE device = ? AND first_ms < ? ORDER BY last_ms DESC
          """), arguments: [device.position, ms])
    var samples: [Sample] = []
    for chunk in chunks where samples.count < count {
      samples = Samples.merge(
        try ChunkRows.samples(db, chunk, metric, .min..<ms, path: path), samples)
    }
    return samples.suffix(count)
  }
}

extension Row {
  /// Decodes the readings of a row that was selected as key and body.
  func forEachReading(path: String, _ place: String, _ body: (Reading) -> Void) throws {
    try withUnsafeData(atIndex: 1) { data in
      try (data ?? Data()).withUnsafeBytes { bytes in
        do {
          try RecentCodec.decode(bytes, body)
        } catch {
          throw StoreError(.corrupt("the readings of \(place) are damaged"), path: path)
        }
      }
    }
  }
}

extension Timestamp {
  /// Before every sample.
  public static let min = Timestamp(milliseconds: .min)
  /// After every sample.
  public static let max = Timestamp(milliseconds: .max)
}
