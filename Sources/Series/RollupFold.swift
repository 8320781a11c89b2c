import SiteModel

// The two ways to a row: from all samples, or from the newest row and what came after it.

extension Rollup {
  /// The rows of samples in order of time.
  public static func rows(
    of samples: [Sample], _ period: RollupPeriod, _ kind: MetricKind
  ) -> [Rollup] {
    var stream = RollupStream(period, kind)
    for sample in samples { stream.add(sample) }
    return stream.finish()
  }

  /// The rows that change or are new when samples, normalized, follow the newest row of their
  /// series. Nil when that row does not tell enough, so that rows must be computed from the
  /// samples: something is not later than the row's last sample, or a register falls, or did so
  /// where the next reading can still change what it means.
  public func appending(
    _ samples: [Sample], _ period: RollupPeriod, _ kind: MetricKind
  ) -> [Rollup]? {
    guard let earliest = samples.first?.time, earliest > latest else { return nil }
    if let register, last == nil || register.rollovers + register.resets > 0 { return nil }
    var stream = RollupStream(period, kind, after: self)
    for sample in samples { stream.add(sample) }
    let rows = stream.finish()
    if stream.hasFallen { return nil }
    return period.start(of: earliest) > start ? Array(rows.dropFirst()) : rows
  }
}
