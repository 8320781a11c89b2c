import SiteModel

/// A small seeded generator (SplitMix64), so that a failing test prints a seed that repeats it.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// One of these numbers.
  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// A decimal whose significand has up to `digits` digits and whose exponent lies in `exponents`.
  mutating func decimal(digits: Int, exponents: ClosedRange<Int>) -> ExactDecimal {
    var limit: Int64 = 1
    for _ in 0..<number(0...digits) { limit *= 10 }
    let significand = Int64.random(in: -limit...limit, using: &self)
    return ExactDecimal(significand: Int128(significand), exponent: number(exponents))
  }

  /// Bytes without any sense.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
