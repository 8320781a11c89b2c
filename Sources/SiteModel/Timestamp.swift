/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Milliseconds since the Unix epoch.
  public var milliseconds: Int64

  /// An instant from milliseconds since the Unix epoch.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Chronological order.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// The instant `milliseconds` later (earlier when negative).
  public func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: self.milliseconds &+ milliseconds)
  }

  /// Milliseconds from `earlier` to this instant.
  public func since(_ earlier: Timestamp) -> Int64 { milliseconds &- earlier.milliseconds }
}

/// A moment on the wall: a date and time without a zone, in the proleptic Gregorian calendar.
public struct WallTime: Sendable, Hashable {
  /// Year, 1…9999.
  public var year: Int
  /// Month, 1…12.
  public var month: Int
  /// Day of the month, 1…31.
  public var day: Int
  /// Milliseconds since midnight, 0…86 400 000 (24:00 is allowed).
  public var millisecondOfDay: Int

  /// A wall time; nil when a field is out of range or the day does not exist.
  public init?(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
    millisecond: Int = 0
  ) {
    guard (1...9999).contains(year), (1...12).contains(month),
      (1...Self.days(inMonth: month, of: year)).contains(day),
      (0...24).contains(hour), (0...59).contains(minute), (0...60).contains(second),
      (0...999).contains(millisecond)
    else { return nil }
    let inDay = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
    guard inDay <= 86_400_000 else { return nil }
    (self.year, self.month, self.day, millisecondOfDay) = (year, month, day, inDay)
  }

  /// The wall time at `instant` where the clock is `offsetSeconds` ahead of UTC.
  public init(_ instant: Timestamp, offsetSeconds: Int) {
    let local = instant.milliseconds &+ Int64(offsetSeconds) * 1000
    let (days, inDay) = local.flooredDivision(by: 86_400_000)
    millisecondOfDay = Int(inDay)
    // Civil date from days; eras of 400 years, years that begin in March.
    let shifted = days + 719_468
    let (era, dayOfEra) = shifted.flooredDivision(by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    month = Int(marchMonth < 10 ? marchMonth + 3 : marchMonth - 9)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
  }

  /// The instant at which a clock `offsetSeconds` ahead of UTC shows this.
  public func instant(offsetSeconds: Int) -> Timestamp {
    let marchYear = Int64(month <= 2 ? year - 1 : year)
    let (era, yearOfEra) = marchYear.flooredDivision(by: 400)
    let marchMonth = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * marchMonth + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    return Timestamp(
      milliseconds: days * 86_400_000 + Int64(millisecondOfDay) - Int64(offsetSeconds) * 1000)
  }

  /// Length of a month in days.
  public static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension Int64 {
  /// Quotient rounded towards minus infinity, and the non-negative remainder.
  func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
