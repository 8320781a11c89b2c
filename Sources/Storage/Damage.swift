import Foundation
import GRDB
import Series
import SiteModel

/// Finds out what is lost when stored samples cannot be read: whose, of what, and of which time. It
/// takes from elsewhere in the file what the damaged place itself does not tell any more.
struct DamageFinder {
  /// A chunk as the index knows it, which lies on other pages than the chunk itself.
  struct Entry {
    var id: Int64
    var device: DeviceIndex
    var first: Int64
    var last: Int64
  }

  /// What was read of a chunk.
  struct Reading {
    var series: [SeriesSamples] = []
    /// Nil when all is well.
    var problem: StoreProblem?
  }

  private let db: Database

  /// A finder on an open view of the file.
  init(_ db: Database) { self.db = db }

  /// Reads a chunk as far as that is possible.
  func read(_ entry: Entry) -> Reading {
    let row: Row?
    do {
      let statement = try db.cachedStatement(
        sql: "SELECT device, first_ms, last_ms, samples, body FROM chunk WHERE id = ?")
      row = try Row.fetchOne(statement, arguments: [entry.id])
    } catch {
      return Reading(problem: problem(entry, [], "cannot be read (\(Self.text(error)))"))
    }
    guard let row else { return Reading(problem: problem(entry, [], "is missing")) }
    guard let body = try? row.decode(Data.self, atIndex: 4) else {
      return Reading(problem: problem(entry, [], "cannot be read (no body)"))
    }
    let (series, damaged) = body.withUnsafeBytes { DeviceChunk.salvage($0) }
    if !damaged.isEmpty {
      return Reading(
        series: series, problem: problem(entry, damaged, "the checksum does not match"))
    }
    let stored = (0..<4).map { Self.integer(row, $0) }
    let listed = [Int64(entry.device.position), entry.first, entry.last, Int64(series.sampleCount)]
    let isConsistent =
      stored == listed && series.firstTime == entry.first && series.lastTime == entry.last
    guard isConsistent else {
      // Whose samples these are is in doubt.
      return Reading(problem: problem(entry, [], "device, times or count do not match"))
    }
    return Reading(series: series)
  }

  /// `chunk 17: BS-0001 voltage.a, current.a 2026-03-01T00:00:00.000Z … 2026-03-02T…: text`; all
  /// series where none is known.
  func problem(_ entry: Entry, _ metrics: [Metric?], _ text: String) -> StoreProblem {
    let names = metrics.map { metric in
      metric.map { MetricCatalogue.definition(of: $0)?.name ?? "metric \($0.number)" }
    }
    let known = names.compactMap(\.self)
    let series = known.count == names.count && !known.isEmpty ? known : ["all series"]
    return StoreProblem(
      place: "chunk \(entry.id)",
      text: "\(name(of: entry.device)) \(series.joined(separator: ", ")) "
        + "\(Self.span(entry.first, entry.last)): \(text)")
  }

  /// A chunk of which one series, or all, could not be read because of `error`.
  func problem(_ entry: Entry, _ error: any Error, _ metric: Metric?) -> StoreProblem {
    switch error {
    case is CorruptBytes: problem(entry, [metric], Self.text(error))
    case is ChunkRows.Stranger: problem(entry, [], "is not as the index says")
    default: problem(entry, [], "cannot be read (\(Self.text(error)))")
    }
  }

  /// A device whose chunks cannot even be listed.
  func unlisted(_ device: DeviceIndex, _ error: any Error) -> StoreProblem {
    StoreProblem(
      place: "device \(name(of: device))",
      text: "the list of its chunks cannot be read (\(Self.text(error)))")
  }

  /// A row of `recent` or `pending` that cannot be used.
  func problem(_ table: WaitingTable, _ key: Int64, _ text: String) -> StoreProblem {
    var parts: [String] = []
    switch table {
    case .recent: parts.append("readings of journal row \(key)")
    case .pending:
      let bucket =
        integer("SELECT bucket FROM pending WHERE id = ?", key)
        ?? integer("SELECT bucket FROM pending INDEXED BY pending_bucket WHERE id = ?", key)
      parts.append(bucket.map(devices) ?? "readings of an unknown bucket of devices")
    }
    let first = integer("SELECT first_ms FROM \(table.rawValue) WHERE \(table.key) = ?", key)
    let last = integer("SELECT last_ms FROM \(table.rawValue) WHERE \(table.key) = ?", key)
    if let first, let last { parts.append(Self.span(first, last)) }
    return StoreProblem(
      place: "\(table.rawValue) \(key)", text: "\(parts.joined(separator: " ")): \(text)")
  }

  /// Name of a device; its number when the name cannot be read.
  func name(of device: DeviceIndex) -> String {
    let statement = try? db.cachedStatement(sql: "SELECT name FROM device WHERE id = ?")
    let name = statement.flatMap { try? String.fetchOne($0, arguments: [device.position]) }
    return name ?? "device number \(device.position)"
  }

  private func devices(_ bucket: Int64) -> String {
    let size = Int64(Pending.bucketDevices)
    let highest = integer("SELECT max(id) FROM device WHERE id < ?", (bucket + 1) &* size)
    guard let first = Int32(exactly: bucket &* size),
      let last = Int32(exactly: highest ?? (bucket + 1) &* size - 1), first <= last
    else { return "readings of the devices of bucket \(bucket)" }
    return "readings of the devices \(name(of: DeviceIndex(first))) to "
      + "\(name(of: DeviceIndex(last))) (numbers \(first) to \(last))"
  }

  private func integer(_ sql: String, _ key: Int64) -> Int64? {
    (try? Row.fetchOne(db, sql: sql, arguments: [key])).flatMap { Self.integer($0, 0) }
  }

  /// A stored number; nil for anything else, which a damaged page may hold.
  static func integer(_ row: Row, _ column: Int) -> Int64? {
    guard case .int64(let number) = (row[column] as DatabaseValue).storage else { return nil }
    return number
  }

  /// `2026-03-01T00:00:00.000Z … 2026-03-02T00:00:00.000Z`.
  static func span(_ first: Int64, _ last: Int64) -> String {
    "\(Timestamp(milliseconds: first)) … \(Timestamp(milliseconds: last))"
  }

  /// What SQLite or the storage says, without the advice.
  static func text(_ error: any Error) -> String {
    switch error {
    case let error as DatabaseError: error.message ?? "SQLite error \(error.resultCode.rawValue)"
    case is CorruptBytes: "the checksum does not match"
    case let error as StoreError:
      if case .corrupt(let detail) = error.reason { detail } else { error.description }
    default: "\(error)"
    }
  }
}

/// The tables of readings that are in no chunk yet.
enum WaitingTable: String {
  case recent, pending

  /// The column that numbers the rows.
  var key: String { self == .recent ? "seq" : "id" }
}
