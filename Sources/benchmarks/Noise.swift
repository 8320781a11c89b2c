/// Seeded chance for the simulated fleet: SplitMix64 (Steele, Lea, Flood, 2014).
struct Noise {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// 64 uniform bits.
  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number in 0..<limit.
  mutating func below(_ limit: Int) -> Int {
    Int(bits().multipliedFullWidth(by: UInt64(limit)).high)
  }

  /// Nearly normal, mean 0 and deviation 1: the sum of four uniform 16-bit numbers.
  mutating func normal() -> Double {
    let word = bits()
    let sum = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)
    // Four uniform numbers in 0..<65536 have the deviation 65536 / sqrt(3).
    return (Double(sum) - 131_070) / 37_837
  }
}

/// A quantity that wanders about zero: a first-order autoregression.
struct Wander {
  private var value = 0.0
  private let keep: Double
  private let step: Double

  /// `deviation` of the quantity, and which share of it is kept from minute to minute.
  init(deviation: Double, keep: Double) {
    self.keep = keep
    step = deviation * (1 - keep * keep).squareRoot()
  }

  /// The next minute's value.
  mutating func next(_ noise: inout Noise) -> Double {
    value = value * keep + noise.normal() * step
    return value
  }
}
