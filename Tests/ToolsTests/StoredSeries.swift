import Engine
import Foundation
import Setup
import SiteModel
import Storage
import TestSupport

@testable import Tools

/// A configuration whose database holds what a test commits.
final class StoredSeries {
  let folder: TemporaryFolder
  let settings: Settings

  init() throws {
    folder = try TemporaryFolder()
    settings = try folder.settings(database: "d.db")
  }

  /// Commits readings as the collector would, with what it calls new devices; takes them into
  /// chunks when asked to.
  func commit(
    devices: [String] = [], texts: [String] = [], _ readings: [Reading], isCompacted: Bool = false
  ) throws {
    let store = try Store.open(path: settings.database)
    let batch = Batch()
    batch.append(.tick, at: Timestamp(milliseconds: 1))
    var outcome = Outcome()
    (outcome.newDevices, outcome.newTexts, outcome.readings) = (devices, texts, readings)
    try store.commit(
      batch: batch, outcome: outcome, after: store.reader.newestSegment(),
      firstDevice: store.reader.deviceNames().count)
    if isCompacted { try store.compactAll(now: Timestamp(milliseconds: 1)) }
    try store.close()
  }

  /// What `write` writes.
  func output(_ write: (ByteOutput) throws -> Void) throws -> [String] {
    let path = folder.path + "/output"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    try write(ByteOutput(descriptor: descriptor))
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// What the query command prints.
  func query(
    devices: [String] = [], metrics: [String] = [], from: Timestamp = .min, to: Timestamp = .max,
    format: QueryTool.Format = .csv
  ) throws -> [String] {
    try output { output in
      try QueryTool(settings: settings, devices: devices, metrics: metrics, format: format)
        .samples(from: from, to: to, to: output)
    }
  }

  /// What the export command writes.
  func export(_ change: (inout ExportTool.Request) -> Void = { _ in }) throws -> [String] {
    var request = ExportTool.Request()
    change(&request)
    return try output { output in
      _ = try ExportTool(settings: settings, request: request)
        .run(to: output, progress: Progress("", show: nil))
    }
  }
}

/// A reading at seconds after 2026-03-01T00:00:00Z.
func reading(
  _ device: Int32, _ metric: String, _ second: Int64, _ value: ExactDecimal,
  _ quality: Quality = .good
) -> Reading {
  Reading(
    device: DeviceIndex(device),
    metric: MetricCatalogue.metric(named: metric) ?? Metric(number: 0),
    time: Timestamp(milliseconds: 1_772_323_200_000 + second * 1000), value: value,
    quality: quality)
}
