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
  /// the given order. Devices are best given in the order of their numbers. What cannot be read
  /// hides nothing else: when everything else was given, the call fails and names it.
  public func forEachSample(
    of devices: [DeviceIndex], _ metrics: [Metric], from: Timestamp = .min, to: Timestamp = .max,
    _ body: (DeviceIndex, Metric, Sample) -> Bool
  ) throws(StoreError) {
    try forEachRun(of: devices, metrics, from: from, to: to) { device, metric, samples in
      samples.allSatisfy { body(device, metric, $0) }
    }
  }

  /// The same in runs: some successive samples of one series at a time, at most about a chunk's.
  public func forEachRun(
    of devices: [DeviceIndex], _ metrics: [Metric], from: Timestamp = .min, to: Timestamp = .max,
    _ body: (DeviceIndex, Metric, [Sample]) -> Bool
  ) throws(StoreError) {
    try read { _ in
      let scan = try SeriesScan(self, of: devices, metrics, from: from, to: to)
      for device in devices {
        let stretch = try scan.stretch(of: device)
        for metric in metrics {
          let goesOn = try scan.forEachRun(of: stretch, metric) { body(device, metric, $0) }
          if !goesOn { return try scan.finish() }
        }
      }
      try scan.finish()
    }
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
  /// one bucket or of all. With a log for damage, rows that cannot be read are left out and noted,
  /// and some readings may be given twice.
  func forEachWaiting(
    _ db: Database, _ table: String, _ range: Range<Int64>, _ bucket: Int32?,
    noting damage: DamageLog? = nil, _ body: (Reading) -> Void
  ) throws {
    do { try forEachSoundWaiting(db, table, range, bucket, body) } catch {
      guard let damage, let table = WaitingTable(rawValue: table) else { throw error }
      try damage.forEachReading(table, body)
    }
  }

  private func forEachSoundWaiting(
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
      try row.forEachReading(path: path, "\(place) \(DamageFinder.integer(row, 0) ?? 0)", body)
    }
  }

  private func decode(_ row: Row) throws -> [SeriesSamples] {
    try row.withUnsafeData(atIndex: 2) { data in
      do {
        return try (data ?? Data()).withUnsafeBytes { try DeviceChunk.decode($0) }
      } catch {
        throw StoreError(
          .corrupt("chunk \(DamageFinder.integer(row, 0) ?? 0) is damaged"), path: path)
      }
    }
  }
}

extension Store {
  /// The samples of a series that are in chunks, normalized; conflicts are not marked.
  func chunkSamples(
    _ db: Database, _ device: DeviceIndex, _ metric: Metric, _ range: Range<Int64>
  ) throws -> [Sample] {
    var samples: [Sample] = []
    for chunk in try DamageFinder.Entry.all(db, of: device, range) {
      samples = Samples.merge(samples, try read(db, chunk, metric, range))
    }
    return samples
  }

  /// The last samples of a series before an instant that are in chunks, in order of time.
  func lastChunkSamples(
    _ db: Database, _ device: DeviceIndex, _ metric: Metric, before ms: Int64, count: Int
  ) throws -> [Sample] {
    let range = Int64.min..<ms
    var samples: [Sample] = []
    for chunk in try DamageFinder.Entry.all(db, of: device, range).reversed()
    where samples.count < count {
      samples = Samples.merge(try read(db, chunk, metric, range), samples)
    }
    return samples.suffix(count)
  }

  private func read(
    _ db: Database, _ chunk: DamageFinder.Entry, _ metric: Metric, _ range: Range<Int64>
  ) throws -> [Sample] {
    do { return try ChunkRows.samples(db, chunk, metric, range) } catch {
      let problem = DamageFinder(db).problem(chunk, error, metric)
      throw StoreError(.corrupt(problem.description), path: path)
    }
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
