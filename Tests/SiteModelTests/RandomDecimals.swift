import SiteModel
import TestSupport

extension SeededGenerator {
  /// A decimal whose significand has up to `digits` digits and whose exponent lies in `exponents`.
  mutating func decimal(digits: Int, exponents: ClosedRange<Int>) -> ExactDecimal {
    var limit: Int64 = 1
    for _ in 0..<number(0...digits) { limit *= 10 }
    let significand = Int64.random(in: -limit...limit, using: &self)
    return ExactDecimal(significand: Int128(significand), exponent: number(exponents))
  }
}
