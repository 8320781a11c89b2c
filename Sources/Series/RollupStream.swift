import SiteModel

/// Turns the samples of one series, in order of time, into its roll-ups. Memory is bounded by the
/// rows that wait in ``takeFinished()``, not by the series.
///
/// Whether a register's reading is accepted depends on the reading before and the one after it. So
/// for exact rows of a stretch of time the stream is given the last two good samples before it and
/// the first good one after it too, and their rows are left aside.
public struct RollupStream {
  private let period: RollupPeriod
  private let kind: MetricKind
  /// In order of time; all but the last are complete, unless the reading that fell is theirs.
  private var rows: [Rollup] = []
  /// Samples of the last instant, which may yet contradict each other.
  private var instant: (good: Sample, goods: Int, others: Int)?
  private var accepted: Sample?
  /// A reading that fell and of which the next one tells why.
  private var fallen: Sample?
  /// True once a register's reading fell.
  public private(set) var hasFallen = false

  /// A stream of a series from its beginning, or from after its newest row, whose last good sample
  /// then counts as accepted.
  public init(_ period: RollupPeriod, _ kind: MetricKind, after row: Rollup? = nil) {
    self.period = period
    self.kind = kind
    if let row { rows = [row] }
    accepted = row?.last
  }

  /// Takes the next sample. Samples come in order of time and without repeats; conflicts may be
  /// marked or not.
  public mutating func add(_ sample: Sample) {
    let goods = sample.quality == .good ? 1 : 0
    guard let held = instant, held.good.time == sample.time else {
      settleInstant()
      instant = (sample, goods, 1 - goods)
      return
    }
    instant = (
      held.goods == 0 ? sample : held.good, held.goods + goods, held.others + 1 - goods
    )
  }

  /// The rows that are complete, each given once, in order of time.
  public mutating func takeFinished() -> [Rollup] {
    guard rows.count > 1 else { return [] }
    let open = fallen.flatMap { place(of: $0) } ?? rows.count - 1
    defer { rows.removeFirst(open) }
    return Array(rows[..<open])
  }

  /// The other rows; must be the last call. A fall that nothing follows is settled as it looks.
  public mutating func finish() -> [Rollup] {
    settleInstant()
    if let fallen { settle(fallen) }
    fallen = nil
    return rows
  }

  private mutating func settleInstant() {
    guard let (sample, goods, others) = instant else { return }
    instant = nil
    let start = period.start(of: sample.time)
    if rows.last?.start != start { rows.append(Rollup(start: start, kind: kind)) }
    let place = rows.count - 1
    rows[place].latest = sample.time
    rows[place].marked += goods > 1 ? goods + others : others
    guard goods == 1 else { return }
    rows[place].take(sample)
    if rows[place].register != nil { measure(sample) }
  }

  private mutating func measure(_ reading: Sample) {
    if let fallen {
      if let accepted, reading.value >= accepted.value {
        change(fallen) { $0.glitches += 1 }
      } else {
        settle(fallen)
      }
      self.fallen = nil
    }
    guard let before = accepted, reading.value < before.value else {
      if let before = accepted {
        add(try? reading.value.subtracting(before.value), from: before, to: reading)
      }
      accepted = reading
      return
    }
    fallen = reading
    hasFallen = true
  }

  /// Accepts a reading that is lower than the one accepted before.
  private mutating func settle(_ reading: Sample) {
    guard let before = accepted else { return }
    if kind == .register, let way = before.value.rollover(to: reading.value) {
      change(reading) { $0.rollovers += 1 }
      add(way, from: before, to: reading)
    } else {
      change(reading) { $0.resets += 1 }
    }
    accepted = reading
  }

  private mutating func add(_ increment: ExactDecimal?, from before: Sample, to reading: Sample) {
    let previous = period.start(of: reading.time).advanced(byMilliseconds: -period.length)
    change(reading) { $0.add(increment, isGap: before.time < previous) }
  }

  private mutating func change(_ reading: Sample, _ body: (inout RegisterFigures) -> Void) {
    guard let place = place(of: reading), var figures = rows[place].register else { return }
    body(&figures)
    rows[place].register = figures
  }

  private func place(of sample: Sample) -> Int? {
    let start = period.start(of: sample.time)
    return rows.lastIndex { $0.start == start }
  }
}
