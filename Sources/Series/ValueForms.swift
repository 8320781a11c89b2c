import SiteModel

/// How each value of a column was written, and its quality: what a number at the column's smallest
/// exponent does not say.
///
/// A value written with a larger exponent ends in zeros there. Zero by zero is coded whether it was
/// left away: whether a device always writes three decimals, at least one, or as few as possible,
/// and whatever it does of 0 itself, it soon costs next to nothing.
final class ValueForms {
  /// Most zeros that are left away.
  static let mostZeros = 18

  /// Zeros left away in the upper bits, quality in the lower two.
  private let forms: UnsafeMutablePointer<UInt8>
  private let bits = AdaptiveBits(count: zerosEnd + 16)
  private static let zerosEnd = 2 * mostZeros

  /// Room for so many, to be decoded.
  init(count: Int) {
    forms = .allocate(capacity: count)
    forms.initialize(repeating: 0, count: count)
  }

  /// Those of samples; `least` is the column's smallest exponent.
  convenience init(_ samples: [Sample], least: Int) {
    self.init(count: samples.count)
    for (position, sample) in samples.enumerated() {
      forms[position] = UInt8(sample.value.exponent - least) << 2 | sample.quality.rawValue
    }
  }

  deinit { forms.deallocate() }

  func form(_ position: Int) -> (zeros: Int, quality: Quality) {
    let form = forms[position]
    return (Int(form >> 2), Quality(rawValue: form & 3) ?? .good)
  }

  /// Codes the form of `number`; a decoder puts it in its place.
  func code<Coder: BitCoder>(_ position: Int, of number: Int64, _ coder: inout Coder) {
    let form = forms[position]
    let last = position > 0 ? Int(forms[position - 1] & 3) : 0
    AdaptiveRates.with { rates in
      let (zeros, most) = (Int(form >> 2), Self.zeros(number))
      // Zero itself can be written with any exponent.
      let row = number == 0 ? Self.mostZeros : 0
      var found = 0
      while found < most, bits.code(zeros > found ? 1 : 0, row + found, rates, &coder) != 0 {
        found += 1
      }
      let place = Self.zerosEnd + last * 4
      let high = bits.code(Int(form >> 1 & 1), place, rates, &coder)
      let low = bits.code(Int(form & 1), place + 1 + high, rates, &coder)
      forms[position] = UInt8(found << 2 | high << 1 | low)
    }
  }

  /// Zeros at the end of a number, at most ``mostZeros``.
  private static func zeros(_ number: Int64) -> Int {
    if number == 0 { return mostZeros }
    var (rest, count) = (number, 0)
    while count < mostZeros {
      let (tenth, digit) = rest.quotientAndRemainder(dividingBy: 10)
      if digit != 0 { return count }
      (rest, count) = (tenth, count + 1)
    }
    return count
  }

  /// 10^`exponent`, of 0…``mostZeros``.
  static func power(_ exponent: Int) -> Int64 { powers[exponent] }

  private static let powers: [Int64] = (0...mostZeros).map { exponent in
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }
}
