import Series
import SiteModel
import TestSupport

extension SeededGenerator {
  /// A value of any shape: short decimals, 18 digits, both signs, beyond 64 bits.
  mutating func value() -> ExactDecimal {
    switch Int.random(in: 0..<8, using: &self) {
    case 0:
      let digits = Int128(
        Int64.random(in: -999_999_999_999_999_999...999_999_999_999_999_999, using: &self))
      return ExactDecimal(significand: digits, exponent: Int.random(in: -18...18, using: &self))
    case 1:
      let high = Int128(Int64.random(in: .min ... .max, using: &self))
      return ExactDecimal(significand: high << 60 | 5, exponent: -30)
    case 2: return ExactDecimal(significand: 0, exponent: Int.random(in: -3...0, using: &self))
    default:
      let digits = Int128(Int.random(in: -50...2400, using: &self))
      return ExactDecimal(significand: digits, exponent: Int.random(in: -2 ... -1, using: &self))
    }
  }

  /// A quality that is stored.
  mutating func quality() -> Quality { Quality(rawValue: UInt8(number(0...3))) ?? .good }

  /// Samples in order of time, with regular stretches, gaps and equal instants.
  mutating func samples(_ count: Int) -> [Sample] {
    var time = Int64.random(in: -5_000_000...2_000_000_000_000, using: &self)
    let isPlain = Bool.random(using: &self)
    return (0..<count).map { _ in
      let steps: [Int64] = [60_000, 60_000, 60_000, 0, 61_001, 86_400_000 * 40]
      time += steps.randomElement(using: &self) ?? 0
      let value = isPlain ? ExactDecimal(significand: 2201, exponent: -1) : self.value()
      let quality = isPlain ? .good : self.quality()
      return Sample(time: Timestamp(milliseconds: time), value: value, quality: quality)
    }
  }
}

/// Equality that also tells `0.5` from `0.50`.
func areIdentical(_ left: [Sample], _ right: [Sample]) -> Bool {
  left == right && zip(left, right).allSatisfy { $0.value.exponent == $1.value.exponent }
}

/// Equality that also tells `0.5` from `0.50`.
func areIdentical(_ left: [SeriesSamples], _ right: [SeriesSamples]) -> Bool {
  left.map(\.metric) == right.map(\.metric)
    && zip(left, right).allSatisfy { areIdentical($0.samples, $1.samples) }
}
