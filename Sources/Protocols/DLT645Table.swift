import SiteModel

/// How a value is written in the data of a meter: `XXXXXX.XX` are eight BCD digits in four bytes,
/// two of them decimals; `HHHH` are two bytes of bits.
public struct DLT645Format: Sendable, Equatable {
  /// Most bytes of one value.
  public static let byteLimit = 8

  /// Bytes on the wire.
  public let byteCount: Int
  /// Decimals of a BCD value.
  public let decimals: Int
  /// True when the highest bit of a BCD value is its sign.
  public let isSigned: Bool
  /// True for bits, which are taken as one whole number.
  public let isBits: Bool
  /// True for the begin and the end of a period, each `YYMMDDhhmmss`.
  public let isPeriod: Bool

  /// Begin and end of a period in the past.
  public static let period = DLT645Format()

  private init() {
    (byteCount, decimals, isSigned, isBits, isPeriod) = (12, 0, false, false, true)
  }

  /// A format from its text; nil when it is none: X and one point, or H, an even number of digits.
  public init?(_ text: String, isSigned: Bool) {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let digits = parts.joined()
    let isBits = digits.allSatisfy { $0 == UInt8(ascii: "H") }
    let isNumber = digits.allSatisfy { $0 == UInt8(ascii: "X") }
    let count = digits.count
    guard count > 0, count % 2 == 0, count <= 2 * Self.byteLimit, parts.count <= 2,
      isNumber || (isBits && parts.count == 1 && !isSigned), parts.allSatisfy({ !$0.isEmpty })
    else { return nil }
    (byteCount, decimals) = (count / 2, parts.count == 2 ? parts[1].count : 0)
    (self.isSigned, self.isBits, isPeriod) = (isSigned, isBits, false)
  }

  /// The instant that six bytes from `start` on show, lowest first, on a clock `zoneSeconds` ahead
  /// of UTC; nil when they show none, such as zeros.
  static func instant(_ data: DLT645Data, at start: Int, zoneSeconds: Int) -> Timestamp? {
    var parts = (0..<6).map { Int(data[start + $0] >> 4) * 10 + Int(data[start + $0] & 0x0F) }
    let isDecimal = (start..<(start + 6)).allSatisfy { data[$0] & 0x0F < 10 && data[$0] < 0xA0 }
    guard isDecimal, let year = parts.popLast() else { return nil }
    let time = WallTime(
      year: 2000 + year, month: parts[4], day: parts[3], hour: parts[2], minute: parts[1],
      second: parts[0])
    return time?.instant(offsetSeconds: zoneSeconds)
  }

  /// The value of the bytes of `data` from `start` on, lowest first; nil when a digit is none.
  func value(_ data: DLT645Data, at start: Int) -> PointValue? {
    var number: UInt64 = 0
    var isFilled = true
    var isBroken = false
    for place in (start..<(start + byteCount)).reversed() {
      let byte = data[place]
      isFilled = isFilled && byte == 0xFF
      if isBits {
        number = number << 8 | UInt64(byte)
        continue
      }
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
}

/// Data of a frame without their offset, after what an earlier frame left of a value.
struct DLT645Data {
  let rest: [UInt8]
  let frame: DLT645Frame
  /// Where the values begin in the frame, and where they end.
  let range: Range<Int>

  var count: Int { rest.count + range.count }

  subscript(place: Int) -> UInt8 {
    place < rest.count ? rest[place] : frame[range.lowerBound + place - rest.count]
  }
}

/// The identifiers that are understood: for each the values that its data hold, in their order.
/// Data, not code: a profile fills it.
public struct DLT645Table: Sendable {
  /// Most values of one identifier.
  public static let valueLimit = 64

  struct Field: Sendable {
    /// Name of the value, in `names`.
    let name: Range<Int>
    let format: DLT645Format
  }

  private struct Slot: Sendable {
    var code: UInt32 = 0
    /// The identifier's values in `fields`; none when the slot is free.
    var first: Int32 = 0
    var count: Int32 = 0
    var isBlock = false
  }

  private(set) var names: [UInt8] = []
  private(set) var fields: [Field] = []
  /// Its size is a power of two, at most half full.
  private var slots = [Slot](repeating: Slot(), count: 16)
  private var count = 0

  /// An empty table.
  public init() {}

  /// Adds an identifier with its values; false when it is there already or has too many or none. A
  /// block may end after any of its values, and go on with more of the last kind.
  public mutating func insert(
    _ code: UInt32, _ values: [(name: String, format: DLT645Format)], isBlock: Bool = false
  ) -> Bool {
    guard find(code).values.isEmpty, !values.isEmpty, values.count <= Self.valueLimit else {
      return false
    }
    if (count + 1) * 2 > slots.count { grow() }
    let slot = Slot(
      code: code, first: Int32(fields.count), count: Int32(values.count), isBlock: isBlock)
    for value in values {
      let start = names.count
      names.append(contentsOf: value.name.utf8)
      fields.append(Field(name: start..<names.count, format: value.format))
    }
    occupy(slot)
    count += 1
    return true
  }

  /// The values of an identifier, as positions in ``fields``; none when it is unknown.
  func find(_ code: UInt32) -> (values: Range<Int>, isBlock: Bool) {
    var place = Self.place(of: code, among: slots.count)
    while slots[place].count > 0 {
      let slot = slots[place]
      if slot.code == code {
        return (Int(slot.first)..<Int(slot.first + slot.count), slot.isBlock)
      }
      place = (place + 1) & (slots.count - 1)
    }
    return (0..<0, false)
  }

  private mutating func occupy(_ slot: Slot) {
    var place = Self.place(of: slot.code, among: slots.count)
    while slots[place].count > 0 { place = (place + 1) & (slots.count - 1) }
    slots[place] = slot
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(), count: old.count * 2)
    for slot in old where slot.count > 0 { occupy(slot) }
  }

  /// The codes come from the profile, so nobody can choose ones that collide.
  private static func place(of code: UInt32, among count: Int) -> Int {
    Int((code &* 0x9E37_79B1) >> 16) & (count - 1)
  }
}
