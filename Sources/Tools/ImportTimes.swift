import Decoding
import SiteModel

/// How the times of a file are written.
public struct ImportTimeFormat: Sendable {
  private enum Field: Sendable, Equatable {
    case year, month, day, hour, minute, second, fraction
    /// One of two characters.
    case literal(UInt8, UInt8)
    /// A fraction of a second and `Z`, each there or not.
    case end
  }

  private struct Part: Sendable {
    var field: Field
    var leastDigits = 1
    var mostDigits = 1
  }

  private let parts: [Part]
  private let other: TimeFormat?
  /// As it was named.
  public let text: String

  /// A format by its name: `auto` for RFC 3339, the same without a zone, digits, and seconds or
  /// milliseconds since 1970; one of these alone as `text`, `compact`, `epoch_s`, `epoch_ms`,
  /// `epoch_us`; or a pattern of `yyyy MM dd HH mm ss SSS`, in which one letter of a sort means
  /// one or more digits and anything else stands for itself. Nil for a pattern without year, month
  /// and day.
  public init?(_ text: String) {
    self.text = text
    if let format = TimeFormat(rawValue: text) {
      other = format
      parts = format == .auto || format == .text ? Self.plain : []
      return
    }
    other = nil
    guard let parts = Self.compile(Array(text.utf8)) else { return nil }
    self.parts = parts
  }

  /// The instant that some bytes stand for; nil when they are not in this format. Without a zone
  /// it is of a clock `zoneSeconds` ahead of UTC.
  func time(_ bytes: UnsafeRawBufferPointer, zoneSeconds: Int) -> Timestamp? {
    if !parts.isEmpty, let time = match(bytes, zoneSeconds) { return time }
    return other?.time(bytes, isText: true, zoneSeconds: zoneSeconds)
  }

  /// What would have been taken.
  var expected: String { other?.expected ?? "a time like \(text)" }

  /// `2026-03-01 08:00:00`, which most files have, with `T`, a fraction and `Z` allowed.
  private static let plain: [Part] = {
    let dash = Part(field: .literal(UInt8(ascii: "-"), UInt8(ascii: "/")))
    let colon = Part(field: .literal(UInt8(ascii: ":"), UInt8(ascii: ":")))
    return [
      Part(field: .year, leastDigits: 4, mostDigits: 4), dash,
      Part(field: .month, leastDigits: 2, mostDigits: 2), dash,
      Part(field: .day, leastDigits: 2, mostDigits: 2),
      Part(field: .literal(UInt8(ascii: " "), UInt8(ascii: "T"))),
      Part(field: .hour, leastDigits: 2, mostDigits: 2), colon,
      Part(field: .minute, leastDigits: 2, mostDigits: 2), colon,
      Part(field: .second, leastDigits: 2, mostDigits: 2), Part(field: .end),
    ]
  }()

  private static func compile(_ pattern: [UInt8]) -> [Part]? {
    let letters: [UInt8: Field] = [
      UInt8(ascii: "y"): .year, UInt8(ascii: "M"): .month, UInt8(ascii: "d"): .day,
      UInt8(ascii: "H"): .hour, UInt8(ascii: "m"): .minute, UInt8(ascii: "s"): .second,
      UInt8(ascii: "S"): .fraction,
    ]
    var parts: [Part] = []
    var at = 0
    while at < pattern.count {
      guard let field = letters[pattern[at]] else {
        parts.append(Part(field: .literal(pattern[at], pattern[at])))
        at += 1
        continue
      }
      let end = pattern[at...].firstIndex { $0 != pattern[at] } ?? pattern.count
      let runsOn =
        (end < pattern.count && letters[pattern[end]] != nil)
        || (at > 0 && letters[pattern[at - 1]] != nil)
      let length = end - at
      let most = field == .year ? 4 : field == .fraction ? 9 : 2
      guard length <= most else { return nil }
      // Only digits that run into others must be as many as the pattern has letters.
      parts.append(
        Part(
          field: field, leastDigits: runsOn || field == .year ? length : 1,
          mostDigits: runsOn || field == .year ? length : most))
      at = end
    }
    let fields = parts.map(\.field)
    let isWhole = [Field.year, .month, .day].allSatisfy { field in
      fields.count { $0 == field } == 1
    }
    return isWhole ? parts : nil
  }

  private func match(_ bytes: UnsafeRawBufferPointer, _ zoneSeconds: Int) -> Timestamp? {
    var at = 0
    var (year, month, day, hour, minute, second, millisecond) = (0, 0, 0, 0, 0, 0, 0)
    var zone = zoneSeconds
    for part in parts {
      if case .literal(let one, let other) = part.field {
        guard at < bytes.count, bytes[at] == one || bytes[at] == other else { return nil }
        at += 1
        continue
      }
      if part.field == .end {
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
          at += 1
          guard let found = Self.digits(bytes, &at, 1, 9) else { return nil }
          millisecond = Self.milliseconds(found)
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: "Z") { (zone, at) = (0, at + 1) }
        continue
      }
      guard let found = Self.digits(bytes, &at, part.leastDigits, part.mostDigits) else {
        return nil
      }
      switch part.field {
      case .year: year = part.mostDigits == 2 ? 2000 + found.value : found.value
      case .month: month = found.value
      case .day: day = found.value
      case .hour: hour = found.value
      case .minute: minute = found.value
      case .second: second = found.value
      default: millisecond = Self.milliseconds(found)
      }
    }
    guard at == bytes.count,
      let wall = WallTime(
        year: year, month: month, day: day, hour: hour, minute: minute, second: second,
        millisecond: millisecond)
    else { return nil }
    return wall.instant(offsetSeconds: zone)
  }

  private static func digits(
    _ bytes: UnsafeRawBufferPointer, _ at: inout Int, _ least: Int, _ most: Int
  ) -> (value: Int, count: Int)? {
    var (value, count) = (0, 0)
    while count < most, at < bytes.count, bytes[at] &- 48 <= 9 {
      value = value * 10 + Int(bytes[at] &- 48)
      at += 1
      count += 1
    }
    return count >= least ? (value, count) : nil
  }

  /// A fraction of a second, cut to milliseconds.
  private static func milliseconds(_ found: (value: Int, count: Int)) -> Int {
    var value = found.value
    for _ in found.count..<max(3, found.count) { value *= 10 }
    for _ in 3..<max(3, found.count) { value /= 10 }
    return value
  }
}
