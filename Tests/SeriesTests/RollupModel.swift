import Series
import SiteModel
import TestSupport

/// Roll-ups as their definition says, with whole hundredths and all samples at hand at once.
struct RollupModel {
  struct Row: Equatable {
    var start: Int64
    var count = 0
    var marked = 0
    var latest: Int64 = 0
    var values: [Int] = []
    var times: [Int64] = []
    var consumption = 0
    var gap = 0
    var rollovers = 0
    var resets = 0
    var glitches = 0
  }

  let length: Int64
  let offset: Int64
  let kind: MetricKind
  var rows: [Int64: Row] = [:]

  /// `samples` normalized, with at most two decimals.
  init(_ samples: [Sample], _ period: RollupPeriod, _ kind: MetricKind) {
    length = period == .hour ? 3_600_000 : 86_400_000
    offset = period == .hour ? 0 : 28_800_000
    self.kind = kind
    var goods: [Sample] = []
    var claims: [Int64: Int] = [:]
    for sample in samples where sample.quality == .good {
      claims[sample.time.milliseconds, default: 0] += 1
    }
    for sample in samples {
      let isGood = sample.quality == .good && claims[sample.time.milliseconds] == 1
      if isGood { goods.append(sample) }
      change(sample) { row in
        row.latest = max(row.latest, sample.time.milliseconds)
        row.marked += isGood ? 0 : 1
        row.count += isGood ? 1 : 0
        if isGood { row.values.append(hundredths(sample)) }
        if isGood { row.times.append(sample.time.milliseconds) }
      }
    }
    if kind == .register || kind == .counter { measure(goods) }
  }

  private mutating func measure(_ goods: [Sample]) {
    var before: Sample?
    for (index, reading) in goods.enumerated() {
      guard let old = before else {
        before = reading
        continue
      }
      let (low, high) = (hundredths(reading), hundredths(old))
      let next = index + 1 < goods.count ? hundredths(goods[index + 1]) : nil
      let isGap = old.time.milliseconds < start(reading) - length
      if low >= high {
        change(reading) { if isGap { $0.gap += low - high } else { $0.consumption += low - high } }
      } else if let next, next >= high {
        change(reading) { $0.glitches += 1 }
        continue
      } else if let way = rollover(high, low) {
        change(reading) {
          $0.rollovers += 1
          if isGap { $0.gap += way } else { $0.consumption += way }
        }
      } else {
        change(reading) { $0.resets += 1 }
      }
      before = reading
    }
  }

  private func rollover(_ before: Int, _ after: Int) -> Int? {
    guard kind == .register, after >= 0 else { return nil }
    for power in [1_000_000, 10_000_000, 100_000_000] {
      let way = power - before + after
      if before >= power / 100 * 99, before < power, way <= power / 100 { return way }
    }
    return nil
  }

  private func start(_ sample: Sample) -> Int64 {
    var start = -offset
    while start > sample.time.milliseconds { start -= length }
    return start + (sample.time.milliseconds - start) / length * length
  }

  private mutating func change(_ sample: Sample, _ body: (inout Row) -> Void) {
    let start = start(sample)
    body(&rows[start, default: Row(start: start, latest: sample.time.milliseconds)])
  }
}

/// A value with at most two decimals in hundredths.
func hundredths(_ sample: Sample) -> Int {
  Int(sample.value.significand(at: -2) ?? .max)
}

extension RollupModel.Row {
  init(_ row: Rollup) {
    self.init(start: row.start.milliseconds)
    (count, marked, latest) = (row.count, row.marked, row.latest.milliseconds)
    consumption = Self.hundredths(row.register?.consumption)
    gap = Self.hundredths(row.register?.gapConsumption)
    rollovers = row.register?.rollovers ?? 0
    resets = row.register?.resets ?? 0
    glitches = row.register?.glitches ?? 0
  }

  /// What a row has instead of all values.
  var shortened: RollupModel.Row {
    var row = self
    (row.values, row.times) = ([], [])
    return row
  }

  private static func hundredths(_ value: ExactDecimal?) -> Int {
    Int(value?.significand(at: -2) ?? 0)
  }
}

/// What makes a row differ from the model's; nil when nothing does.
func difference(_ row: Rollup, _ model: RollupModel.Row) -> String? {
  let found = RollupModel.Row(row)
  if found != model.shortened { return "\(found) instead of \(model.shortened)" }
  let values = [row.minimum, row.maximum, row.sum, row.first?.value, row.last?.value].map {
    $0.flatMap { $0.significand(at: -2) }.map { Int($0) }
  }
  let expected = [
    model.values.min(), model.values.max(),
    model.values.isEmpty ? nil : model.values.reduce(0, +), model.values.first, model.values.last,
  ]
  if values != expected { return "\(values) instead of \(expected)" }
  let times = [row.first?.time.milliseconds, row.last?.time.milliseconds]
  if times != [model.times.first, model.times.last] { return "\(times)" }
  return nil
}

extension SeededGenerator {
  /// Samples of a register in order of time: mostly rising, with rollovers at 10,000, glitches,
  /// resets, gaps, repeats of an instant and marks.
  mutating func registerSamples(_ count: Int) -> [Sample] {
    var time = Int64(number(0...30)) * 86_400_000
    var value = number(998_000...999_999)
    return (0..<count).map { _ in
      let steps: [Int64] = [0, 600_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 90_000_000]
      time += steps[number(0...6)]
      var shown = value
      switch number(0...15) {
      case 0: shown = number(0...999_999)
      case 1:
        value = number(0...999_999)
        shown = value
      default:
        value = (value + number(0...4_000)) % 1_000_000
        shown = value
      }
      let quality: Quality = number(0...9) == 0 ? .outOfRange : .good
      let isShort = shown % 10 == 0
      return Sample(
        time: Timestamp(milliseconds: time),
        value: ExactDecimal(
          significand: Int128(isShort ? shown / 10 : shown), exponent: isShort ? -1 : -2),
        quality: quality)
    }
  }
}
