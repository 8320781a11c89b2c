import Engine
import Foundation
import SiteModel
import Storage

/// `benchmarks write`: decoded readings of a fleet through the store's one transaction and its
/// compaction, as the collector's thread does it, until all are in chunks and on disk. Counts the
/// store's work alone, not the making of the readings.
enum WriteRun {
  static func run(_ options: Options) throws {
    let path = try options.text("database")
    let minutes = try options.number("minutes", default: 200)
    var fleet = Fleet(devices: try options.number("devices", default: 1_000))
    let metrics = try FleetMetrics()
    let store = try Store.open(path: path)
    let batch = Batch()
    var outcome = Outcome()
    outcome.newDevices = fleet.names
    var (watch, newest, samples, now) = (Watch(), Int64(0), 0, Fleet.start)

    func commit() throws {
      // A store takes no readings without the message they came with; the shortest stands for it.
      batch.append(.tick, at: now)
      try watch.measure {
        newest = try store.commit(
          batch: batch, outcome: outcome, after: newest,
          firstDevice: newest == 0 ? 0 : fleet.names.count)
        if try store.compactIfNeeded(now: now) { _ = try store.compactIfNeeded(now: now) }
      }
      samples += outcome.readings.count
      batch.removeAll()
      outcome.removeAll()
    }
    for _ in 0..<minutes {
      var reports: [(Int, Timestamp, [Int64])] = []
      fleet.next { reports.append(($0, $1, $2)) }
      for (place, time, values) in reports {
        metrics.append(values, of: place, at: time, to: &outcome.readings)
        now = time
        if outcome.readings.count >= 5_000 * Fleet.series.count { try commit() }
      }
    }
    if !outcome.readings.isEmpty { try commit() }
    try watch.measure {
      try store.compactAll(now: now)
      try store.close()
    }
    try Report.write([
      "samples": Double(samples), "wall_s": watch.total.wall_s, "cpu_s": watch.total.cpu_s,
      "bytes": Report.size(path), "peak_rss_bytes": Double(Cost.peakBytes()),
    ])
  }
}

/// The fleet's series as catalogue metrics.
struct FleetMetrics {
  private let metrics: [(metric: Metric, decimals: Int)]

  init() throws {
    metrics = try Fleet.series.map { series in
      guard let metric = MetricCatalogue.metric(named: series.name) else {
        throw Options.Fault(description: "the catalogue has no '\(series.name)'")
      }
      return (metric, series.decimals)
    }
  }

  /// Adds the readings of one report.
  func append(
    _ values: [Int64], of place: Int, at time: Timestamp, to readings: inout [Reading]
  ) {
    let device = DeviceIndex(Int32(place))
    for (row, value) in zip(metrics, values) {
      readings.append(
        Reading(
          device: device, metric: row.metric, time: time,
          value: ExactDecimal(significand: Int128(value), exponent: -row.decimals)))
    }
  }
}

/// The one line that a subcommand prints.
enum Report {
  /// Prints numbers as one JSON object.
  static func write(_ values: [String: Double]) throws {
    let line = try JSONSerialization.data(withJSONObject: values, options: [.sortedKeys])
    try FileHandle.standardOutput.write(contentsOf: line + Data("\n".utf8))
  }

  /// Bytes of a database, its write-ahead log included.
  static func size(_ path: String) -> Double {
    [path, path + "-wal"].reduce(0) { sum, file in
      let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? NSNumber
      return sum + (size?.doubleValue ?? 0)
    }
  }
}
