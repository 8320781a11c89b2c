import Alerting
import Foundation
import GRDB
import Series
import SiteModel

/// Samples that are stored but cannot be read.
public struct DamagedSamples: Sendable, Equatable {
  /// The device; nil when it may be any.
  public var device: DeviceIndex?
  /// The metric; nil when it may be any.
  public var metric: Metric?
  /// Earliest of them.
  public var first: Timestamp
  /// Latest of them.
  public var last: Timestamp

  /// Whether a reading may be one of them.
  public func mayHold(_ reading: Reading) -> Bool {
    first <= reading.time && reading.time <= last && (device ?? reading.device) == reading.device
      && (metric ?? reading.metric) == reading.metric
  }
}

extension StoreReader {
  /// Calls `body` with everything that is stored of the devices that are asked for, in no order,
  /// repeats included. What is damaged is left out and returned.
  public func forEachReadableSample(
    _ isAsked: (DeviceIndex) -> Bool, _ body: (Reading) -> Void
  ) throws(StoreError) -> [DamagedSamples] {
    try read { db in
      var damaged: [DamagedSamples] = []
      // All but the body is in the index, so that a damaged row is known by device and time.
      let chunks = try Row.fetchCursor(
        db, sql: "SELECT id, first_ms, last_ms, device FROM chunk ORDER BY device, last_ms")
      while let row = try chunks.next() {
        let device = DeviceIndex(row[3])
        guard isAsked(device) else { continue }
        damaged += try readChunk(db, row, device, body)
      }
      for table in ["pending", "recent"] {
        let key = table == "pending" ? "id" : "seq"
        let rows = try Row.fetchCursor(db, sql: "SELECT \(key), first_ms, last_ms FROM \(table)")
        while let row = try rows.next() {
          let sql = "SELECT \(key), body FROM \(table) WHERE \(key) = ?"
          let isWhole = try isReadable {
            let found = try Row.fetchOne(
              db.cachedStatement(sql: sql), arguments: [row[0] as Int64])
            try found?.forEachReading(path: path, table) { if isAsked($0.device) { body($0) } }
          }
          if !isWhole { damaged.append(DamagedSamples(row, nil, nil)) }
        }
      }
      // Chunks of a version 1 file that could not be taken over.
      guard try db.tableExists("old_chunk") else { return damaged }
      let old = try Row.fetchCursor(
        db, sql: "SELECT id, first_ms, last_ms, device, metric FROM old_chunk")
      while let row = try old.next() {
        let metric = Metric(number: UInt16(truncatingIfNeeded: row[4] as Int))
        damaged.append(DamagedSamples(row, DeviceIndex(row[3]), metric))
      }
      return damaged
    }
  }

  /// Samples that were imported, repeats included.
  public func importedSamples() throws(StoreError) -> Int64 {
    try read { db in
      try Int64.fetchOne(db, sql: "SELECT value FROM counter WHERE name = 'imported'") ?? 0
    }
  }

  /// Alerts that changed after a journal row, in the order of their begin.
  public func alerts(changedAfter seq: Int64) throws(StoreError) -> [AlertRecord] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM alert WHERE changed_seq > ? ORDER BY opened_ms, id",
        arguments: [seq]
      ).map(Self.alert)
    }
  }

  private func readChunk(
    _ db: Database, _ place: Row, _ device: DeviceIndex, _ body: (Reading) -> Void
  ) throws -> [DamagedSamples] {
    var damaged: [Metric?] = []
    let isWhole = try isReadable {
      let statement = try db.cachedStatement(sql: "SELECT body FROM chunk WHERE id = ?")
      guard let row = try Row.fetchOne(statement, arguments: [place[0] as Int64]) else { return }
      let found = try row.withUnsafeData(atIndex: 0) { data in
        (data ?? Data()).withUnsafeBytes { DeviceChunk.salvage($0) }
      }
      damaged = found.damaged
      for series in found.series {
        for sample in series.samples {
          body(
            Reading(
              device: device, metric: series.metric, time: sample.time, value: sample.value,
              quality: sample.quality))
        }
      }
    }
    if !isWhole { damaged = [nil] }
    return damaged.map { DamagedSamples(place, device, $0) }
  }

  /// Runs a body; false when it met damaged bytes.
  private func isReadable(_ body: () throws -> Void) throws -> Bool {
    do {
      try body()
      return true
    } catch {
      guard case .corrupt = StoreError(error, path: path).reason else { throw error }
      return false
    }
  }
}

extension DamagedSamples {
  /// What a row has that was selected as key, first and last time.
  init(_ row: Row, _ device: DeviceIndex?, _ metric: Metric?) {
    self.init(
      device: device, metric: metric, first: Timestamp(milliseconds: row[1]),
      last: Timestamp(milliseconds: row[2]))
  }
}
