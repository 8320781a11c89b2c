import GRDB
import Series
import SiteModel

/// What one step of a retention run removed.
public struct RemovedRows: Sendable, Equatable {
  /// Chunks of raw samples.
  public var chunks = 0
  /// Samples in them.
  public var samples = 0
  /// Hourly roll-ups.
  public var hourly = 0
  /// Daily roll-ups.
  public var daily = 0

  /// Nothing yet.
  public init() {}

  init(chunks: Int = 0, samples: Int = 0, hourly: Int = 0, daily: Int = 0) {
    (self.chunks, self.samples, self.hourly, self.daily) = (chunks, samples, hourly, daily)
  }

  /// True when nothing was old enough.
  public var isEmpty: Bool { self == RemovedRows() }

  /// Both together.
  public static func + (left: RemovedRows, right: RemovedRows) -> RemovedRows {
    RemovedRows(
      chunks: left.chunks + right.chunks, samples: left.samples + right.samples,
      hourly: left.hourly + right.hourly, daily: left.daily + right.daily)
  }
}

extension Store {
  /// A run through everything that is too old by the days of the options; nil when they keep
  /// everything for ever. Runs are for one caller at a time; one an hour is often enough.
  public func retention(now: Timestamp) -> RetentionRun? { RetentionRun(self, now: now) }
}

/// One pass of retention over the whole file, in small steps so that nobody waits for long.
///
/// A chunk goes when its last sample is older than the limit. Chunks of a device that an alert is
/// about, or whose evidence names it, stay as long as the alert when they reach into its time: from
/// a day before its begin to its end. Readings that still wait for compaction are not touched.
/// ``Store/reclaim(pages:)`` gives the space back.
public struct RetentionRun {
  /// Chunks that a step removes at most.
  static let chunkLimit = 200
  /// Roll-ups that a step removes at most.
  static let rowLimit = 5_000
  /// Devices, or series, that a step looks at.
  static let lookLimit = 1_000

  private enum Stage {
    case raw(from: Int32)
    case rollups(RollupPeriod, after: SeriesKey?)
    case done
  }

  private let store: Store
  private let now: Timestamp
  private var alerts: RetentionAlerts
  private var stage = Stage.raw(from: 0)

  fileprivate init?(_ store: Store, now: Timestamp) {
    let options = store.options
    let days = [
      options.rawRetentionDays, options.hourlyRetentionDays, options.dailyRetentionDays,
    ]
    if days.allSatisfy({ $0 == 0 }) { return nil }
    (self.store, self.now) = (store, now)
    alerts = RetentionAlerts(now: now)
  }

  /// Removes some of what is too old, in one transaction; nil when the run has come to its end. A
  /// step that failed left everything as it was and may be tried again.
  public mutating func step() throws(StoreError) -> RemovedRows? {
    switch stage {
    case .raw(let device): return try removeChunks(from: device)
    case .rollups(let period, let series): return try removeRollups(period, after: series)
    case .done: return nil
    }
  }

  /// The instant before which a class is too old; nil when it is kept for ever.
  private func limit(days: Int) -> Timestamp? {
    days == 0 ? nil : now.advanced(byMilliseconds: -Int64(days) * RollupPeriod.day.length)
  }

  private mutating func removeChunks(from first: Int32) throws(StoreError) -> RemovedRows {
    guard let limit = limit(days: store.options.rawRetentionDays) else {
      stage = .rollups(.hour, after: nil)
      return RemovedRows()
    }
    let known = alerts
    let (removed, next, alerts) = try store.write { db in
      var (removed, alerts, device) = (RemovedRows(), known, first)
      try alerts.load(db)
      let end = try Int32.fetchOne(db, sql: "SELECT ifnull(max(id), -1) + 1 FROM device") ?? 0
      while device < end, device - first < Self.lookLimit {
        try db.removeChunks(DeviceIndex(device), before: limit, alerts, &removed)
        // The device may have more of them.
        if removed.chunks == Self.chunkLimit { break }
        device += 1
      }
      return (removed, device < end ? device : nil, alerts)
    }
    self.alerts = alerts
    stage = next.map { .raw(from: $0) } ?? .rollups(.hour, after: nil)
    return removed
  }

  private mutating func removeRollups(
    _ period: RollupPeriod, after first: SeriesKey?
  ) throws(StoreError) -> RemovedRows {
    let isHour = period == .hour
    let options = store.options
    let days = isHour ? options.hourlyRetentionDays : options.dailyRetentionDays
    let following = isHour ? Stage.rollups(.day, after: nil) : .done
    guard let limit = limit(days: days) else {
      stage = following
      return RemovedRows()
    }
    let (count, last, isEnd) = try store.write { db in
      let table = RollupTable(db, period)
      // A period that reaches beyond the limit is kept.
      let end = limit.advanced(byMilliseconds: 1 - period.length)
      var (count, series) = (0, first)
      for _ in 0..<Self.lookLimit {
        guard let next = try table.series(after: series) else { return (count, series, true) }
        count += try table.remove(next, before: end, atMost: Self.rowLimit - count)
        // The series may have more of them.
        if count == Self.rowLimit { break }
        series = next
      }
      return (count, series, false)
    }
    stage = isEnd ? following : .rollups(period, after: last)
    return RemovedRows(hourly: isHour ? count : 0, daily: isHour ? 0 : count)
  }
}

extension Database {
  /// Removes chunks of a device whose last sample is older than an instant and that no alert
  /// protects, until the step has enough; remembers that they are gone.
  fileprivate func removeChunks(
    _ device: DeviceIndex, before limit: Timestamp, _ alerts: RetentionAlerts,
    _ removed: inout RemovedRows
  ) throws {
    let chunks = try Row.fetchAll(
      cachedStatement(
        sql: """
          SELECT id, first_ms, last_ms, samples FROM chunk WHERE device = ? AND last_ms < ?
          ORDER BY last_ms
          """), arguments: [device.position, limit.milliseconds])
    for chunk in chunks where removed.chunks < RetentionRun.chunkLimit {
      let (first, last): (Int64, Int64) = (chunk[1], chunk[2])
      if alerts.protects(device, first...max(first, last)) { continue }
      try cachedStatement(sql: "DELETE FROM chunk WHERE id = ?").execute(arguments: [chunk[0]])
      removed.chunks += 1
      removed.samples += chunk[3]
      try cachedStatement(
        sql: """
          INSERT INTO raw_floor VALUES (?, ?)
          ON CONFLICT (device) DO UPDATE SET before_ms = max(before_ms, excluded.before_ms)
          """
      ).execute(arguments: [device.position, last &+ 1])
    }
  }
}

extension StoreReader {
  /// The instant of each device before which raw samples may have been removed because of their
  /// age; devices that still have all are absent.
  public func rawFloors() throws(StoreError) -> [DeviceIndex: Timestamp] {
    try read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT device, before_ms FROM raw_floor")
      return Dictionary(
        uniqueKeysWithValues: rows.map {
          (DeviceIndex($0[0]), Timestamp(milliseconds: $0[1]))
        })
    }
  }
}
