import GRDB
import Series
import SiteModel

/// The rows of `rollup_hour` or `rollup_day`, as one device's or as any.
struct RollupTable {
  private let db: Database
  /// What a row covers.
  let period: RollupPeriod
  private let name: String

  /// The table of a period.
  init(_ db: Database, _ period: RollupPeriod) {
    (self.db, self.period) = (db, period)
    name = period == .hour ? "rollup_hour" : "rollup_day"
  }

  /// The newest row of a series.
  func newest(_ series: SeriesKey) throws -> Rollup? {
    try first(series, "", [], "start_ms DESC")
  }

  /// The row that begins at an instant.
  func row(_ series: SeriesKey, at start: Timestamp) throws -> Rollup? {
    try first(series, "AND start_ms = ?", [start.milliseconds], "start_ms")
  }

  /// The newest row with good samples that begins before an instant.
  func row(_ series: SeriesKey, before start: Timestamp) throws -> Rollup? {
    try first(
      series, "AND start_ms < ? AND count > 0", [start.milliseconds], "start_ms DESC")
  }

  /// The first row with good samples that begins at an instant or later.
  func row(_ series: SeriesKey, from start: Timestamp) throws -> Rollup? {
    try first(series, "AND start_ms >= ? AND count > 0", [start.milliseconds], "start_ms")
  }

  /// The rows that begin in a range, in order of time.
  func rows(_ series: SeriesKey, from: Timestamp, to: Timestamp) throws -> [Rollup] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT * FROM \(name) WHERE device = ? AND metric = ? AND start_ms >= ? AND start_ms < ?
        ORDER BY start_ms
        """)
    let rows = try Row.fetchCursor(
      statement, arguments: series.arguments + [from.milliseconds, to.milliseconds])
    var found: [Rollup] = []
    while let row = try rows.next() { found.append(try Rollup(row, series)) }
    return found
  }

  /// Inserts a row, or puts it in the place of the one with the same begin.
  func write(_ series: SeriesKey, _ row: Rollup) throws {
    let start = row.start
    let figures = row.register
    let isLatestGood = row.last?.time == row.latest
    try db.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO \(name)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: series.arguments + [
        start.milliseconds, row.count, row.marked,
        isLatestGood ? nil : row.latest.since(start), row.first?.time.since(start),
        row.first?.value.description, row.last?.time.since(start), row.last?.value.description,
        row.minimum?.description, row.maximum?.description, row.sum?.description,
        figures?.consumption?.description, figures?.gapConsumption?.description,
        figures?.rollovers ?? 0, figures?.resets ?? 0, figures?.glitches ?? 0, row.isIncomplete,
      ])
  }

  /// The first series with rows that follows another in order of device and metric.
  func series(after series: SeriesKey?) throws -> SeriesKey? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT device, metric FROM \(name) WHERE (device, metric) > (?, ?)
        ORDER BY device, metric LIMIT 1
        """)
    let row = try Row.fetchOne(statement, arguments: series?.arguments ?? [-1, 0])
    return row.map {
      SeriesKey(DeviceIndex($0[0]), Metric(number: UInt16(truncatingIfNeeded: $0[1] as Int)))
    }
  }

  /// Removes the oldest rows that begin before an instant; returns how many.
  func remove(_ series: SeriesKey, before start: Timestamp, atMost limit: Int) throws -> Int {
    try db.cachedStatement(
      sql: """
        DELETE FROM \(name) WHERE device = ?1 AND metric = ?2 AND start_ms IN (
          SELECT start_ms FROM \(name) WHERE device = ?1 AND metric = ?2 AND start_ms < ?3
          ORDER BY start_ms LIMIT ?4)
        """
    ).execute(arguments: series.arguments + [start.milliseconds, limit])
    return db.changesCount
  }

  private func first(
    _ series: SeriesKey, _ filter: String, _ arguments: StatementArguments, _ order: String
  ) throws -> Rollup? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT * FROM \(name) WHERE device = ? AND metric = ? \(filter) ORDER BY \(order) LIMIT 1
        """)
    let rows = try Row.fetchCursor(statement, arguments: series.arguments + arguments)
    return try rows.next().map { try Rollup($0, series) }
  }
}

extension Rollup {
  /// A row with all columns in the order of the table.
  init(_ row: Row, _ series: SeriesKey) throws {
    let kind = MetricCatalogue.definition(of: series.metric)?.kind ?? .gauge
    self.init(start: Timestamp(milliseconds: row[2]), kind: kind)
    (count, marked) = (row[3], row[4])
    first = try Self.sample(row, start, 6)
    last = try Self.sample(row, start, 8)
    let after: Int64? = row[5]
    latest = after.map(start.advanced) ?? last?.time ?? start
    (minimum, maximum) = (try Self.decimal(row, 10), try Self.decimal(row, 11))
    sum = try Self.decimal(row, 12)
    if register != nil {
      register?.consumption = try Self.decimal(row, 13)
      register?.gapConsumption = try Self.decimal(row, 14)
      register?.rollovers = row[15]
      register?.resets = row[16]
      register?.glitches = row[17]
    }
    isIncomplete = row[18]
  }

  private static func sample(_ row: Row, _ start: Timestamp, _ column: Int) throws -> Sample? {
    guard let after: Int64 = row[column], let value = try decimal(row, column + 1) else {
      return nil
    }
    return Sample(time: start.advanced(byMilliseconds: after), value: value)
  }

  private static func decimal(_ row: Row, _ column: Int) throws -> ExactDecimal? {
    guard let text: String = row[column] else { return nil }
    guard let value = ExactDecimal(stored: text) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "roll-up: '\(text)' is no number")
    }
    return value
  }
}
