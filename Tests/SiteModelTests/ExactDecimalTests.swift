import TestSupport
import SiteModel
import Testing

/// What is a decimal, how it is kept and how it is written again.
@Suite struct ExactDecimalTests {
  @Test(arguments: [
    ("0", "0"), ("-0", "0"), ("7", "7"), ("+7", "7"), ("007", "7"), ("-12.340", "-12.340"),
    ("0.50", "0.50"), ("-0.050", "-0.050"), ("1.5e3", "1500"), ("1.5E+3", "1500"),
    ("15e-1", "1.5"), ("1e18", "1000000000000000000"), ("0e5", "0"), ("0.00", "0.00"),
    ("999999999999999999", "999999999999999999"), ("0.02716875", "0.02716875"),
    ("0.000000000000000001", "0.000000000000000001"), ("00000000000000000000001", "1"),
    ("1e0000000000000000005", "100000"),
  ])
  func readsAndWrites(_ text: String, _ written: String) throws {
    #expect(try ExactDecimal(parsing: text).description == written)
  }

  @Test(arguments: [
    "", "-", "+", ".", ".5", "5.", "-.5", "1e", "1e+", "1.e5", "--1", "1-", "1 ", " 1", "1,5",
    "0x10", "NaN", "inf", "1e5.0", "1.2.3", "１２", "1e5e5", "1_000", "\u{0}1",
  ])
  func refusesWhatIsNoNumber(_ text: String) {
    #expect(throws: DecimalError.malformed) { try ExactDecimal(parsing: text) }
  }

  @Test(arguments: [
    ("1000000000000000000", DecimalError.tooManyDigits),
    ("0.1234567890123456789", .tooManyDigits),
    (String(repeating: "9", count: 100_000), .tooManyDigits),
    ("1e19", .exponentOutOfRange), ("1e-19", .exponentOutOfRange),
    ("1.0e-18", .exponentOutOfRange), ("1e99999999999999999999999", .exponentOutOfRange),
    ("0." + String(repeating: "0", count: 19), .exponentOutOfRange),
  ])
  func refusesWhatIsTooLong(_ text: String, _ error: DecimalError) {
    #expect(throws: error) { try ExactDecimal(parsing: text) }
  }

  @Test(arguments: [1, 2, 3]) func everyValueSurvivesItsText(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let value = random.decimal(digits: 17, exponents: -18...0)
      let read = try ExactDecimal(parsing: value.description)
      #expect(read.significand == value.significand, "\(value)")
      #expect(read.exponent == value.exponent, "\(value)")
      let large = random.decimal(digits: 9, exponents: 0...9)
      #expect(try ExactDecimal(parsing: large.description) == large, "\(large)")
    }
  }

  @Test(arguments: [11, 12]) func nonsenseIsRefusedAndNeverCrashes(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let letters = Array("0123456789+-.eE xé".utf8)
    for _ in 0..<5000 {
      let bytes = (0..<random.number(0...24)).map { _ in letters[random.number(0...17)] }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let value = try? ExactDecimal(parsing: text) else { continue }
      #expect(Double(value.description) == Double(text), "\(text)")
    }
  }
}

/// Exactness of sums, products and comparisons, against plain 128-bit whole numbers.
@Suite struct DecimalArithmeticTests {
  /// The whole number of units of 10^-12 that a value with at most twelve decimals is.
  private func units(_ value: ExactDecimal) throws -> Int128 {
    try #require(value.significand(at: -12))
  }

  @Test(arguments: [21, 22, 23]) func sumsAndOrderAreThoseOfWholeNumbers(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let left = random.decimal(digits: 9, exponents: -12...6)
      let right = random.decimal(digits: 9, exponents: -12...6)
      let (l, r) = (try units(left), try units(right))
      #expect(try units(left.adding(right)) == l + r, "\(left) + \(right)")
      #expect(try units(left.subtracting(right)) == l - r, "\(left) - \(right)")
      #expect((left < right) == (l < r), "\(left) < \(right)")
      #expect((left == right) == (l == r), "\(left) == \(right)")
      let product = try left.multiplied(by: right)
      #expect(product.significand == left.significand * right.significand)
      #expect(product.exponent == left.exponent + right.exponent)
      if l == r { #expect(left.hashValue == right.hashValue) }
    }
  }

  @Test func equalNumbersAreOneKey() {
    let values: [ExactDecimal] = ["0.5", "0.50", "5e-1", "0.500000000000000000"]
    #expect(Set(values).count == 1)
    let zeros: [ExactDecimal] = ["0", "-0", "0.00", "0e9"]
    #expect(Set(zeros).count == 1)
  }

  @Test func ordersAlsoWhereACommonScaleDoesNotFit() {
    let huge = ExactDecimal(significand: 1 << 100, exponent: 18)
    let tiny = ExactDecimal(significand: 1 << 100, exponent: -18)
    #expect(tiny < huge && !(huge < tiny) && huge > tiny && huge != tiny)
    #expect(huge.negated < tiny.negated && !(tiny.negated < huge.negated))
    #expect(huge.negated < tiny && tiny.negated < huge && .zero < tiny && huge.negated < .zero)
  }

  /// A finer scale multiplies by ten so often, whether or not the digits fit into 64 bits.
  @Test func finerScalesAreExactOrDoNotFit() {
    let edges: [Int128] = [
      0, 1, -7, Int128(Int64.max), Int128(Int64.max) + 1, Int128(Int64.min),
      Int128(Int64.min) - 1, 999_999_999_999_999_999, .max, .min,
    ]
    for (significand, steps) in edges.flatMap({ edge in (0...45).map { (edge, $0) } }) {
      var expected: Int128? = significand
      for _ in 0..<steps {
        expected = expected.flatMap { value in
          let (product, overflow) = value.multipliedReportingOverflow(by: 10)
          return overflow ? nil : product
        }
      }
      let value = ExactDecimal(significand: significand, exponent: 3)
      #expect(value.significand(at: 3 - steps) == expected, "\(significand) by \(steps)")
    }
  }

  @Test func whatDoesNotFitFailsInsteadOfWrapping() {
    let most = ExactDecimal(significand: .max, exponent: 0)
    #expect(throws: DecimalError.overflow) { try most.adding("1") }
    #expect(throws: DecimalError.overflow) { try most.multiplied(by: "2") }
    #expect(throws: DecimalError.overflow) { try most.adding("0.1") }
    #expect(throws: DecimalError.overflow) { try most.negated.subtracting("2") }
    #expect(throws: DecimalError.overflow) { try most.scaled(by: 2, over: 1, decimals: 0) }
  }

  @Test(arguments: [
    ("2.5", 0, "2"), ("3.5", 0, "4"), ("-2.5", 0, "-2"), ("-3.5", 0, "-4"), ("0.125", 2, "0.12"),
    ("0.135", 2, "0.14"), ("0.1350001", 2, "0.14"), ("0.5", 0, "0"), ("-0.5", 0, "0"),
    ("1.2", 4, "1.2"), ("12", 0, "12"), ("0.999", 2, "1.00"), ("0.4999999999", 0, "0"),
  ])
  func roundsHalfToEven(_ value: ExactDecimal, _ decimals: Int, _ rounded: String) {
    #expect(value.rounded(decimals: decimals).description == rounded)
  }

  @Test func roundsAwayWhatIsFarBehindThePoint() {
    let nothing = ExactDecimal(significand: .max, exponent: -60)
    #expect(nothing.rounded(decimals: 0) == .zero)
    #expect(nothing.negated.rounded(decimals: 2) == .zero)
  }

  @Test(arguments: [31, 32]) func sharesAreRoundedOnce(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let value = random.decimal(digits: 9, exponents: -6...2)
      let whole = random.number(1...1_000_000)
      let part = random.number(-1_000_000...1_000_000)
      let share = try value.scaled(by: Int64(part), over: Int64(whole), decimals: 4)
      // |value × part - share × whole| ≤ half a unit of the last decimal × whole, all in 1e-6.
      let exact = try #require(value.significand(at: -6)) * Int128(part)
      let rounded = try #require(share.significand(at: -6)) * Int128(whole)
      #expect(
        (exact - rounded).magnitude * 2 <= 100 * whole.magnitude, "\(value) × \(part)/\(whole)")
      #expect(share.exponent == -4)
    }
    #expect(try ExactDecimal("1").scaled(by: 1, over: 8, decimals: 2).description == "0.12")
    #expect(try ExactDecimal("3").scaled(by: 1, over: 8, decimals: 2).description == "0.38")
  }
}
