import SiteModel

/// Writes JSON text into a byte array that is used again for the next payload. Numbers are scaled
/// integers, so that no figure passes through a binary fraction.
struct PayloadWriter {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(2048) }

  mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  /// Text of the source, written as it is.
  mutating func raw(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// A name that needs no escaping.
  mutating func name(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func integer(_ value: Int64) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    digits(value.magnitude)
  }

  /// `value` counted in units of the last of `decimals` decimals: (2298, 1) is `229.8`.
  mutating func decimal(_ value: Int64, _ decimals: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var scale: UInt64 = 1
    for _ in 0..<decimals { scale *= 10 }
    digits(value.magnitude / scale)
    guard decimals > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    padded(value.magnitude % scale, decimals)
  }

  mutating func decimal(_ value: Int, _ decimals: Int) { decimal(Int64(value), decimals) }

  mutating func integer(_ value: Int) { integer(Int64(value)) }

  mutating func truth(_ value: Bool) { raw(value ? "true" : "false") }

  /// Digits with leading zeros up to `width`.
  mutating func padded(_ value: UInt64, _ width: Int) {
    let start = bytes.count
    for _ in 0..<width { bytes.append(48) }
    var rest = value
    for place in stride(from: start + width - 1, through: start, by: -1) {
      bytes[place] = 48 + UInt8(rest % 10)
      rest /= 10
    }
  }

  private mutating func digits(_ value: UInt64) {
    let start = bytes.count
    var rest = value
    repeat {
      bytes.append(48 + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }
}

extension PayloadWriter {
  /// How a time is written.
  enum TimeForm {
    /// `2026-03-01T08:00:00.000Z`
    case zulu
    /// `2026-03-01T08:00:00.000000+00:00`
    case microseconds
    /// `2026-03-01T16:00:00+08:00`
    case chinaSeconds
    /// `2026-03-01T16:00:00.000+08:00`
    case chinaMilliseconds
    /// `2026-03-01 16:00:00`, China time
    case wall
    /// `20260301160000000`, China time
    case compact
  }

  mutating func time(_ time: Timestamp, _ form: TimeForm) {
    let isUTC = form == .zulu || form == .microseconds
    let wall = WallTime(time, offsetSeconds: isUTC ? 0 : ChinaTime.offsetSeconds)
    let isCompact = form == .compact
    padded(UInt64(wall.year), 4)
    part("-", wall.month, isCompact)
    part("-", wall.day, isCompact)
    let second = wall.millisecondOfDay / 1000
    part(form == .wall ? " " : "T", second / 3600, isCompact)
    part(":", second / 60 % 60, isCompact)
    part(":", second % 60, isCompact)
    if form != .wall && form != .chinaSeconds {
      if !isCompact { raw(".") }
      padded(UInt64(wall.millisecondOfDay % 1000), 3)
    }
    switch form {
    case .zulu: raw("Z")
    case .microseconds: raw("000+00:00")
    case .chinaSeconds, .chinaMilliseconds: raw("+08:00")
    case .wall, .compact: break
    }
  }

  private mutating func part(_ separator: StaticString, _ value: Int, _ isCompact: Bool) {
    if !isCompact { raw(separator) }
    padded(UInt64(value), 2)
  }
}

/// Local time of every simulated site: UTC+8 without summer time.
enum ChinaTime {
  static let offsetSeconds = 28_800

  static func millisecondOfDay(_ time: Timestamp) -> Int64 {
    (time.milliseconds + Int64(offsetSeconds) * 1000) % 86_400_000
  }

  static func month(_ time: Timestamp) -> YearMonth {
    YearMonth(containing: time, offsetSeconds: offsetSeconds)
  }
}
