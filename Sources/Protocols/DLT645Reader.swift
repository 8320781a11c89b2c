/// Data of a meter that did not fit into one frame: what the next frame goes on with.
public struct DLT645FollowUp: Sendable, Equatable {
  /// The meter.
  public var address: UInt64
  /// The identifier that was read.
  public var code: UInt32
  /// How many of the identifier's values were complete.
  public var valueCount: Int
  /// The bytes of a value that was cut, without their offset.
  public var rest: [UInt8]
  /// The number that the next frame must have.
  public var number: UInt8

  /// A follow-up from its parts.
  public init(address: UInt64, code: UInt32, valueCount: Int, rest: [UInt8], number: UInt8) {
    (self.address, self.code, self.valueCount) = (address, code, valueCount)
    (self.rest, self.number) = (rest, number)
  }
}

/// Turns replies of meters into points. The name of a point is that of the identifier's value in
/// the table, its source the twelve digits of the meter's address.
public struct DLT645Reader: Sendable {
  /// Identifiers of the edition of 2007, four bytes.
  public var table = DLT645Table()
  /// Identifiers of the edition of 1997, two bytes.
  public var oldTable = DLT645Table()

  /// Seconds that the meters' clocks are ahead of UTC.
  public var zoneSeconds: Int

  /// A reader without identifiers, of meters whose clocks are that far ahead of UTC.
  public init(zoneSeconds: Int) { self.zoneSeconds = zoneSeconds }

  /// Adds what a frame says. Requests and replies that carry no values say nothing. `followUp` is
  /// what an earlier frame of the same line left unfinished.
  public func take(
    _ frame: DLT645Frame, followUp: inout DLT645FollowUp?, into list: inout PointList
  ) {
    guard frame.isReply else { return }
    if frame.isError {
      return list.add(frame.isOldEdition ? Self.oldFault(frame) : Self.deviceError(frame))
    }
    switch frame.function {
    case 0x11: takeFirst(frame, &followUp, &list)
    case 0x12: takeNext(frame, &followUp, &list)
    case 0x01: takeOld(frame, &list)
    default: if frame.isOldEdition { list.add(Self.oldFault(frame)) }
    }
  }

  private func takeFirst(
    _ frame: DLT645Frame, _ followUp: inout DLT645FollowUp?, _ list: inout PointList
  ) {
    guard frame.count >= 4 else { return list.add(Self.shortFault(frame, 4)) }
    let code = frame.identifier(bytes: 4)
    if let open = followUp, open.address == frame.address {
      if !open.rest.isEmpty { list.add(Self.unfinishedFault(frame, open)) }
      followUp = nil
    }
    let data = DLT645Data(rest: [], frame: frame, range: 4..<frame.count)
    let known = table.find(code)
    if known.values.isEmpty { return Self.addUnknown(code, digits: 8, &list) }
    guard let taken = add(known, of: table, data, code, digits: 8, &list) else { return }
    if frame.hasMore { followUp = Self.followUp(data, frame.address, code, taken, number: 1) }
  }

  private func takeNext(
    _ frame: DLT645Frame, _ followUp: inout DLT645FollowUp?, _ list: inout PointList
  ) {
    guard frame.count >= 5 else { return list.add(Self.shortFault(frame, 5)) }
    let code = frame.identifier(bytes: 4)
    let number = frame[frame.count - 1]
    guard let open = followUp, open.address == frame.address, open.code == code,
      open.number == number
    else {
      let isOwn = followUp?.address == frame.address && followUp?.code == code
      let expected = isOwn ? "part \(followUp?.number ?? 0)" : "its first frame (91 or B1)"
      if followUp?.address == frame.address { followUp = nil }
      return list.add(
        WireFault(
          .outOfOrder, part: Self.part(frame, code, digits: 8),
          found: "part \(number) of a reply that goes on", expected: expected))
    }
    followUp = nil
    var known = table.find(code)
    known.values = known.values.dropFirst(open.valueCount)
    let data = DLT645Data(rest: open.rest, frame: frame, range: 4..<(frame.count - 1))
    guard let taken = add(known, of: table, data, code, digits: 8, &list) else { return }
    if frame.hasMore {
      followUp = Self.followUp(data, frame.address, code, taken, number: number &+ 1)
      followUp?.valueCount += open.valueCount
    }
  }

  private func takeOld(_ frame: DLT645Frame, _ list: inout PointList) {
    guard frame.count >= 2 else { return list.add(Self.oldFault(frame)) }
    let code = frame.identifier(bytes: 2)
    let known = oldTable.find(code)
    if known.values.isEmpty { return list.add(Self.oldFault(frame)) }
    let data = DLT645Data(rest: [], frame: frame, range: 2..<frame.count)
    _ = add(known, of: oldTable, data, code, digits: 4, &list)
  }

  /// Adds the values that are whole. Nil when the length fits no beginning of the values; else how
  /// many values and bytes were taken.
  private func add(
    _ known: (values: Range<Int>, isBlock: Bool), of table: DLT645Table, _ data: DLT645Data,
    _ code: UInt32, digits: Int, _ list: inout PointList
  ) -> (values: Int, bytes: Int)? {
    guard let count = Self.fittingCount(known, of: table, data) else {
      list.add(Self.lengthFault(known.values, of: table, data, code, digits))
      return nil
    }
    let source = list.keep(digitsOf: data.frame.address, count: 12)
    var place = 0
    for position in known.values.prefix(count) {
      let field = table.fields[position]
      if case .period = field.format.form {
        addPeriod(field, data, at: place, source, &list)
      } else if let value = field.format.value(
        data, at: place, zoneSeconds: zoneSeconds, into: &list)
      {
        let name = list.keep(table.names[field.name])
        list.add(Point(source: source, name: name, value: value))
      } else {
        list.add(Self.digitFault(field, data, place, code, digits))
      }
      place += field.format.byteCount
    }
    return (count, place)
  }

  /// Begin and end of a period of the past; an end that is missing is still to come.
  private func addPeriod(
    _ field: DLT645Table.Field, _ data: DLT645Data, at place: Int, _ source: Range<Int>,
    _ list: inout PointList
  ) {
    let name = list.keep(table.names[field.name])
    for (isBegin, start) in [(true, place), (false, place + 6)] {
      let time = DLT645Format.instant(data, at: start, zoneSeconds: zoneSeconds)
      guard let time else { break }
      list.add(
        Point(source: source, name: name, value: .truth(isBegin), time: time, isHistorical: true))
    }
  }

  /// How many values the data hold. A block may end after any of its values (a meter with fewer
  /// rates), and go on with more of the last kind than the table knows.
  private static func fittingCount(
    _ known: (values: Range<Int>, isBlock: Bool), of table: DLT645Table, _ data: DLT645Data
  ) -> Int? {
    var left = data.count
    var count = 0
    var size = 0
    for position in known.values {
      size = table.fields[position].format.byteCount
      if left < size { break }
      left -= size
      count += 1
    }
    if left == 0, count > 0, known.isBlock || count == known.values.count { return count }
    if data.frame.hasMore { return count }
    return known.isBlock && count == known.values.count && left % size == 0 ? count : nil
  }

  private static func followUp(
    _ data: DLT645Data, _ address: UInt64, _ code: UInt32, _ taken: (values: Int, bytes: Int),
    number: UInt8
  ) -> DLT645FollowUp {
    let rest = (taken.bytes..<data.count).prefix(DLT645Format.byteLimit).map { data[$0] }
    return DLT645FollowUp(
      address: address, code: code, valueCount: taken.values, rest: rest, number: number)
  }

  /// An identifier that the table does not have: a name without a value, to be counted as ignored.
  private static func addUnknown(_ code: UInt32, digits: Int, _ list: inout PointList) {
    let name = list.keep(digitsOf: UInt64(code), count: digits)
    list.add(Point(name: name, value: .missing))
  }
}
