import Foundation
import GRDB
import Series
import SiteModel

/// Where the `samples` table reads: chunks one at a time, and what waits for them, decoded once a
/// bucket. Lives as long as one view of the file.
final class SampleSource {
  /// Chunks of a device that overlap in time; different stretches do not.
  struct Stretch {
    var chunks: [DamageFinder.Entry]
    var lastMs: Int64
  }

  /// Devices in the file, for estimates.
  let deviceCount: Int
  /// The texts that stored values of text metrics stand for.
  let texts: TextTable
  private unowned let db: Database
  private unowned let reader: StoreReader
  private var recent: [Int32: [Reading]]?
  private var pending: [Int32: [Reading]] = [:]
  private var bucket: Int32 = -1

  /// A source on an open view of a file.
  init(_ db: Database, _ reader: StoreReader) throws {
    self.db = db
    self.reader = reader
    texts = TextTable(texts: try String.fetchAll(db, sql: "SELECT text FROM text ORDER BY id"))
    deviceCount = try Int.fetchOne(db, sql: "SELECT count(*) FROM device") ?? 0
  }

  /// The file.
  var path: String { reader.path }

  /// The device with a name; nil when it was never seen.
  func device(named name: String) throws -> (index: DeviceIndex, name: String)? {
    let statement = try db.cachedStatement(sql: "SELECT id FROM device WHERE name = ?")
    return try Int32.fetchOne(statement, arguments: [name]).map { (DeviceIndex($0), name) }
  }

  /// The device that follows in the order of numbers; nil after the last.
  func device(after device: DeviceIndex?) throws -> (index: DeviceIndex, name: String)? {
    let statement = try db.cachedStatement(
      sql: "SELECT id, name FROM device WHERE id > ? ORDER BY id LIMIT 1")
    return try Row.fetchOne(statement, arguments: [device?.position ?? -1])
      .map { (DeviceIndex($0[0]), $0[1]) }
  }

  /// Where a device has chunks that may have samples of the times, in their order.
  func stretches(of device: DeviceIndex, _ times: ClosedRange<Int64>) throws -> [Stretch] {
    let end = times.upperBound == .max ? .max : times.upperBound + 1
    var stretches: [Stretch] = []
    let chunks = try DamageFinder.Entry.all(db, of: device, times.lowerBound..<end)
    for chunk in chunks.sorted(by: { $0.first < $1.first }) {
      if let last = stretches.last, chunk.first <= last.lastMs {
        stretches[stretches.count - 1].chunks.append(chunk)
        stretches[stretches.count - 1].lastMs = max(last.lastMs, chunk.last)
      } else {
        stretches.append(Stretch(chunks: [chunk], lastMs: chunk.last))
      }
    }
    return stretches
  }

  /// Adds what a chunk has for the filter.
  func read(
    _ chunk: DamageFinder.Entry, _ filter: SampleFilter, into series: inout [Metric: [Sample]]
  ) throws {
    do {
      if let metric = filter.metric {
        let (low, high) = (filter.times.lowerBound, filter.times.upperBound)
        let samples = try ChunkRows.samples(
          db, chunk, metric, low..<(high == .max ? .max : high + 1))
        series[metric] = Samples.merge(series[metric] ?? [], samples)
        return
      }
      for one in try ChunkRows.samples(db, chunk) {
        let samples = one.samples.filter { filter.times.contains($0.ms) }
        series[one.metric] = Samples.merge(series[one.metric] ?? [], samples)
      }
    } catch {
      let problem = DamageFinder(db).problem(chunk, error, filter.metric)
      throw StoreError(.corrupt(problem.description), path: path)
    }
  }

  /// What a device has in no chunk yet, of the filter; normalized.
  func waiting(of device: DeviceIndex, _ filter: SampleFilter) throws -> [Metric: [Sample]] {
    var series: [Metric: [Sample]] = [:]
    for reading in try waitingReadings(of: device) {
      guard filter.metric == nil || filter.metric == reading.metric,
        filter.times.contains(reading.time.milliseconds)
      else { continue }
      series[reading.metric, default: []].append(
        Sample(time: reading.time, value: reading.value, quality: reading.quality))
    }
    return series.mapValues { samples in
      var samples = samples
      Samples.normalize(&samples)
      return samples
    }
  }

  private func waitingReadings(of device: DeviceIndex) throws -> [Reading] {
    let next = device.position / Pending.bucketDevices
    if next != bucket {
      pending = try readings("pending", next)
      bucket = next
    }
    let recent = try recent ?? readings("recent", nil)
    self.recent = recent
    return (pending[device.position] ?? []) + (recent[device.position] ?? [])
  }

  private func readings(_ table: String, _ bucket: Int32?) throws -> [Int32: [Reading]] {
    var readings: [Int32: [Reading]] = [:]
    try reader.forEachWaiting(db, table, .min ..< .max, bucket) { reading in
      readings[reading.device.position, default: []].append(reading)
    }
    return readings
  }
}
