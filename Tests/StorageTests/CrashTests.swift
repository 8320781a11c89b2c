import Engine
import Foundation
import GRDB
import Series
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// An end at any statement of any step leaves a file that has every committed reading exactly once.
/// The files are copied as they stand on disk when a statement begins, which is what a killed
/// process leaves; the copy is opened and compared with the model.
@Suite struct CrashTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  @Test(arguments: UInt64(0)..<6) func anEndAtAnyStatementLosesNothing(seed: UInt64) throws {
    var random = Random(seed: seed)
    let camera = Camera(path: fixture.path, every: 3 + Int(seed) * 2)
    let store = try Store.open(path: fixture.path, options: smallOptions()) { db in
      // So few pages that a transaction reaches the log before its end.
      try db.execute(sql: "PRAGMA cache_size = 4")
      db.trace(options: .statement) { _ in camera.shoot() }
    }
    var model: [Reading] = []
    for round in 0..<30 {
      let now = at(Int64(round) * 40_000)
      var outcome = Outcome()
      for _ in 0..<(1 + random.below(12)) {
        outcome.readings.append(someReading(&random, round))
      }
      try camera.watch {
        _ = try store.append(batch: batch(["\(round)"]), outcome: outcome)
      }
      try camera.develop { copy in
        let found = try contents(copy)
        #expect(found == expected(model) || found == expected(model + outcome.readings))
      }
      model += outcome.readings
      try camera.watch {
        for _ in 0..<3 { try store.compactIfNeeded(now: now) }
        try store.reclaim(pages: 2)
        if round % 7 == 0 { try store.checkpoint() }
      }
      let whole = expected(model)
      try camera.develop { copy in
        let found = try contents(copy)
        #expect(found == whole)
      }
    }
    #expect(camera.count > 60)
  }

  private func smallOptions() -> StoreOptions {
    var options = StoreOptions()
    options.synchronous = .normal
    options.recentBatchesLimit = 2
    options.recentSamplesLimit = 20
    options.bucketSamplesLimit = 15
    options.compactionStepSamples = 20
    options.chunkSamples = 16
    options.chunkSeriesSamples = 5
    return options
  }

  private func someReading(_ random: inout Random, _ round: Int) -> Reading {
    let isLate = random.below(4) == 0
    let minute = Int64(isLate ? random.below(round + 1) : round)
    return reading(
      [0, 1, 200][random.below(3)], [1, 20][random.below(2)],
      minute * 1_200_000 + Int64(random.below(5)),
      ExactDecimal(significand: Int128(random.below(10_000)), exponent: -2))
  }

  /// Every sample of every series as a query gives it, after the copy was recovered and checked.
  private func contents(_ path: String) throws -> [String] {
    let store = try Store.open(path: path, options: smallOptions())
    defer { try? store.close() }
    #expect(try store.reader.integrityCheck() == [])
    #expect(try store.reader.verifyJournal() == [])
    var lines: [String] = []
    for device in [Int32(0), 1, 200] {
      for metric in [UInt16(1), 20] {
        let samples = try store.reader.samples(
          of: DeviceIndex(device), Metric(number: metric))
        lines += samples.map { "\(device) \(metric) \($0.ms) \($0.value)" }
      }
    }
    return lines
  }

  private func expected(_ model: [Reading]) -> [String] {
    var series: [SeriesKey: [Sample]] = [:]
    for reading in model {
      series[SeriesKey(reading.device, reading.metric), default: []].append(
        Sample(time: reading.time, value: reading.value, quality: reading.quality))
    }
    return series.sorted { $0.key < $1.key }.flatMap { key, samples in
      var samples = samples
      Samples.normalize(&samples)
      return samples.map { sample in
        "\(key.device.position) \(key.metric.number) \(sample.ms) \(sample.value)"
      }
    }
  }
}

/// Copies a database and its log at every n-th statement while it watches.
final class Camera: @unchecked Sendable {
  private let path: String
  private let every: Int
  private var isWatching = false
  private var statements = 0
  private var copies: [String] = []
  /// Copies that were looked at.
  private(set) var count = 0

  init(path: String, every: Int) { (self.path, self.every) = (path, every) }

  func watch(_ body: () throws -> Void) rethrows {
    isWatching = true
    defer { isWatching = false }
    try body()
  }

  func shoot() {
    guard isWatching else { return }
    statements += 1
    guard statements % every == 0 else { return }
    let copy = "\(path).copy-\(statements)"
    for suffix in ["", "-wal"] {
      try? FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
    }
    copies.append(copy)
  }

  /// Looks at the copies and removes them.
  func develop(_ body: (String) throws -> Void) rethrows {
    defer { copies.removeAll() }
    for copy in copies {
      try body(copy)
      count += 1
      for suffix in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: copy + suffix)
      }
    }
  }
}
