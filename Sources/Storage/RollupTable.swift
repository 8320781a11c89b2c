import GRDB
import Series
import SiteModel

/// The rows of `rollup_hour` or `rollup_day` by series, as SchemaRollups.swift describes them. It
/// keeps its statements, so that one object is best used for several series.
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
    name = "rollup_" + period.rawValue
  }

  /// Which rows of a series a query takes; `#` is the column that numbers the periods.
  private enum Filter: String {
    case newest = "ORDER BY # DESC LIMIT 1"
    case at = "AND # = ?"
    case before = "AND # < ? AND count > 0 ORDER BY # DESC LIMIT 1"
    case from = "AND # >= ? AND count > 0 ORDER BY # LIMIT 1"
    case range = "AND # >= ? AND # < ? ORDER BY #"
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
        "INSERT OR REPLACE INTO \(name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    self.insert = insert
    insert.bind(1, Int64(series.device.position))
    insert.bind(2, Int64(series.metric.number))
    insert.bind(3, period.number(atOrAfter: row.start))
    RollupRow(insert).write(row)
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
    let number = period.rawValue
    try db.cachedStatement(
      sql: """
        DELETE FROM \(name) WHERE device = ?1 AND metric = ?2 AND \(number) IN (
          SELECT \(number) FROM \(name) WHERE device = ?1 AND metric = ?2 AND \(number) < ?3
          ORDER BY \(number) LIMIT ?4)
        """
    ).execute(arguments: series.arguments + [period.number(atOrAfter: start), limit])
    return db.changesCount
  }

  private func rows(
    _ series: SeriesKey, _ filter: Filter, _ bounds: Timestamp...
  ) throws -> [Rollup] {
    let select = try statements[filter] ?? self.select(filter)
    statements[filter] = select
    select.bind(1, Int64(series.device.position))
    select.bind(2, Int64(series.metric.number))
    for (place, bound) in bounds.enumerated() {
      select.bind(Int32(place + 3), period.number(atOrAfter: bound))
    }
    let kind = MetricCatalogue.definition(of: series.metric)?.kind ?? .gauge
    var rows: [Rollup] = []
    try select.run {
      let start = period.start(number: select.integer(0) ?? 0)
      rows.append(try RollupRow(select).read(Rollup(start: start, kind: kind)))
    }
    return rows
  }

  private func select(_ filter: Filter) throws -> PlainStatement {
    let rest = filter.rawValue.replacing("#", with: period.rawValue)
    return try PlainStatement(
      db,
      """
      SELECT \(period.rawValue), \(RollupRow.columns) FROM \(name)
      WHERE device = ? AND metric = ? \(rest)
      """)
  }
}

extension RollupPeriod {
  /// The begin of period 0, in Unix milliseconds.
  private var origin: Int64 { start(of: Timestamp(milliseconds: 0)).milliseconds }

  /// The number of the first period that begins at an instant or later.
  fileprivate func number(atOrAfter time: Timestamp) -> Int64 {
    let (local, overflow) = time.milliseconds.subtractingReportingOverflow(origin)
    return overflow ? .max : local / length + (local % length > 0 ? 1 : 0)
  }

  /// The begin of the period with a number.
  fileprivate func start(number: Int64) -> Timestamp {
    Timestamp(milliseconds: number &* length &+ origin)
  }
}
