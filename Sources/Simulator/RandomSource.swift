// Chance without a clock: the same seed gives the same numbers on every machine.

/// A generator of uniform numbers: SplitMix64 (Steele, Lea, Flood, 2014).
struct RandomSource {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Noise.mixed(state)
  }

  /// A number in 0..<limit. The bias is below limit / 2^64.
  mutating func below(_ limit: Int) -> Int {
    precondition(limit > 0, "a limit must be positive")
    return Int(next().multipliedFullWidth(by: UInt64(limit)).high)
  }

  /// A number in the range.
  mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + Int64(below(Int(range.upperBound - range.lowerBound) + 1))
  }

  /// True in `share` of 1000 cases.
  mutating func happens(permille share: Int) -> Bool { below(1000) < share }

  /// The array in random order (Fisher and Yates).
  mutating func shuffled(_ array: [Int]) -> [Int] {
    var result = array
    for last in stride(from: result.count - 1, to: 0, by: -1) {
      result.swapAt(last, below(last + 1))
    }
    return result
  }
}

/// Random values as functions of a key and a place, so that nothing has to be remembered.
enum Noise {
  /// The output function of SplitMix64.
  static func mixed(_ seed: UInt64) -> UInt64 {
    var value = seed
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// 64 random bits of a key and a place.
  static func bits(_ key: UInt64, _ place: Int64) -> UInt64 {
    mixed(key ^ mixed(UInt64(bitPattern: place) &+ 0x9E37_79B9_7F4A_7C15))
  }

  /// A whole number in -amplitude...amplitude.
  static func value(_ key: UInt64, _ place: Int64, amplitude: Int) -> Int {
    Int(bits(key, place).multipliedFullWidth(by: UInt64(2 * amplitude + 1)).high) - amplitude
  }

  /// A slowly wandering number in -amplitude...amplitude: straight lines between random values that
  /// stand `knot` milliseconds apart.
  static func drift(_ key: UInt64, _ time: Int64, knot: Int64, amplitude: Int) -> Int {
    let index = time / knot
    let rest = time % knot
    let here = Int64(value(key, index, amplitude: amplitude))
    let there = Int64(value(key, index + 1, amplitude: amplitude))
    return Int((here * (knot - rest) + there * rest) / knot)
  }
}
