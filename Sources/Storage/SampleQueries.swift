import Foundation
import GRDB
import Series
import SiteModel

// Reading series back: chunks and not yet compacted batches as one ordered set.

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
  /// without repeats, until it returns false. Memory is bounded by overlapping chunks, not by the
  /// range. One view of the file is held open meanwhile.
  public func forEachSample(
    of device: DeviceIndex, _ metric: Metric, from: Timestamp = .min, to: Timestamp = .max,
    _ body: (Sample) -> Bool
  ) throws(StoreError) {
    let series = SeriesKey(device, metric)
    let range = from.milliseconds..<max(from.milliseconds, to.milliseconds)
    try read { db in
      var pending = try recentSamples(db, device, metric, range)
      for chunk in try chunks(db, series, range) {
        let ready = pending.prefix { $0.time.milliseconds < chunk.firstMs }
        for sample in ready where !body(sample) { return }
        let stored = try decode(db, chunk.id).filter { range.contains($0.time.milliseconds) }
        pending = Samples.merge(Array(pending.dropFirst(ready.count)), stored)
      }
      for sample in pending where !body(sample) { return }
    }
  }

  /// Calls `body` with everything that is stored of all series, in no order, repeats included.
  public func forEachStoredReading(_ body: (Reading) -> Void) throws(StoreError) {
    try read { db in
      let rows = try Row.fetchCursor(db, sql: "SELECT device, metric, body FROM chunk")
      while let row = try rows.next() {
        let device = DeviceIndex(row[0])
        let metric = Metric(number: UInt16(truncatingIfNeeded: row[1] as Int))
        let samples = try row.withUnsafeData(atIndex: 2) { data in
          try (data ?? Data()).withUnsafeBytes { try ChunkCodec.decode($0) }
        }
        for sample in samples {
          body(
            Reading(
              device: device, metric: metric, time: sample.time, value: sample.value,
              quality: sample.quality))
        }
      }
      try forEachRecent(db, .min ..< .max, body)
    }
  }

  /// The metrics of which a device has samples, in catalogue order.
  public func metrics(of device: DeviceIndex) throws(StoreError) -> [Metric] {
    try read { db in
      let stored = try Int.fetchAll(
        db, sql: "SELECT DISTINCT metric FROM chunk WHERE device = ?",
        arguments: [Int(device.position)])
      var metrics = Set(stored.map { Metric(number: UInt16(truncatingIfNeeded: $0)) })
      try forEachRecent(db, .min ..< .max) { reading in
        if reading.device == device { metrics.insert(reading.metric) }
      }
      return metrics.sorted()
    }
  }

  private func recentSamples(
    _ db: Database, _ device: DeviceIndex, _ metric: Metric, _ range: Range<Int64>
  ) throws -> [Sample] {
    var samples: [Sample] = []
    try forEachRecent(db, range) { reading in
      guard reading.metric == metric, reading.device == device,
        range.contains(reading.time.milliseconds)
      else { return }
      samples.append(Sample(time: reading.time, value: reading.value, quality: reading.quality))
    }
    Samples.normalize(&samples)
    return samples
  }

  private func forEachRecent(
    _ db: Database, _ range: Range<Int64>, _ body: (Reading) -> Void
  ) throws {
    let rows = try Row.fetchCursor(
      db,
      sql: "SELECT seq, body FROM recent WHERE last_ms >= ? AND first_ms < ? ORDER BY seq",
      arguments: [range.lowerBound, range.upperBound])
    while let row = try rows.next() {
      try row.forEachRecentReading(path: path, body)
    }
  }

  private func chunks(
    _ db: Database, _ series: SeriesKey, _ range: Range<Int64>
  ) throws -> [(id: Int64, firstMs: Int64)] {
    // Everything asked for is in the index.
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT id, first_ms FROM chunk
        WHERE device = ? AND metric = ? AND last_ms >= ? AND first_ms < ? ORDER BY first_ms
        """, arguments: series.arguments + [range.lowerBound, range.upperBound])
    return rows.map { ($0[0], $0[1]) }
  }

  private func decode(_ db: Database, _ chunk: Int64) throws -> [Sample] {
    let statement = try db.cachedStatement(sql: "SELECT body FROM chunk WHERE id = ?")
    let body = try Data.fetchOne(statement, arguments: [chunk]) ?? Data()
    do {
      return try body.withUnsafeBytes { bytes in try ChunkCodec.decode(bytes) }
    } catch {
      throw StoreError(.corrupt("chunk \(chunk) is damaged"), path: path)
    }
  }
}

extension Row {
  /// Decodes a row of `recent` that was selected as `seq, body`.
  func forEachRecentReading(path: String, _ body: (Reading) -> Void) throws {
    try withUnsafeData(atIndex: 1) { data in
      try (data ?? Data()).withUnsafeBytes { bytes in
        do {
          try RecentCodec.decode(bytes, body)
        } catch {
          let seq: Int64 = self[0]
          throw StoreError(.corrupt("the readings of journal row \(seq) are damaged"), path: path)
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
