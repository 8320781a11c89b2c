import GRDB
import Series
import SiteModel

/// The rows of `rollup_hour` or `rollup_day` by series. It keeps its statements, so that one object
/// is best used for several series.
final class RollupTable {
  private let db: Database
  private var statements: [Filter: PlainStatement] = [:]
  private var insert: PlainStatement?
  /// What a row covers.
  let period: RollupPeriod
  private let name: String

  /// The table of a period.
  init(_ db: Database, _ period: RollupPeriod) {
    (self.db, self.period) = (db, period)
    name = period == .hour ? "rollup_hour" : "rollup_day"
  }

  /// Which rows of a series a query takes.
  private enum Filter: String {
    case newest = "ORDER BY start_ms DESC LIMIT 1"
    case at = "AND start_ms = ?"
    case before = "AND start_ms < ? AND count > 0 ORDER BY start_ms DESC LIMIT 1"
    case from = "AND start_ms >= ? AND count > 0 ORDER BY start_ms LIMIT 1"
    case range = "AND start_ms >= ? AND start_ms < ? ORDER BY start_ms"
  }

  /// The newest row of a series.
  func newest(_ series: SeriesKey) throws -> Rollup? { try rows(series, .newest).first }

  /// The row that begins at an instant.
  func row(_ series: SeriesKey, at start: Timestamp) throws -> Rollup? {
    try rows(series, .at, start).first
  }

  /// The newest row with good samples that begins before an instant.
  func row(_ series: SeriesKey, before start: Timestamp) throws -> Rollup? {
    try rows(series, .before, start).first
  }

  /// The first row with good samples that begins at an instant or later.
  func row(_ series: SeriesKey, from start: Timestamp) throws -> Rollup? {
    try rows(series, .from, start).first
  }

  /// The rows that begin in a range, in order of time.
  func rows(_ series: SeriesKey, from: Timestamp, to: Timestamp) throws -> [Rollup] {
    try rows(series, .range, from, to)
  }

  /// Inserts a row, or puts it in the place of the one with the same begin.
  func write(_ series: SeriesKey, _ row: Rollup) throws {
    let insert =
      try insert
      ?? PlainStatement(
        db,
        """
        INSERT OR REPLACE INTO \(name)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    self.insert = insert
    insert.bind(1, Int64(series.device.position))
    insert.bind(2, Int64(series.metric.number))
    insert.bind(3, row.start.milliseconds)
    insert.bind(4, Int64(row.count))
    insert.bind(5, Int64(row.marked))
    insert.bind(6, row.last?.time == row.latest ? nil : row.latest.since(row.start))
    insert.bind(7, row.first?.time.since(row.start))
    insert.bind(8, row.first?.value)
    insert.bind(9, row.last?.time.since(row.start))
    insert.bind(10, row.last?.value)
    insert.bind(11, row.minimum)
    insert.bind(12, row.maximum)
    insert.bind(13, row.sum)
    insert.bind(14, row.register?.consumption)
    insert.bind(15, row.register?.gapConsumption)
    insert.bind(16, Int64(row.register?.rollovers ?? 0))
    insert.bind(17, Int64(row.register?.resets ?? 0))
    insert.bind(18, Int64(row.register?.glitches ?? 0))
    insert.bind(19, row.isIncomplete ? 1 : 0)
    try insert.run()
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

  private func rows(
    _ series: SeriesKey, _ filter: Filter, _ bounds: Timestamp...
  ) throws -> [Rollup] {
    let select =
      try statements[filter]
      ?? PlainStatement(
        db, "SELECT * FROM \(name) WHERE device = ? AND metric = ? \(filter.rawValue)")
    statements[filter] = select
    select.bind(1, Int64(series.device.position))
    select.bind(2, Int64(series.metric.number))
    for (place, bound) in bounds.enumerated() { select.bind(Int32(place + 3), bound.milliseconds) }
    var rows: [Rollup] = []
    try select.run { rows.append(try Rollup(select, series)) }
    return rows
  }
}

extension Rollup {
  /// The current row, which has all columns in the order of the table.
  fileprivate init(_ row: PlainStatement, _ series: SeriesKey) throws {
    let kind = MetricCatalogue.definition(of: series.metric)?.kind ?? .gauge
    self.init(start: Timestamp(milliseconds: row.integer(2) ?? 0), kind: kind)
    (count, marked) = (Int(row.integer(3) ?? 0), Int(row.integer(4) ?? 0))
    first = try Self.sample(row, start, 6)
    last = try Self.sample(row, start, 8)
    latest = row.integer(5).map(start.advanced) ?? last?.time ?? start
    (minimum, maximum) = (try row.decimal(10), try row.decimal(11))
    sum = try row.decimal(12)
    if register != nil {
      var figures = RegisterFigures()
      figures.consumption = try row.decimal(13)
      figures.gapConsumption = try row.decimal(14)
      figures.rollovers = Int(row.integer(15) ?? 0)
      figures.resets = Int(row.integer(16) ?? 0)
      figures.glitches = Int(row.integer(17) ?? 0)
      register = figures
    }
    isIncomplete = row.integer(18) == 1
  }

  private static func sample(
    _ row: PlainStatement, _ start: Timestamp, _ column: Int32
  ) throws -> Sample? {
    guard let after = row.integer(column), let value = try row.decimal(column + 1) else {
      return nil
    }
    return Sample(time: start.advanced(byMilliseconds: after), value: value)
  }
}
