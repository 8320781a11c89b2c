import SiteModel

/// How a value is written in the data of a meter, lowest byte first: `XXXXXX.XX` are eight BCD
/// digits in four bytes, two of them decimals; `HHHH` two bytes of bits; `NNNNNNNNNNNN` twelve BCD
/// digits that are a text, because zeros at its begin count; `YYMMDDhhmm` and the like times.
///
/// Source of the words: DL/T 645-2007, appendix A.
public struct DLT645Format: Sendable, Equatable {
  /// What the bytes of a value are; times by the word that stands for them.
  public enum Form: String, Sendable {
    /// BCD digits of a number.
    case number
    /// Bits, which are taken as one whole number.
    case bits
    /// BCD digits that are a text.
    case digits
    /// A day and its weekday, which is not looked at: the day's begin in seconds since 1970.
    case day = "YYMMDDWW"
    /// A time of day: seconds since midnight.
    case timeOfDay = "hhmmss"
    /// An instant: seconds since 1970, like the next ones.
    case minute = "YYMMDDhhmm"
    /// An instant to the second.
    case second = "YYMMDDhhmmss"
    /// An instant with the weekday, which is not looked at.
    case clock = "YYMMDDWWhhmmss"
    /// The begin and the end of a period, each `YYMMDDhhmmss`, and perhaps more that is left out.
    case period
  }

  /// Most digits of a value that is no period.
  public static let digitLimit = 16
  /// How many bytes a period may have: its begin and its end at least.
  public static let periodBytes = 12...64
  /// Most bytes of one value.
  public static let byteLimit = periodBytes.upperBound

  /// What the bytes are.
  public let form: Form
  /// Bytes on the wire.
  public let byteCount: Int
  /// Decimals of a number.
  public let decimals: Int
  /// True when the highest bit of a number is its sign.
  public let isSigned: Bool

  /// Begin and end of a period in the past, in a record of so many bytes.
  public static func period(bytes: Int) -> DLT645Format {
    precondition(periodBytes.contains(bytes), "a period has 12 to 64 bytes")
    return DLT645Format(form: .period, byteCount: bytes)
  }

  private init(form: Form, byteCount: Int, decimals: Int = 0, isSigned: Bool = false) {
    (self.form, self.byteCount) = (form, byteCount)
    (self.decimals, self.isSigned) = (decimals, isSigned)
  }

  /// A format from its text; nil when it is none: X and at most one point, H, or N, an even number
  /// of digits, or the word for a time.
  public init?(_ text: String, isSigned: Bool) {
    if let form = Form(rawValue: text), form.isTime, !isSigned {
      self.init(form: form, byteCount: text.utf8.count / 2)
      return
    }
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let digits = parts.joined()
    let count = digits.count
    guard count > 0, count % 2 == 0, count <= Self.digitLimit, parts.count <= 2,
      parts.allSatisfy({ !$0.isEmpty }), let form = Form(digits: digits),
      form == .number || (parts.count == 1 && !isSigned)
    else { return nil }
    self.init(
      form: form, byteCount: count / 2, decimals: parts.count == 2 ? parts[1].count : 0,
      isSigned: isSigned)
  }

  /// The value of the bytes of `data` from `start` on, of a meter whose clock is `zoneSeconds`
  /// ahead of UTC; nil when they are none. Texts are kept in `list`.
  func value(
    _ data: DLT645Data, at start: Int, zoneSeconds: Int, into list: inout PointList
  ) -> PointValue? {
    switch form {
    case .number: number(data, at: start)
    case .bits, .digits: bits(data, at: start, &list)
    case .day, .timeOfDay, .minute, .second, .clock: time(data, at: start, zoneSeconds)
    case .period: nil
    }
  }

  private func number(_ data: DLT645Data, at start: Int) -> PointValue? {
    var number: UInt64 = 0
    var isFilled = true
    var isBroken = false
    for place in (start..<(start + byteCount)).reversed() {
      let byte = data[place]
      isFilled = isFilled && byte == 0xFF
      let isTop = place == start + byteCount - 1
      let digits = isTop && isSigned ? byte & 0x7F : byte
      let (high, low) = (digits >> 4, digits & 0x0F)
      isBroken = isBroken || high > 9 || low > 9
      number = number &* 100 &+ UInt64(high) &* 10 &+ UInt64(low)
    }
    if isFilled { return .missing }
    if isBroken { return nil }
    let isNegative = isSigned && data[start + byteCount - 1] & 0x80 != 0
    let significand = isNegative ? -Int128(number) : Int128(number)
    return .number(ExactDecimal(significand: significand, exponent: -decimals))
  }

  /// Bits, or the digits of a text.
  private func bits(
    _ data: DLT645Data, at start: Int, _ list: inout PointList
  ) -> PointValue? {
    let places = start..<(start + byteCount)
    if places.allSatisfy({ data[$0] == 0xFF }) { return .missing }
    let bits = places.reversed().reduce(0) { $0 << 8 | UInt64(data[$1]) }
    guard form == .digits else {
      return .number(ExactDecimal(significand: Int128(bits), exponent: 0))
    }
    if places.contains(where: { data[$0] & 0x0F > 9 || data[$0] > 0x99 }) { return nil }
    return .text(list.keep(digitsOf: bits, count: 2 * byteCount))
  }

  /// Seconds since 1970, or since midnight where there is no date. A day of zeros, such as that of
  /// a purchase that never was, is no value.
  private func time(_ data: DLT645Data, at start: Int, _ zoneSeconds: Int) -> PointValue? {
    let places = start..<(start + byteCount)
    if places.allSatisfy({ data[$0] == 0xFF }) { return .missing }
    if form != .timeOfDay, places.allSatisfy({ data[$0] == 0 }) { return .missing }
    guard let digits = Self.digits(data, at: start, count: byteCount) else { return nil }
    let shown =
      switch form {
      case .timeOfDay: Self.wallTime(day: 00_01_01, time: digits)
      case .day: Self.wallTime(day: digits / 100, time: 0)
      case .minute: Self.wallTime(day: digits / 10_000, time: digits % 10_000 * 100)
      case .clock: Self.wallTime(day: digits / 100_000_000, time: digits % 1_000_000)
      default: Self.wallTime(day: digits / 1_000_000, time: digits % 1_000_000)
      }
    guard let shown else { return nil }
    let milliseconds =
      form == .timeOfDay
      ? Int64(shown.millisecondOfDay) : shown.instant(offsetSeconds: zoneSeconds).milliseconds
    return .number(ExactDecimal(significand: Int128(milliseconds / 1000), exponent: 0))
  }
}

extension DLT645Format {
  /// The instant that six bytes from `start` on show, on a clock `zoneSeconds` ahead of UTC; nil
  /// when they show none, such as zeros.
  static func instant(_ data: DLT645Data, at start: Int, zoneSeconds: Int) -> Timestamp? {
    guard let digits = digits(data, at: start, count: 6) else { return nil }
    let shown = wallTime(day: digits / 1_000_000, time: digits % 1_000_000)
    return shown?.instant(offsetSeconds: zoneSeconds)
  }

  /// The decimal digits of `count` bytes from `start` on; nil when one is none.
  private static func digits(_ data: DLT645Data, at start: Int, count: Int) -> Int? {
    var digits = 0
    for place in (start..<(start + count)).reversed() {
      let (high, low) = (Int(data[place] >> 4), Int(data[place] & 0x0F))
      guard high < 10, low < 10 else { return nil }
      digits = digits * 100 + high * 10 + low
    }
    return digits
  }

  /// What a clock shows as `YYMMDD` and `hhmmss`; nil when no clock does.
  private static func wallTime(day: Int, time: Int) -> WallTime? {
    WallTime(
      year: 2000 + day / 10_000, month: day / 100 % 100, day: day % 100, hour: time / 10_000,
      minute: time / 100 % 100, second: time % 100)
  }
}

extension DLT645Format.Form {
  /// True for what shows a day, a time of day or both.
  var isTime: Bool {
    switch self {
    case .day, .timeOfDay, .minute, .second, .clock: true
    case .number, .bits, .digits, .period: false
    }
  }

  /// The form that digits of one kind stand for; nil when they are of several kinds or of none.
  fileprivate init?(digits: some Sequence<UInt8>) {
    var kinds = Set(digits)
    switch kinds.popFirst() {
    case UInt8(ascii: "X") where kinds.isEmpty: self = .number
    case UInt8(ascii: "H") where kinds.isEmpty: self = .bits
    case UInt8(ascii: "N") where kinds.isEmpty: self = .digits
    default: return nil
    }
  }
}
