import Foundation
import GRDB
import Series
import SiteModel

// Rows read one at a time, so that one that cannot be read hides no other.

extension DamageFinder.Entry {
  /// The chunks of a device with samples in a range, in order of time, from the index alone.
  static func all(
    _ db: Database, of device: DeviceIndex, _ range: Range<Int64> = .min ..< .max
  ) throws -> [DamageFinder.Entry] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT id, first_ms, last_ms FROM chunk INDEXED BY chunk_device
        WHERE device = ? AND last_ms >= ? AND first_ms < ? ORDER BY last_ms, first_ms
        """)
    let rows = try Row.fetchAll(
      statement, arguments: [device.position, range.lowerBound, range.upperBound])
    return try rows.map { row in
      guard let id = DamageFinder.integer(row, 0), let first = DamageFinder.integer(row, 1),
        let last = DamageFinder.integer(row, 2)
      else { throw CorruptBytes(offset: 0) }
      return DamageFinder.Entry(id: id, device: device, first: first, last: last)
    }
  }
}

/// Single chunks.
enum ChunkRows {
  /// A chunk that is not as the index says, so that it may be anybody's.
  struct Stranger: Error {}

  /// One series of a chunk.
  static func samples(
    _ db: Database, _ entry: DamageFinder.Entry, _ metric: Metric, _ range: Range<Int64>
  ) throws -> [Sample] {
    let row = try fetch(db, entry)
    return try row.withUnsafeData(atIndex: 0) { data in
      try (data ?? Data()).withUnsafeBytes { bytes in
        try DeviceChunk.decode(
          bytes, metric, from: Timestamp(milliseconds: range.lowerBound),
          to: Timestamp(milliseconds: range.upperBound))
      }
    }
  }

  /// All series of a chunk.
  static func samples(_ db: Database, _ entry: DamageFinder.Entry) throws -> [SeriesSamples] {
    try fetch(db, entry).withUnsafeData(atIndex: 0) { data in
      try (data ?? Data()).withUnsafeBytes { try DeviceChunk.decode($0) }
    }
  }

  /// The bytes of a chunk.
  static func body(_ db: Database, _ entry: DamageFinder.Entry) throws -> Data {
    try fetch(db, entry).decode(Data.self, atIndex: 0)
  }

  /// The body of a chunk. Table and index lie on different pages: what both say is right.
  private static func fetch(_ db: Database, _ entry: DamageFinder.Entry) throws -> Row {
    let statement = try db.cachedStatement(
      sql: "SELECT body, device, first_ms, last_ms FROM chunk WHERE id = ?")
    guard let row = try Row.fetchOne(statement, arguments: [entry.id]),
      (1...3).map({ DamageFinder.integer(row, $0) })
        == [Int64(entry.device.position), entry.first, entry.last]
    else { throw Stranger() }
    return row
  }
}

/// Single rows of `recent` and `pending`.
enum WaitingRows {
  /// The numbers of all rows; where the table cannot be walked to its end, all that there may be.
  static func keys(_ db: Database, _ table: WaitingTable) throws -> [Int64] {
    do {
      return try Int64.fetchAll(
        db, sql: "SELECT \(table.key) FROM \(table.rawValue) NOT INDEXED ORDER BY \(table.key)")
    } catch {
      switch table {
      case .pending:
        // The index is written apart from the table.
        return try Int64.fetchAll(db, sql: "SELECT id FROM pending INDEXED BY pending_bucket")
      case .recent:
        let newest = try Int64.fetchOne(db, sql: "SELECT max(seq) FROM journal") ?? 0
        return Array(max(1, newest - 100_000)...max(1, newest))
      }
    }
  }

  /// One row; nil when there is none of this number.
  static func fetch(
    _ db: Database, _ table: WaitingTable, _ key: Int64
  ) throws -> (samples: Int64, body: Data)? {
    let statement = try db.cachedStatement(
      sql: "SELECT samples, body FROM \(table.rawValue) WHERE \(table.key) = ?")
    guard let row = try Row.fetchOne(statement, arguments: [key]) else { return nil }
    return (DamageFinder.integer(row, 0) ?? -1, try row.decode(Data.self, atIndex: 1))
  }
}

/// What one query could not read, so that it gives everything else and then says what is missing.
final class DamageLog {
  /// Places that are named in the error at most.
  private static let limit = 20

  private let db: Database
  private let finder: DamageFinder
  private var problems: [StoreProblem] = []
  private var count = 0

  /// An empty log of a query on an open view of the file.
  init(_ db: Database) {
    self.db = db
    finder = DamageFinder(db)
  }

  /// Fails when anything was noted.
  func throwIfAny(path: String) throws(StoreError) {
    guard count > 0 else { return }
    var texts = problems.map(\.description)
    if count > texts.count { texts.append("and \(count - texts.count) more") }
    throw StoreError(
      .corrupt("samples are missing: " + texts.joined(separator: "; ")), path: path)
  }

  private func note(_ problem: StoreProblem) {
    if problems.contains(problem) { return }
    count += 1
    if problems.count < Self.limit { problems.append(problem) }
  }

  /// The chunks of a device in a range, by their first times.
  func chunks(of device: DeviceIndex, _ range: Range<Int64>) -> [DamageFinder.Entry] {
    do {
      return try DamageFinder.Entry.all(db, of: device, range).sorted { $0.first < $1.first }
    } catch {
      note(finder.unlisted(device, error))
      return []
    }
  }

  /// The bytes of a chunk; nil, and noted, when they cannot be read.
  func body(of entry: DamageFinder.Entry, _ metric: Metric) -> Data? {
    do {
      return try ChunkRows.body(db, entry)
    } catch {
      note(entry, error, metric)
      return nil
    }
  }

  /// Notes a chunk of which one series, or all, could not be read because of `error`.
  func note(_ entry: DamageFinder.Entry, _ error: any Error, _ metric: Metric) {
    note(finder.problem(entry, error, metric))
  }

  /// The readings of all rows that can be read.
  func forEachReading(_ table: WaitingTable, _ body: (Reading) -> Void) throws {
    for key in try WaitingRows.keys(db, table) {
      do {
        guard let row = try WaitingRows.fetch(db, table, key) else { continue }
        try row.body.withUnsafeBytes { try RecentCodec.decode($0, body) }
      } catch {
        note(finder.problem(table, key, DamageFinder.text(error)))
      }
    }
  }
}
