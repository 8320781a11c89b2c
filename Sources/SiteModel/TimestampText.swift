// Texts of times: RFC 3339 out; RFC 3339, zone-less and compact digits in.

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with milliseconds: `2026-11-21T09:06:24.000Z`.
  public var description: String { WallTime(self, offsetSeconds: 0).text + "Z" }

  /// What a clock `offsetSeconds` ahead of UTC shows, for people: `2026-11-21 17:06:24`.
  public func localText(offsetSeconds: Int) -> String {
    let text = WallTime(self, offsetSeconds: offsetSeconds).text
    return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
  }

  /// Parses `2026-11-21T17:06:24.5+08:00`, with `T` or a space, `-` or `/` between the date's
  /// parts, seconds and fraction optional. A text without a zone is local to a clock
  /// `offsetSeconds` ahead of UTC. Nil when it is not such a time.
  public init?(parsing text: some StringProtocol, offsetSeconds: Int) {
    let time = Array(text.utf8).withUnsafeBytes {
      Timestamp(parsing: $0, offsetSeconds: offsetSeconds)
    }
    guard let time else { return nil }
    self = time
  }

  /// Parses UTF-8 bytes like ``init(parsing:offsetSeconds:)-(StringProtocol,_)``.
  public init?(parsing bytes: UnsafeRawBufferPointer, offsetSeconds: Int) {
    var reader = DigitReader(bytes)
    guard let year = reader.digits(4), let dash = reader.take("-", "/"),
      let month = reader.digits(1, 2), reader.take(dash) != nil,
      let day = reader.digits(1, 2)
    else { return nil }
    var (hour, minute, second, millisecond) = (0, 0, 0, 0)
    if reader.take("T", "t", " ") != nil {
      guard let h = reader.digits(1, 2), reader.take(":") != nil, let m = reader.digits(2)
      else { return nil }
      (hour, minute) = (h, m)
      if reader.take(":") != nil {
        guard let s = reader.digits(2) else { return nil }
        second = s
        if reader.take(".", ",") != nil {
          guard let fraction = reader.milliseconds() else { return nil }
          millisecond = fraction
        }
      }
    }
    guard let offset = reader.zone(or: offsetSeconds), reader.isAtEnd,
      let wall = WallTime(
        year: year, month: month, day: day, hour: hour, minute: minute, second: second,
        millisecond: millisecond)
    else { return nil }
    self = wall.instant(offsetSeconds: offset)
  }

  /// Parses `yyyyMMddHHmmss` with up to three further digits of milliseconds, local to a clock
  /// `offsetSeconds` ahead of UTC. Nil when it is not such a time.
  public init?(compact text: some StringProtocol, offsetSeconds: Int) {
    let time = Array(text.utf8).withUnsafeBytes {
      Timestamp(compact: $0, offsetSeconds: offsetSeconds)
    }
    guard let time else { return nil }
    self = time
  }

  /// Parses UTF-8 bytes like ``init(compact:offsetSeconds:)-(StringProtocol,_)``.
  public init?(compact bytes: UnsafeRawBufferPointer, offsetSeconds: Int) {
    var reader = DigitReader(bytes)
    guard let year = reader.digits(4), let month = reader.digits(2), let day = reader.digits(2),
      let hour = reader.digits(2), let minute = reader.digits(2), let second = reader.digits(2)
    else { return nil }
    let millisecond = reader.isAtEnd ? 0 : reader.milliseconds()
    guard let millisecond, reader.isAtEnd,
      let wall = WallTime(
        year: year, month: month, day: day, hour: hour, minute: minute, second: second,
        millisecond: millisecond)
    else { return nil }
    self = wall.instant(offsetSeconds: offsetSeconds)
  }
}

extension WallTime {
  /// `2026-11-21T17:06:24.000`.
  var text: String {
    let second = millisecondOfDay / 1000
    let fields = [(month, "-"), (day, "-"), (second / 3600, "T"), (second / 60 % 60, ":")]
    var result = padded(year, 4)
    for (value, separator) in fields { result += separator + padded(value, 2) }
    return result + ":" + padded(second % 60, 2) + "." + padded(millisecondOfDay % 1000, 3)
  }

  private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}

/// A cursor over ASCII digits and separators.
private struct DigitReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  /// Between `least` and `most` digits as a number.
  mutating func digits(_ least: Int, _ most: Int? = nil) -> Int? {
    var value = 0
    var count = 0
    while count < (most ?? least), position < bytes.count,
      bytes[position] >= 48, bytes[position] <= 57
    {
      value = value * 10 + Int(bytes[position] - 48)
      position += 1
      count += 1
    }
    return count >= least ? value : nil
  }

  /// One of the given characters.
  mutating func take(_ options: Unicode.Scalar...) -> Unicode.Scalar? {
    guard position < bytes.count else { return nil }
    let scalar = Unicode.Scalar(bytes[position])
    guard options.contains(scalar) else { return nil }
    position += 1
    return scalar
  }

  /// A fraction of a second, cut to milliseconds.
  mutating func milliseconds() -> Int? {
    var value = 0
    var count = 0
    while let digit = digits(1) {
      if count < 3 { value = value * 10 + digit }
      count += 1
    }
    guard (1...9).contains(count) else { return nil }
    for _ in count..<max(3, count) { value *= 10 }
    return value
  }

  /// `Z`, `+08:00`, `+0800`, `+08`, or nothing (then `local`), as seconds ahead of UTC.
  mutating func zone(or local: Int) -> Int? {
    if isAtEnd { return local }
    guard let sign = take("Z", "z", "+", "-") else { return nil }
    if sign == "Z" || sign == "z" { return 0 }
    guard let hours = digits(2), hours <= 18 else { return nil }
    // Minutes may be left out, but not after a colon.
    let hasMinutes = take(":") != nil || !isAtEnd
    let minutes = hasMinutes ? digits(2) : 0
    guard let minutes, minutes < 60 else { return nil }
    return (hours * 60 + minutes) * 60 * (sign == "-" ? -1 : 1)
  }
}
