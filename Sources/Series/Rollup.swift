import SiteModel

/// The figures of one series in one hour or day.
///
/// They are made of the *good* samples. Samples of another quality, and good ones that contradict
/// each other at one instant, are counted in ``marked`` and otherwise left out. All figures are
/// exact; one that has more digits than can be held (38) is nil.
public struct Rollup: Sendable, Equatable {
  /// Begin of the period.
  public var start: Timestamp
  /// Good samples.
  public var count = 0
  /// Samples that were left out.
  public var marked = 0
  /// Time of the last sample of any quality.
  public var latest: Timestamp
  /// The first good sample.
  public var first: Sample?
  /// The last good sample.
  public var last: Sample?
  /// The smallest good value.
  public var minimum: ExactDecimal?
  /// The largest good value.
  public var maximum: ExactDecimal?
  /// Sum of the good values.
  public var sum: ExactDecimal?
  /// What a register or counter moved on by; nil for other kinds of metric.
  public var register: RegisterFigures?
  /// True when samples arrived late that these figures lack, because the raw samples that they
  /// belong to had been removed or were damaged.
  public var isIncomplete = false

  /// A period without samples, of a metric of a kind.
  public init(start: Timestamp, kind: MetricKind) {
    self.start = start
    latest = start
    if kind == .register || kind == .counter { register = RegisterFigures() }
  }

  /// ``sum`` / ``count``, rounded half to even at two more decimals than the most precise sample.
  public var mean: ExactDecimal? {
    guard let sum, count > 0 else { return nil }
    return try? sum.scaled(by: 1, over: Int64(count), decimals: max(0, -sum.exponent) + 2)
  }

  /// Takes in a good sample that follows all others.
  mutating func take(_ sample: Sample) {
    let value = sample.value
    let plain = value.withoutPositiveExponent
    if count == 0 {
      first = sample
      (minimum, maximum, sum) = (value, value, plain)
    } else {
      if let least = minimum, value < least { minimum = value }
      if let most = maximum, value > most { maximum = value }
      if let old = sum { sum = plain.flatMap { try? old.adding($0) } }
    }
    last = sample
    count += 1
  }
}

/// How far a cumulative register moved on in a period.
///
/// An *increment* is the difference of two successive accepted readings and belongs to the period
/// of the later one, so that ``consumption`` and ``gapConsumption`` of all periods add up exactly
/// to the progress of the register. Readings are the good samples. One that falls is
/// - a *glitch* when the reading after it is again at least the one before it: it is not accepted;
/// - a *rollover* of a register (not of a counter) when the reading before was within 1 % below a
///   power of ten, 10^4 or more, and the way over that power is at most 1 % of it: the increment is
///   that way;
/// - else a *reset*, or another meter: no increment is made up, and the count goes on from it.
///
/// The last reading of a series counts as accepted until the next one comes.
public struct RegisterFigures: Sendable, Equatable {
  /// Sum of the increments that began in this period or the one before it.
  public var consumption: ExactDecimal? = .zero
  /// Sum of the increments that began earlier: they cannot be attributed to one period.
  public var gapConsumption: ExactDecimal? = .zero
  /// Rollovers among the increments.
  public var rollovers = 0
  /// Falls without an increment: replaced or reset meters.
  public var resets = 0
  /// Readings that were not accepted.
  public var glitches = 0

  /// A register that did not move.
  public init() {}

  mutating func add(_ increment: ExactDecimal?, isGap: Bool) {
    let sum = isGap ? gapConsumption : consumption
    let total = sum.flatMap { sum in
      increment.flatMap { $0.withoutPositiveExponent }.flatMap { try? sum.adding($0) }
    }
    if isGap { gapConsumption = total } else { consumption = total }
  }
}

extension ExactDecimal {
  /// The same number without an exponent above zero, as its text has it; nil when it does not fit.
  var withoutPositiveExponent: ExactDecimal? {
    guard exponent > 0 else { return self }
    return significand(at: 0).map { ExactDecimal(significand: $0, exponent: 0) }
  }

  /// The way of a register from `self` over the next power of ten to `after`; nil when it did not
  /// roll over.
  func rollover(to after: ExactDecimal) -> ExactDecimal? {
    guard after >= .zero else { return nil }
    var hundredth: Int128 = 100
    while self >= ExactDecimal(significand: hundredth * 100, exponent: 0) {
      hundredth *= 10
      // Beyond what a payload can hold.
      if hundredth > 10_000_000_000_000_000 { return nil }
    }
    guard self >= ExactDecimal(significand: hundredth * 99, exponent: 0),
      let rest = try? ExactDecimal(significand: hundredth * 100, exponent: 0).subtracting(self),
      let way = try? rest.adding(after),
      way <= ExactDecimal(significand: hundredth, exponent: 0)
    else { return nil }
    return way
  }
}
