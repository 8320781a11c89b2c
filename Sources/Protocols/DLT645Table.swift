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
