import GRDB
import Series
import SiteModel

// Roll-ups read back: the stored rows, and what they lack from the samples themselves.

extension StoreReader {
  /// The figures of one series in all hours or days that begin in `from` <= start < `to` and have
  /// samples, in order of time. Where no rows are stored, and from the newest stored row with good
  /// samples on, they are computed from the samples, so that they are the same whatever is stored,
  /// and as new as the samples. Late samples count in older stored rows from the next compaction
  /// on. Series of texts have no figures.
  public func rollups(
    of device: DeviceIndex, _ metric: Metric, _ period: RollupPeriod, from: Timestamp = .min,
    to: Timestamp = .max
  ) throws(StoreError) -> [Rollup] {
    let kind = MetricCatalogue.definition(of: metric)?.kind
    guard from < to, kind != .text else { return [] }
    // The last period counts as a whole.
    let end = period.start(of: to.advanced(byMilliseconds: -1))
      .advanced(byMilliseconds: period.length)
    let to = max(to, end)
    let series = SeriesKey(device, metric)
    let (stored, newest) = try read { db in
      let table = RollupTable(db, period)
      let newest = try table.row(series, before: .max)?.start
      return (try table.rows(series, from: from, to: to), newest)
    }
    var rows = Dictionary(uniqueKeysWithValues: stored.map { ($0.start, $0) })
    var missing: [Range<Timestamp>] = []
    if let first = stored.first {
      if from < first.start { missing.append(from..<first.start) }
      let rest = beginOfRest(stored, newest, period)
      if rest < to { missing.append(rest..<to) }
    } else {
      missing.append(from..<to)
    }
    for range in missing {
      for row in try computed(device, metric, period, range, after: stored) {
        // A stored row may know samples that were removed since; newer samples may tell what the
        // last fall of the newest one means.
        let known = rows[row.start].map { $0.count + $0.marked } ?? 0
        let count = row.count + row.marked
        if count > known || (count == known && row.start == newest) { rows[row.start] = row }
      }
    }
    return rows.values.sorted { $0.start < $1.start }
  }

  /// Where stored rows stop to be a complete account: at the first hole, or at the newest row.
  private func beginOfRest(
    _ stored: [Rollup], _ newest: Timestamp?, _ period: RollupPeriod
  ) -> Timestamp {
    var end = stored.first?.start ?? .min
    for row in stored {
      if row.start != end || row.start == newest { return end }
      end = end.advanced(byMilliseconds: period.length)
    }
    return end
  }

  private func computed(
    _ device: DeviceIndex, _ metric: Metric, _ period: RollupPeriod, _ range: Range<Timestamp>,
    after stored: [Rollup]
  ) throws(StoreError) -> [Rollup] {
    let kind = MetricCatalogue.definition(of: metric)?.kind ?? .gauge
    let isRegister = kind == .register || kind == .counter
    var stream = RollupStream(period, kind)
    var begin = range.lowerBound
    if isRegister {
      let goods = try goodSamples(device, metric, before: begin)
      begin = goods.first?.time ?? begin
      if goods.isEmpty, let row = stored.last(where: { $0.start < range.lowerBound }) {
        stream = RollupStream(period, kind, after: row)
      }
    }
    var rows: [Rollup] = []
    try forEachSample(of: device, metric, from: begin, to: .max) { sample in
      let isAfter = sample.time >= range.upperBound
      // A register's first good sample after the range tells what the last one in it means.
      if !isAfter || isRegister { stream.add(sample) }
      rows += stream.takeFinished()
      return !isAfter || (isRegister && sample.quality != .good)
    }
    rows += stream.finish()
    return rows.filter { range.contains($0.start) }
  }

  /// The last two good samples before an instant, looked for in ever larger stretches of time.
  private func goodSamples(
    _ device: DeviceIndex, _ metric: Metric, before time: Timestamp
  ) throws(StoreError) -> [Sample] {
    var stretch = RollupPeriod.day.length
    var goods: [Sample] = []
    while goods.count < 2, time.milliseconds > 0 {
      let begin = Timestamp(milliseconds: max(0, time.milliseconds - stretch))
      goods = try samples(of: device, metric, from: begin, to: time)
        .filter { $0.quality == .good }.suffix(2)
      if begin.milliseconds == 0 { break }
      stretch = min(stretch, .max / 8) * 8
    }
    return goods
  }
}
