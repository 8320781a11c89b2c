import SiteModel

/// Turns what meters and terminals answer or report into points. The name of a point is the object
/// attribute descriptor as eight digits; the members of an array or structure have their number,
/// from 1, in place of the last byte: `00100201` is the first of `00100200`. Its source is the
/// address that the record names, else that of the server.
public struct DLT698Reader: Sendable {
  /// Seconds that the devices' clocks are ahead of UTC.
  public var zoneSeconds: Int

  /// Columns of a record whose value is its time: frozen at, and the three moments of collection.
  private static let timeColumns: Set<UInt32> = [
    0x2021_0200, 0x6040_0200, 0x6041_0200, 0x6042_0200,
  ]
  /// The column of a record that names the meter it is of.
  private static let addressColumn: UInt32 = 0x202A_0200
  /// Most columns of a record.
  private static let columnLimit = 256

  /// A reader of devices whose clocks are that far ahead of UTC.
  public init(zoneSeconds: Int) { self.zoneSeconds = zoneSeconds }

  /// Adds what a frame says. Requests and greetings of the link say nothing.
  public func take(_ frame: DLT698Frame, into list: inout PointList) {
    guard frame.isFromServer, !frame.wire.isEmpty else { return }
    if frame.isSegment {
      return list.add(
        WireFault(
          .incomplete, part: "frame[\(frame.index)]", found: "a segment of an answer",
          expected: "an answer in one frame"))
    }
    let count = frame.address >> 48 == 0 ? 12 : 16
    let unit = Unit(
      index: frame.index, source: list.keep(digitsOf: frame.address, count: count))
    guard frame.isScrambled else { return take(frame.wire, unit, &list) }
    let plain = frame.wire.map { $0 &- 0x33 }
    plain.withUnsafeBytes { take($0, unit, &list) }
  }

  private func take(_ bytes: UnsafeRawBufferPointer, _ unit: Unit, _ list: inout PointList) {
    var cursor = DLT698Cursor(bytes)
    do throws(DLT698Fault) {
      try readUnit(&cursor, unit, &list)
    } catch {
      let found = error.byte.map { HexText.text([$0]) } ?? "the end of the frame"
      let expected = error.byte == nil ? "the rest of a value" : "a known type, choice or length"
      list.add(
        WireFault(
          error.reason, part: "frame[\(unit.index)].APDU[\(error.place)]", found: found,
          expected: expected))
    }
  }

  private func readUnit(
    _ cursor: inout DLT698Cursor, _ unit: Unit, _ list: inout PointList
  ) throws(DLT698Fault) {
    let kind = try cursor.byte()
    // The link's own words (log in, heartbeat, log out) carry no values.
    if kind == 0x01 { return }
    guard kind == 0x85 || kind == 0x88 else {
      return list.add(
        WireFault(
          .otherProtocol, part: "frame[\(unit.index)]", found: Self.name(ofUnit: kind),
          expected: "GET-Response (85) or REPORT-Notification (88)"))
    }
    let choice = try cursor.byte()
    _ = try cursor.byte()
    switch (kind, choice) {
    case (0x85, 1): try readResult(&cursor, unit, &list)
    case (0x85, 2), (0x88, 1):
      for _ in 0..<(try cursor.length()) { try readResult(&cursor, unit, &list) }
    case (0x85, 3): try readRecord(&cursor, unit, &list)
    case (0x85, 4), (0x88, 2):
      for _ in 0..<(try cursor.length()) { try readRecord(&cursor, unit, &list) }
    default: throw DLT698Fault(.malformed, 1, choice)
    }
  }

  /// One descriptor and its value or error.
  private func readResult(
    _ cursor: inout DLT698Cursor, _ unit: Unit, _ list: inout PointList
  ) throws(DLT698Fault) {
    let code = try cursor.identifier()
    guard try hasData(&cursor, code, unit, &list) else { return }
    try readValue(&cursor, code, RowContext(source: unit.source), &list)
  }

  /// True when data follow; an error of the device goes to the list.
  private func hasData(
    _ cursor: inout DLT698Cursor, _ code: UInt32, _ unit: Unit, _ list: inout PointList
  ) throws(DLT698Fault) -> Bool {
    let place = cursor.position
    let kind = try cursor.byte()
    switch kind {
    case 1: return true
    case 0:
      let error = try cursor.byte()
      let name = Self.errorNames[error].map { ": \($0)" } ?? ""
      list.add(
        WireFault(
          .deviceError, part: "frame[\(unit.index)].\(HexText.digits(UInt64(code), count: 8))",
          found: "error \(error)\(name)", expected: "a value"))
      return false
    default: throw DLT698Fault(.malformed, place, kind)
    }
  }

  /// The frame of an application layer unit: its place in the message, and who sent it.
  private struct Unit {
    let index: Int
    let source: Range<Int>
  }

  /// What a record says of all its values.
  private struct RowContext {
    var source: Range<Int>
    var time: Timestamp?
  }

  /// A descriptor, its columns, and rows of values for them.
  private func readRecord(
    _ cursor: inout DLT698Cursor, _ unit: Unit, _ list: inout PointList
  ) throws(DLT698Fault) {
    let code = try cursor.identifier()
    let columns = try readColumns(&cursor)
    guard try hasData(&cursor, code, unit, &list) else { return }
    for _ in 0..<(try cursor.length()) {
      // A column may tell the time or the meter of those before it, so the row is read twice.
      var ahead = cursor
      let context = try readContext(&ahead, columns, unit, &list)
      for column in columns { try readValue(&cursor, column, context, &list) }
    }
  }

  private func readColumns(_ cursor: inout DLT698Cursor) throws(DLT698Fault) -> [UInt32] {
    var columns: [UInt32] = []
    for _ in 0..<(try cursor.length()) {
      let place = cursor.position
      let kind = try cursor.byte()
      let code = try cursor.identifier()
      switch kind {
      case 0: columns.append(code)
      case 1: for _ in 0..<(try cursor.length()) { columns.append(try cursor.identifier()) }
      default: throw DLT698Fault(.malformed, place, kind)
      }
      guard columns.count <= Self.columnLimit else {
        throw DLT698Fault(.tooManyValues, place, kind)
      }
    }
    if columns.isEmpty { throw DLT698Fault(.malformed, cursor.position, nil) }
    return columns
  }

  private func readContext(
    _ cursor: inout DLT698Cursor, _ columns: [UInt32], _ unit: Unit, _ list: inout PointList
  ) throws(DLT698Fault) -> RowContext {
    var context = RowContext(source: unit.source)
    for column in columns {
      let isOfInterest = column == Self.addressColumn || Self.timeColumns.contains(column)
      guard isOfInterest else {
        try cursor.skip()
        continue
      }
      switch try cursor.value() {
      case .time(let time) where column != Self.addressColumn && context.time == nil:
        context.time = time.instant(offsetSeconds: zoneSeconds)
      case .address(let digits), .octets(let digits):
        if column == Self.addressColumn { context.source = list.keep(Self.hex(digits)) }
      case .members(let count): for _ in 0..<count { try cursor.skip(depth: 1) }
      default: break
      }
    }
    return context
  }

  /// The value of a descriptor; each member of an array or structure is a value of its own.
  private func readValue(
    _ cursor: inout DLT698Cursor, _ code: UInt32, _ context: RowContext, _ list: inout PointList
  ) throws(DLT698Fault) {
    let value = try cursor.value()
    guard case .members(let count) = value else { return add(value, code, context, &list) }
    for position in 0..<count {
      // Only a whole attribute (index 0) has members that can be named.
      let isNamed = code & 0xFF == 0 && position < 0xFF
      let member = try memberValue(&cursor, depth: 1)
      if isNamed { add(member, code | UInt32(position + 1), context, &list) }
    }
  }

  /// A member's value; of one that has members itself (a demand and its time) the first.
  private func memberValue(
    _ cursor: inout DLT698Cursor, depth: Int
  ) throws(DLT698Fault) -> DLT698Value {
    let value = try cursor.value()
    guard case .members(let count) = value else { return value }
    guard depth < DLT698Cursor.depthLimit else {
      throw DLT698Fault(.tooDeep, cursor.position, nil)
    }
    guard count > 0 else { return .missing }
    let first = try memberValue(&cursor, depth: depth + 1)
    for _ in 1..<count { try cursor.skip(depth: depth + 1) }
    return first
  }

  private func add(
    _ value: DLT698Value, _ code: UInt32, _ context: RowContext, _ list: inout PointList
  ) {
    let name = list.keep(digitsOf: UInt64(code), count: 8)
    let point: PointValue
    switch value {
    case .number(let number): point = .number(number)
    case .truth(let truth): point = .truth(truth)
    case .text(let text): point = .text(list.keep(text))
    case .octets(let octets), .address(let octets): point = .text(list.keep(Self.hex(octets)))
    case .time(let time):
      point = .text(list.keep(time.instant(offsetSeconds: 0).description.prefix(19).utf8))
    case .missing, .members: point = .missing
    }
    list.add(Point(source: context.source, name: name, value: point, time: context.time))
  }

  private static func hex(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    bytes.prefix(128).flatMap { Array(HexText.text([$0]).utf8) }
  }
}
