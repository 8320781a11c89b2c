import SiteModel

/// Reads the `Retry-After` header (RFC 9110 section 10.2.3): whole seconds, or a date in one of the
/// three forms of section 5.6.7.
enum RetryAfter {
  /// Milliseconds from `now`, never negative; nil when the text is neither form.
  static func milliseconds(_ text: String, now: Timestamp) -> Int64? {
    let text = text.filter { $0 != "\t" && $0 != "\r\n" }
    let trimmed = text.drop { $0 == " " }.prefix { $0 != " " }
    if !trimmed.isEmpty, trimmed.utf8.allSatisfy({ (48...57).contains($0) }) {
      let (product, overflow) = (Int64(trimmed) ?? .max).multipliedReportingOverflow(by: 1000)
      return overflow ? .max : product
    }
    return date(text, now: now).map { max(0, $0.since(now)) }
  }

  /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or
  /// `Sun Nov  6 08:49:37 1994`.
  private static func date(_ text: String, now: Timestamp) -> Timestamp? {
    let words = text.split { " ,-".contains($0) }
    guard words.count == 5 || words.count == 6 else { return nil }
    // Only the form of the C library's asctime puts the month before the day and the year last.
    let (day, month, year, clock) =
      words.count == 5
      ? (words[2], words[1], words[4], words[3]) : (words[1], words[2], words[3], words[4])
    let parts = clock.split(separator: ":").map { Int($0) }
    guard let day = Int(day), let month = months.firstIndex(of: String(month)),
      let year = fullYear(year, now: now), parts.count == 3,
      let hour = parts[0], let minute = parts[1], let second = parts[2]
    else { return nil }
    return WallTime(
      year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)?
      .instant(offsetSeconds: 0)
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Two digits that look more than fifty years ahead belong to the past century.
  private static func fullYear(_ text: Substring, now: Timestamp) -> Int? {
    guard let number = Int(text) else { return nil }
    guard text.count == 2 else { return number }
    let thisYear = WallTime(now, offsetSeconds: 0).year
    let year = thisYear / 100 * 100 + number
    return year > thisYear + 50 ? year - 100 : year
  }
}
