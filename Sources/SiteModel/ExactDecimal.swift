/// An exact decimal number: `significand × 10^exponent`.
///
/// Readings, energy, prices and money are held in this form from payload to report, so that no
/// figure is ever rounded by a binary fraction. The written form is kept: `0.50` stays `0.50`.
/// Two values are equal when they are numerically equal (`0.5 == 0.50`).
public struct ExactDecimal: Sendable {
  /// All digits as one signed integer.
  public let significand: Int128
  /// Power of ten that scales `significand`; -2 for a value written with two decimals.
  public let exponent: Int

  /// Most significant digits that a parsed number may have.
  public static let maximumDigits = 18
  /// Largest distance of the decimal point from the digits in a parsed number.
  public static let maximumExponent = 18

  /// A value from its parts; no limit is applied.
  public init(significand: Int128, exponent: Int) {
    self.significand = significand
    self.exponent = exponent
  }

  /// A whole number.
  public init(_ integer: Int) {
    self.init(significand: Int128(integer), exponent: 0)
  }

  /// Zero, without decimals.
  public static let zero = ExactDecimal(0)
}

/// Why a text is not an exact decimal, or an operation has no exact result here.
public enum DecimalError: Error, Equatable, Sendable {
  /// The text is not a decimal number.
  case malformed
  /// More than `ExactDecimal.maximumDigits` significant digits.
  case tooManyDigits
  /// The exponent is beyond `ExactDecimal.maximumExponent`.
  case exponentOutOfRange
  /// The result of an operation has more digits than can be held (38).
  case overflow
}

extension ExactDecimal {
  /// Parses `-12.340`, `7`, `1.5e3` (the JSON number grammar, plus a leading `+` or zeros).
  public init(parsing bytes: UnsafeRawBufferPointer) throws(DecimalError) {
    var position = 0
    var negative = false
    if bytes.count > 0, bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+") {
      negative = bytes[0] == UInt8(ascii: "-")
      position = 1
    }
    var magnitude: UInt64 = 0
    var digits = 0
    var significant = 0
    var decimals = 0
    var seenPoint = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "."), !seenPoint, digits > 0 {
        seenPoint = true
      } else if byte >= 48 && byte <= 57 {
        digits += 1
        if seenPoint { decimals += 1 }
        if significant > 0 || byte != 48 { significant += 1 }
        guard significant <= Self.maximumDigits else { throw .tooManyDigits }
        magnitude = magnitude &* 10 &+ UInt64(byte &- 48)
      } else {
        break
      }
      position += 1
    }
    guard digits > 0, !seenPoint || decimals > 0 else { throw .malformed }
    let written = try Self.exponent(bytes, from: position)
    let exponent = written - decimals
    guard abs(exponent) <= Self.maximumExponent else { throw .exponentOutOfRange }
    let signed = negative ? -Int64(magnitude) : Int64(magnitude)
    self.init(significand: Int128(signed), exponent: exponent)
  }

  /// The value of an optional `e±NN` that must end the text.
  private static func exponent(
    _ bytes: UnsafeRawBufferPointer, from start: Int
  ) throws(DecimalError) -> Int {
    var position = start
    guard position < bytes.count else { return 0 }
    guard bytes[position] | 0x20 == UInt8(ascii: "e") else { throw .malformed }
    position += 1
    var negative = false
    if position < bytes.count,
      bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+")
    {
      negative = bytes[position] == UInt8(ascii: "-")
      position += 1
    }
    guard position < bytes.count else { throw .malformed }
    var value = 0
    while position < bytes.count {
      guard bytes[position] >= 48 && bytes[position] <= 57 else { throw .malformed }
      value = min(value * 10 + Int(bytes[position] - 48), 100_000)
      position += 1
    }
    return negative ? -value : value
  }

  /// Parses the whole of `text`; see ``init(parsing:)-(UnsafeRawBufferPointer)``.
  public init(parsing text: some StringProtocol) throws(DecimalError) {
    let result = Array(text.utf8).withUnsafeBytes { bytes in
      Result { () throws(DecimalError) in try ExactDecimal(parsing: bytes) }
    }
    self = try result.get()
  }
}

extension ExactDecimal: ExpressibleByStringLiteral {
  /// A value written in the source; a text that is not a number is a programmer error.
  public init(stringLiteral text: StaticString) {
    do {
      self = try ExactDecimal(parsing: text.description)
    } catch {
      preconditionFailure("\(text) is not an exact decimal: \(error)")
    }
  }
}

extension ExactDecimal: CustomStringConvertible {
  /// Plain digits, never with an exponent: `-0.050`, `1500`.
  public var description: String {
    var text = String(significand.magnitude)
    if exponent > 0 && significand != 0 {
      text += String(repeating: "0", count: exponent)
    } else if exponent < 0 {
      let decimals = -exponent
      if text.utf8.count <= decimals {
        text = String(repeating: "0", count: decimals - text.utf8.count + 1) + text
      }
      let point = text.index(text.endIndex, offsetBy: -decimals)
      text = text[..<point] + "." + text[point...]
    }
    return significand < 0 ? "-" + text : text
  }
}
