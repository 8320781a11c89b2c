import Series
import SiteModel
import TestSupport
import Testing

/// Whichever way a row is made, it is the one that the definition gives.
@Suite struct RollupPropertyTests {
  static let kinds: [MetricKind] = [.gauge, .register, .counter]

  @Test(arguments: UInt64(0)..<300) func rowsAgreeWithTheModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let samples = series(&random, 80)
    for (period, kind) in combinations {
      let model = RollupModel(samples, period, kind).rows
      expect(Rollup.rows(of: samples, period, kind), model, "seed \(seed) \(period) \(kind)")
      var stream = RollupStream(period, kind)
      var rows: [Rollup] = []
      for sample in samples {
        stream.add(sample)
        rows += stream.takeFinished()
      }
      expect(rows + stream.finish(), model, "seed \(seed) \(period) \(kind), streamed")
    }
  }

  /// Appends of any size, where a row that does not tell enough is computed anew.
  @Test(arguments: UInt64(0)..<100) func appendingAgreesWithTheModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let samples = series(&random, 80)
    for (period, kind) in combinations {
      var rows: [Rollup] = []
      var place = 0
      while place < samples.count {
        var end = min(samples.count, place + random.number(1...12))
        while end < samples.count, samples[end].time == samples[end - 1].time { end += 1 }
        let added = Array(samples[place..<end])
        place = end
        if let newest = rows.last, let changed = newest.appending(added, period, kind) {
          rows.removeAll { row in changed.contains { $0.start == row.start } }
          rows += changed
        } else {
          rows = Rollup.rows(of: Array(samples[..<end]), period, kind)
        }
        let model = RollupModel(Array(samples[..<end]), period, kind).rows
        expect(rows, model, "seed \(seed) \(period) \(kind) at \(end)")
      }
    }
  }

  /// A stretch of time is computed from its samples, two good ones before and one after.
  @Test(arguments: UInt64(0)..<300) func aWindowNeedsThreeSamplesAroundIt(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var samples = series(&random, 80)
    Samples.markConflicts(&samples)
    for (period, kind) in combinations {
      let all = Rollup.rows(of: samples, period, kind)
      let starts = all.map(\.start).sorted()
      let low = random.number(0...(starts.count - 1))
      let from = starts[low]
      let to = starts[random.number(low...(starts.count - 1))]
        .advanced(byMilliseconds: period.length)
      let before = samples.filter { $0.time < from && $0.quality == .good }.suffix(2)
      let after = samples.filter { $0.time >= to && $0.quality == .good }.prefix(1)
      let rows = Rollup.rows(
        of: before + samples.filter { $0.time >= from && $0.time < to } + after, period, kind)
      // A gap shows from the last good sample before.
      #expect(
        rows.filter { $0.start >= from && $0.start < to }
          == all.filter { $0.start >= from && $0.start < to }, "seed \(seed) \(period) \(kind)")
    }
  }

  /// Whatever the periods, the parts add up to the whole.
  @Test(arguments: UInt64(0)..<100) func consumptionAddsUp(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let samples = series(&random, 120)
    for kind in [MetricKind.register, .counter] {
      let totals = try RollupPeriod.allCases.map { period in
        try Rollup.rows(of: samples, period, kind).reduce(ExactDecimal.zero) { sum, row in
          let parts = [row.register?.consumption, row.register?.gapConsumption]
          return try parts.reduce(sum) { try $0.adding($1 ?? "999999999") }
        }
      }
      #expect(totals[0] == totals[1])
    }
  }

  private var combinations: [(RollupPeriod, MetricKind)] {
    RollupPeriod.allCases.flatMap { period in Self.kinds.map { (period, $0) } }
  }

  private func series(_ random: inout SeededGenerator, _ count: Int) -> [Sample] {
    var samples = random.registerSamples(count)
    Samples.normalize(&samples)
    return samples
  }

  private func expect(_ rows: [Rollup], _ model: [Int64: RollupModel.Row], _ place: String) {
    #expect(rows.map(\.start.milliseconds) == model.keys.sorted(), "\(place)")
    for row in rows {
      guard let expected = model[row.start.milliseconds] else { continue }
      #expect(difference(row, expected) == nil, "\(place), row \(row.start)")
    }
  }
}
