import SiteModel

/// What the numbers of a Sparkplug payload mean, by the code of their data type.
enum SparkplugValue {
  /// Codes of the plain types; those of arrays are in ``SparkplugArray``.
  enum Code {
    static let int8: UInt32 = 1
    static let int16: UInt32 = 2
    static let int32: UInt32 = 3
    static let int64: UInt32 = 4
    static let float: UInt32 = 9
    static let double: UInt32 = 10
    static let boolean: UInt32 = 11
  }

  /// A value that is neither text nor composed. Signed integers travel as two's complement in an
  /// unsigned field.
  static func plain(
    _ value: SparkplugMetric.OneOf_Value, type: UInt32
  ) throws(WireFault) -> PointValue {
    switch value {
    case .intValue(let bits): try integer(UInt64(bits), isWide: false, type)
    case .longValue(let bits): try integer(bits, isWide: true, type)
    case .floatValue(let number): .number(try decimal(number))
    case .doubleValue(let number): .number(try decimal(number))
    case .booleanValue(let truth): .truth(truth)
    case .stringValue, .bytesValue, .datasetValue, .templateValue:
      throw WireFault(.wrongType, found: "a composed value", expected: "a plain one")
    }
  }

  private static func integer(
    _ bits: UInt64, isWide: Bool, _ type: UInt32
  ) throws(WireFault) -> PointValue {
    switch type {
    case Code.int8: return .number(ExactDecimal(Int(Int8(truncatingIfNeeded: bits))))
    case Code.int16: return .number(ExactDecimal(Int(Int16(truncatingIfNeeded: bits))))
    case Code.int32: return .number(ExactDecimal(Int(Int32(truncatingIfNeeded: bits))))
    case Code.int64: return .number(try whole(Int128(Int64(bitPattern: bits))))
    case Code.boolean where bits <= 1: return .truth(bits == 1)
    case 0 where bits >> (isWide ? 63 : 31) == 1:
      throw WireFault(
        .incomplete, found: "the integer \(bits) without a data type, which could be negative",
        expected: "a data type here or in the birth")
    default: return .number(try whole(Int128(bits)))
    }
  }

  /// A whole number, if it can be kept.
  static func whole(_ value: Int128) throws(WireFault) -> ExactDecimal {
    guard value.magnitude < 1_000_000_000_000_000_000 else {
      throw WireFault(
        .numberTooLong, found: "the number \(value)",
        expected: "at most \(ExactDecimal.maximumDigits) digits")
    }
    return ExactDecimal(significand: value, exponent: 0)
  }

  /// The shortest decimal that reads back as the same binary fraction. What lies beyond 18 decimals
  /// is rounded: no sensor means it.
  static func decimal<Number: BinaryFloatingPoint & CustomStringConvertible>(
    _ number: Number
  ) throws(WireFault) -> ExactDecimal {
    guard number.isFinite else {
      throw WireFault(.badNumber, found: "\(number)", expected: "a number")
    }
    // By way of `Double`: the generic conversion to an integer is many times slower.
    if number.magnitude < 0x1p53, number.rounded(.towardZero) == number {
      return ExactDecimal(Int(Double(number)))
    }
    if let short = short(number) { return short }
    guard let value = parsed(number.description), value.exponent <= ExactDecimal.maximumExponent
    else {
      throw WireFault(
        .numberTooLong, found: "the number \(number)",
        expected: "a point at most \(ExactDecimal.maximumExponent) places away")
    }
    return value.rounded(decimals: ExactDecimal.maximumExponent)
  }

  /// A number of a few decimals, as sensors give; nil for others. A binary fraction holds 15 digits
  /// (6 in single precision), so of so many only one decimal reads back as it.
  private static func short<Number: BinaryFloatingPoint>(_ number: Number) -> ExactDecimal? {
    let limit: Number = Number.significandBitCount > 23 ? 1e15 : 1e6
    var power: Number = 10
    for decimals in 1...6 {
      let scaled = (number * power).rounded()
      guard scaled.magnitude < limit else { return nil }
      if scaled / power == number {
        return ExactDecimal(significand: Int128(Int64(Double(scaled))), exponent: -decimals)
      }
      power *= 10
    }
    return nil
  }

  /// Reads `-1.25`, `1e-05`, `1.5e+20`: what Swift writes, of at most 17 digits.
  private static func parsed(_ text: String) -> ExactDecimal? {
    var (significand, decimals, exponent) = (Int64(0), 0, 0)
    var (isPastPoint, isNegative) = (false, false)
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): isPastPoint = true
      case UInt8(ascii: "e"):
        guard let power = Int(Substring(rest)) else { return nil }
        exponent = power
        rest = rest[rest.endIndex...]
      case 48...57:
        significand = significand &* 10 &+ Int64(byte - 48)
        if isPastPoint { decimals += 1 }
      default: return nil
      }
    }
    return ExactDecimal(
      significand: Int128(isNegative ? -significand : significand), exponent: exponent - decimals)
  }
}
