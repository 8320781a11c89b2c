import GRDB
import Series
import SiteModel

// Keeps the hourly and daily figures up to date. Samples that follow a series' newest row are
// folded onto it without looking at others; anything else has its periods computed anew.

extension Store {
  /// Brings the hourly and daily figures up to date with samples, normalized, that were merged into
  /// the chunks of a device. They may repeat what was there before. Texts have no figures.
  func updateRollups(_ db: Database, _ device: DeviceIndex, _ added: [SeriesSamples]) throws {
    for (period, patterns) in [(RollupPeriod.hour, options.rollupHour), (.day, options.rollupDay)] {
      let table = RollupTable(db, period)
      for part in added where patterns.contains(part.metric) {
        guard let kind = MetricCatalogue.definition(of: part.metric)?.kind, kind != .text
        else { continue }
        let update = RollupUpdate(
          db: db, store: self, table: table, device: device, metric: part.metric, kind: kind)
        try update.take(part.samples)
      }
    }
  }
}

/// One series' rows of one table while samples are taken in.
private struct RollupUpdate {
  let db: Database
  let store: Store
  let table: RollupTable
  let device: DeviceIndex
  let metric: Metric
  let kind: MetricKind

  private var series: SeriesKey { SeriesKey(device, metric) }
  private var period: RollupPeriod { table.period }
  private var isRegister: Bool { kind == .register || kind == .counter }

  func take(_ added: [Sample]) throws {
    guard let first = added.first else { return }
    var changed: [Rollup]?
    if let newest = try table.newest(series) {
      changed = newest.appending(added, period, kind)
    } else if try !hasSamples(before: first.time) {
      changed = Rollup.rows(of: added, period, kind)
    }
    guard let changed else { return try repair(added) }
    for row in changed { try table.write(series, row) }
  }

  /// Whether the device may have samples in chunks before an instant.
  private func hasSamples(before time: Timestamp) throws -> Bool {
    let oldest = try Int64.fetchOne(
      db.cachedStatement(
        sql: "SELECT first_ms FROM chunk WHERE device = ? ORDER BY last_ms LIMIT 1"),
      arguments: [device.position])
    return (oldest ?? .max) < time.milliseconds
  }

  /// Computes the periods of the samples from what is in chunks, and those around them whose
  /// increments may have changed. What lies where raw samples were removed is folded in.
  private func repair(_ added: [Sample]) throws {
    let floor = try rawFloor()
    var starts = Set(added.map { period.start(of: $0.time) })
    try fold(added.filter { period.start(of: $0.time) < floor })
    if isRegister { starts.formUnion(try neighbours(of: starts)) }
    // Later ones first: a window looks at the row that follows it.
    for window in windows(of: starts.filter { $0 >= floor }.sorted()).reversed() {
      do {
        try compute(window)
      } catch let damage where isDamage(damage) {
        try fold(added.filter { window.contains($0.time) })
      }
    }
  }

  private func rawFloor() throws -> Timestamp {
    let floor = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT before_ms FROM raw_floor WHERE device = ?"),
      arguments: [device.position])
    return floor.map { Timestamp(milliseconds: $0) } ?? .min
  }

  /// A new reading decides what the one before it means, and the increments of the two after it.
  private func neighbours(of starts: Set<Timestamp>) throws -> Set<Timestamp> {
    var found: Set<Timestamp> = []
    for start in starts {
      let end = start.advanced(byMilliseconds: period.length)
      if !starts.contains(start.advanced(byMilliseconds: -period.length)),
        let row = try table.row(series, before: start)
      {
        found.insert(row.start)
      }
      guard !starts.contains(end), let next = try table.row(series, from: end) else { continue }
      found.insert(next.start)
      let after = next.start.advanced(byMilliseconds: period.length)
      if next.count == 1, let second = try table.row(series, from: after) {
        found.insert(second.start)
      }
    }
    return found
  }

  /// Stretches of periods without a gap, each at most eight days long, which bounds the memory.
  private func windows(of starts: [Timestamp]) -> [Range<Timestamp>] {
    var windows: [Range<Timestamp>] = []
    for start in starts {
      let end = start.advanced(byMilliseconds: period.length)
      if let last = windows.last, last.upperBound == start,
        end.since(last.lowerBound) <= 8 * RollupPeriod.day.length
      {
        windows[windows.count - 1] = last.lowerBound..<end
      } else {
        windows.append(start..<end)
      }
    }
    return windows
  }

  private func compute(_ window: Range<Timestamp>) throws {
    var samples = try store.chunkSamples(
      db, device, metric, window.lowerBound.milliseconds..<window.upperBound.milliseconds)
    if isRegister {
      samples = try goodSamples(before: window.lowerBound) + samples
      if let after = try table.row(series, from: window.upperBound)?.first { samples.append(after) }
    }
    for row in Rollup.rows(of: samples, period, kind) where window.contains(row.start) {
      try table.write(series, row)
    }
  }

  /// The last two good samples before an instant, looked for among the last 32 768 of any quality.
  /// Where raw samples were removed the row before tells the last one.
  private func goodSamples(before time: Timestamp) throws -> [Sample] {
    var goods: [Sample] = []
    for count in [8, 512, 32_768] {
      var samples = try store.lastChunkSamples(
        db, device, metric, before: time.milliseconds, count: count)
      let isAll = samples.count < count
      // The first instant may be cut, so that a contradiction in it does not show.
      if !isAll, let cut = samples.first?.time { samples.removeAll { $0.time == cut } }
      Samples.markConflicts(&samples)
      goods = samples.filter { $0.quality == .good }.suffix(2)
      if isAll || goods.count == 2 { break }
    }
    if goods.count < 2, let last = try table.row(series, before: time)?.last,
      last.time < goods.first?.time ?? time
    {
      goods.insert(last, at: 0)
    }
    return goods
  }

  /// Adds samples to rows that can no longer be computed: those later than a row's last one. A row
  /// that cannot take one in is marked as incomplete.
  private func fold(_ samples: [Sample]) throws {
    var rest = samples[...]
    while let first = rest.first {
      let start = period.start(of: first.time)
      let part = rest.prefix { period.start(of: $0.time) == start }
      rest = rest.dropFirst(part.count)
      var row = try table.row(series, at: start)
      let later = part.drop { $0.time <= row?.latest ?? .min }
      if later.count < part.count { row?.isIncomplete = true }
      var stream = RollupStream(
        period, kind, after: try row ?? table.row(series, before: start))
      for sample in later { stream.add(sample) }
      for changed in stream.finish() where changed.start == start {
        try table.write(series, changed)
      }
    }
  }

  private func isDamage(_ error: any Error) -> Bool {
    if let error = error as? DatabaseError { return error.resultCode == .SQLITE_CORRUPT }
    guard case .corrupt = (error as? StoreError)?.reason else { return false }
    return true
  }
}
