// Exact arithmetic. Every operation is exact or fails; nothing is rounded but by `rounded`.

extension ExactDecimal: Comparable, Hashable {
  /// True when both are the same number, however written.
  public static func == (left: ExactDecimal, right: ExactDecimal) -> Bool {
    if left.exponent == right.exponent { return left.significand == right.significand }
    let (l, r) = (left.normalized, right.normalized)
    return l.significand == r.significand && l.exponent == r.exponent
  }

  /// Numeric order; exact also where the common scale would not fit.
  public static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
    if left.exponent == right.exponent { return left.significand < right.significand }
    if let (l, r) = aligned(left, right) { return l < r }
    if left.significand.signum() != right.significand.signum() {
      return left.significand < right.significand
    }
    // The one with the larger exponent overflowed the common scale: it is larger in magnitude.
    let leftIsLarger = left.exponent > right.exponent
    return leftIsLarger == (left.significand < 0)
  }

  /// Equal numbers hash alike, however written.
  public func hash(into hasher: inout Hasher) {
    let plain = normalized
    hasher.combine(plain.significand)
    hasher.combine(plain.exponent)
  }

  /// The same number without trailing zeros in its significand.
  public var normalized: ExactDecimal {
    guard significand != 0 else { return .zero }
    var (digits, power) = (significand, exponent)
    while digits % 10 == 0 {
      digits /= 10
      power += 1
    }
    return ExactDecimal(significand: digits, exponent: power)
  }

  /// Both significands at the smaller of the two exponents; nil when that does not fit.
  private static func aligned(
    _ left: ExactDecimal, _ right: ExactDecimal
  ) -> (Int128, Int128)? {
    let common = min(left.exponent, right.exponent)
    guard let l = left.significand(at: common), let r = right.significand(at: common) else {
      return nil
    }
    return (l, r)
  }

  /// The significand that the value has with `exponent`, which must not be larger than its own;
  /// nil when it does not fit.
  public func significand(at exponent: Int) -> Int128? {
    precondition(exponent <= self.exponent, "a coarser scale would lose digits")
    let small = Int64(truncatingIfNeeded: significand)
    if Int128(small) == significand, self.exponent - exponent <= Self.maximumExponent {
      // Nearly every number: no step can overflow.
      var power: Int64 = 1
      for _ in 0..<(self.exponent - exponent) { power &*= 10 }
      return Int128(small) &* Int128(power)
    }
    var value = significand
    for _ in 0..<(self.exponent - exponent) where value != 0 {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      value = product
    }
    return value
  }
}

extension ExactDecimal {
  /// The exact sum.
  public func adding(_ other: ExactDecimal) throws(DecimalError) -> ExactDecimal {
    guard let (l, r) = Self.aligned(self, other) else { throw .overflow }
    let (sum, overflow) = l.addingReportingOverflow(r)
    if overflow { throw .overflow }
    return ExactDecimal(significand: sum, exponent: min(exponent, other.exponent))
  }

  /// The exact difference.
  public func subtracting(_ other: ExactDecimal) throws(DecimalError) -> ExactDecimal {
    try adding(other.negated)
  }

  /// The exact product.
  public func multiplied(by other: ExactDecimal) throws(DecimalError) -> ExactDecimal {
    let (product, overflow) = significand.multipliedReportingOverflow(by: other.significand)
    if overflow { throw .overflow }
    return ExactDecimal(significand: product, exponent: exponent + other.exponent)
  }

  /// The same magnitude with the other sign.
  public var negated: ExactDecimal { ExactDecimal(significand: -significand, exponent: exponent) }

  /// The value with `decimals` decimals, half to even (the banker's rule).
  public func rounded(decimals: Int) -> ExactDecimal {
    guard -exponent > decimals else { return self }
    var divisor: Int128 = 1
    for _ in 0..<(-exponent - decimals) {
      let (product, overflow) = divisor.multipliedReportingOverflow(by: 10)
      // No significand reaches half of such a divisor.
      if overflow { return ExactDecimal(significand: 0, exponent: -decimals) }
      divisor = product
    }
    let (quotient, remainder) = significand.quotientAndRemainder(dividingBy: divisor)
    let twice = remainder.magnitude * 2
    let up = twice > divisor.magnitude || (twice == divisor.magnitude && quotient % 2 != 0)
    let step: Int128 = up ? (significand < 0 ? -1 : 1) : 0
    return ExactDecimal(significand: quotient + step, exponent: -decimals)
  }

  /// `self × numerator / denominator`, half to even at `decimals` decimals.
  public func scaled(
    by numerator: Int64, over denominator: Int64, decimals: Int
  ) throws(DecimalError) -> ExactDecimal {
    precondition(denominator > 0, "a share needs a positive whole")
    guard abs(exponent) <= 38, abs(decimals) <= 38 else { throw .overflow }
    // significand × numerator × raise / (denominator × lower) counts units of the last decimal.
    let raise = max(0, exponent + decimals)
    let lower = max(0, -exponent - decimals)
    let (product, productOverflow) = significand.multipliedReportingOverflow(by: Int128(numerator))
    guard !productOverflow,
      let dividend = ExactDecimal(significand: product, exponent: raise).significand(at: 0),
      let divisor = ExactDecimal(significand: Int128(denominator), exponent: lower)
        .significand(at: 0)
    else { throw .overflow }
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    // Twice the remainder against the divisor, written so that nothing can overflow.
    let rest = remainder.magnitude
    let opposite = divisor.magnitude - rest
    let up = rest > opposite || (rest == opposite && quotient % 2 != 0)
    let step: Int128 = up ? ((dividend < 0) ? -1 : 1) : 0
    return ExactDecimal(significand: quotient + step, exponent: -decimals)
  }
}
