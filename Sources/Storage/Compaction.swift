import Foundation
import GRDB
import Series
import SiteModel

// Moves readings from `recent`, where commits put them as they came, into chunks by series. A run
// covers all rows of `recent` at its start and goes through the devices in steps, so that no step
// holds the write lock for long. Between the steps some samples are in both places; readers drop
// repeats.

extension Store {
  /// Does one step of compaction when enough readings wait or a run is under way; true when it did.
  /// Call it after each commit. `force` starts a run whatever waits.
  @discardableResult
  public func compactIfNeeded(force: Bool = false) throws(StoreError) -> Bool {
    try write { db in
      guard let run = try currentRun(db, force: force) else { return false }
      let step = try collect(db, run)
      for (series, samples) in step.samples.sorted(by: { $0.key < $1.key }) {
        try store(db, series, samples)
      }
      if let next = step.nextDevice {
        try db.execute(
          sql: "INSERT OR REPLACE INTO compaction VALUES (1, ?, ?)",
          arguments: [run.throughSeq, Int(next)])
      } else {
        try db.execute(sql: "DELETE FROM recent WHERE seq <= ?", arguments: [run.throughSeq])
        try db.execute(sql: "DELETE FROM compaction")
      }
      return true
    }
  }

  /// Compacts everything that waits.
  public func compactAll() throws(StoreError) {
    while try compactIfNeeded(force: true) {}
  }

  private struct Run {
    var throughSeq: Int64
    var firstDevice: Int32
  }

  private struct Step {
    var samples: [SeriesKey: [Sample]] = [:]
    /// Where the next step begins; nil when this is the last.
    var nextDevice: Int32?
  }

  private func currentRun(_ db: Database, force: Bool) throws -> Run? {
    if let row = try Row.fetchOne(db, sql: "SELECT through_seq, next_device FROM compaction") {
      return Run(throughSeq: row[0], firstDevice: row[1])
    }
    let waiting = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT count(*), ifnull(sum(samples), 0), max(seq) FROM recent"))
    guard let waiting, let newest: Int64 = waiting[2] else { return nil }
    let isDue =
      force || waiting[0] >= options.recentBatchesLimit || waiting[1] >= options.recentSamplesLimit
    return isDue ? Run(throughSeq: newest, firstDevice: 0) : nil
  }

  private func collect(_ db: Database, _ run: Run) throws -> Step {
    let counts = try countByDevice(db, run)
    var step = Step()
    var total = 0
    for (device, count) in counts.sorted(by: { $0.key < $1.key }) {
      if total > 0, total + count > options.compactionStepSamples {
        step.nextDevice = device
        break
      }
      total += count
    }
    let end = step.nextDevice ?? .max
    try forEachReading(db, run) { reading in
      guard reading.device.position < end else { return }
      step.samples[SeriesKey(reading.device, reading.metric), default: []].append(
        Sample(time: reading.time, value: reading.value, quality: reading.quality))
    }
    return step
  }

  private func countByDevice(_ db: Database, _ run: Run) throws -> [Int32: Int] {
    var counts: [Int32: Int] = [:]
    // Readings of one device come in rows, so that counting them first spares most look-ups.
    var (device, count) = (run.firstDevice, 0)
    try forEachReading(db, run) { reading in
      if reading.device.position != device {
        counts[device, default: 0] += count
        (device, count) = (reading.device.position, 0)
      }
      count += 1
    }
    counts[device, default: 0] += count
    return counts
  }

  private func forEachReading(
    _ db: Database, _ run: Run, _ body: (Reading) -> Void
  ) throws {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT seq, body FROM recent WHERE seq <= ? ORDER BY seq",
      arguments: [run.throughSeq])
    while let row = try rows.next() {
      try row.forEachRecentReading(path: path) { reading in
        if reading.device.position >= run.firstDevice { body(reading) }
      }
    }
  }

  /// Writes the samples of one series. Newest chunks that are not much larger than what is added
  /// are taken in and written anew, so that a sample is rewritten a few times only, yet most chunks
  /// are full.
  private func store(_ db: Database, _ series: SeriesKey, _ added: [Sample]) throws {
    var samples = added
    Samples.normalize(&samples)
    let newest = try db.cachedStatement(
      sql: """
        SELECT id, samples, body FROM chunk WHERE device = ? AND metric = ?
        ORDER BY last_ms DESC LIMIT 1
        """)
    while let row = try Row.fetchOne(newest, arguments: series.arguments) {
      let count: Int = row[1]
      guard count <= samples.count * 4, count + samples.count <= options.chunkSamples else { break }
      // A damaged chunk stays where it is, for `verify` to name.
      let body: Data = row[2]
      let decoded = try? body.withUnsafeBytes { bytes in try ChunkCodec.decode(bytes) }
      guard let old = decoded else { break }
      samples = Samples.merge(old, samples)
      try db.cachedStatement(sql: "DELETE FROM chunk WHERE id = ?").execute(arguments: [row[0]])
    }
    for start in stride(from: 0, to: samples.count, by: options.chunkSamples) {
      try insert(db, series, samples[start..<min(start + options.chunkSamples, samples.count)])
    }
  }

  private func insert(_ db: Database, _ series: SeriesKey, _ samples: ArraySlice<Sample>) throws {
    guard let first = samples.first, let last = samples.last else { return }
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO chunk (device, metric, first_ms, last_ms, samples, body)
        VALUES (?, ?, ?, ?, ?, ?)
        """)
    try insert.execute(
      arguments: series.arguments + [
        first.time.milliseconds, last.time.milliseconds, samples.count,
        Data(ChunkCodec.encode(samples)),
      ])
  }
}

/// Names one series: device and metric in one number, which hashes and sorts fast.
struct SeriesKey: Hashable, Comparable {
  private let number: Int64

  init(_ device: DeviceIndex, _ metric: Metric) {
    number = Int64(device.position) << 16 | Int64(metric.number)
  }

  static func < (left: SeriesKey, right: SeriesKey) -> Bool { left.number < right.number }

  /// Device and metric as the tables hold them.
  var arguments: StatementArguments { [number >> 16, number & 0xFFFF] }
}
