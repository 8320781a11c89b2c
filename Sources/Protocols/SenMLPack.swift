import SiteModel

/// Resolves the records of one SenML pack in their order: each base field holds from its record on
/// until it is given again.
struct SenMLPack {
  private typealias Label = SenMLRecord.Label

  private static let baseLabels: [Label] = [.baseName, .baseTime, .baseUnit, .baseValue, .baseSum]
  /// Resolved times below this many seconds are relative to the receipt: RFC 8428, section 4.5.3.
  private static let relativeLimit: ExactDecimal = "268435456"
  /// Longest resolved name and longest unit in bytes. A base name or unit is repeated for each
  /// record, so a long one would become a thousand.
  private static let nameLimit = 255
  private static let unitLimit = 64

  private let receivedAt: Timestamp
  private let isCBOR: Bool
  private let takesPaths: Bool
  private var index = -1
  private var baseName: [UInt8] = []
  private var baseUnit: [UInt8] = []
  private var baseTime: ExactDecimal?
  private var baseValue: ExactDecimal?
  private var baseSum: ExactDecimal?
  /// Base fields whose last one could not be read, and the record that has it. What would be
  /// resolved over them cannot be taken.
  private var broken: [SenMLRecord.Label: Int] = [:]

  init(receivedAt: Timestamp, isCBOR: Bool, takesPaths: Bool) {
    (self.receivedAt, self.isCBOR, self.takesPaths) = (receivedAt, isCBOR, takesPaths)
  }

  /// Takes the next record, which stands at a position of the pack's nodes.
  mutating func take(
    _ nodes: UnsafeBufferPointer<JSONNode>, at position: Int, into list: inout PointList
  ) {
    index += 1
    do throws(WireFault) {
      let record = try SenMLRecord(nodes, at: position, isCBOR: isCBOR)
      try readBase(record)
      try record.check()
      if let label = broken.keys.min(by: { $0.rawValue < $1.rawValue }), let place = broken[label] {
        throw WireFault(
          .incomplete, found: "\(label.rawValue) of record \(place), which could not be read",
          expected: "it given anew")
      }
      try resolve(record, into: &list)
    } catch {
      var fault = error
      fault.part = "record[\(index)]" + (fault.part.isEmpty ? "" : ".\(fault.part)")
      list.add(fault)
    }
  }

  private mutating func readBase(_ record: SenMLRecord) throws(WireFault) {
    var fault: WireFault?
    for label in Self.baseLabels where record.fields[label] != nil {
      do throws(WireFault) {
        try setBase(label, record)
        broken[label] = nil
      } catch {
        broken[label] = index
        fault = fault ?? error
      }
    }
    if let fault { throw fault }
  }

  private mutating func setBase(
    _ label: SenMLRecord.Label, _ record: SenMLRecord
  ) throws(WireFault) {
    switch label {
    case .baseName: baseName = Array(try record.text(label) ?? Self.nothing)
    case .baseUnit: baseUnit = Array(try record.text(label) ?? Self.nothing)
    case .baseTime: baseTime = try record.number(label)
    case .baseValue: baseValue = try record.number(label)
    default: baseSum = try record.number(label)
    }
  }

  private static var nothing: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: nil, count: 0)
  }
}

// From a record to points.
extension SenMLPack {
  private func resolve(_ record: SenMLRecord, into list: inout PointList) throws(WireFault) {
    let own: [Label] = [.name, .unit, .time, .updateTime, .value, .text, .truth, .data, .sum]
    guard own.contains(where: { record.fields[$0] != nil }) else { return }
    let values = [Label.value, .text, .truth, .data].filter { record.fields[$0] != nil }
    guard values.count == 1 || (values.isEmpty && record.fields[.sum] != nil) else {
      let found = values.isEmpty ? "no value" : values.map(\.rawValue).joined(separator: " and ")
      throw WireFault(
        values.isEmpty ? .incomplete : .ambiguous, found: found,
        expected: "one of v, vs, vb and vd, or s")
    }
    let name = try name(record)
    let unit = try unit(record)
    let time = try time(record)
    let sum = try sum(record)
    if let label = values.first {
      let value = try value(record, label, into: &list)
      list.add(Point(name: list.keep(name), unit: list.keep(unit), value: value, time: time))
    }
    if let sum {
      let unit = unit.isEmpty ? [] : Self.summedUnit(unit)
      list.add(
        Point(
          name: list.keep(name + Array("#sum".utf8)), unit: list.keep(unit), value: .number(sum),
          time: time))
    }
  }

  private func name(_ record: SenMLRecord) throws(WireFault) -> [UInt8] {
    let own = try record.text(.name)
    guard baseName.count + (own?.count ?? 0) <= Self.nameLimit else {
      throw WireFault(
        .tooLarge, part: "n", found: "\(baseName.count + (own?.count ?? 0)) bytes",
        expected: "a name of at most \(Self.nameLimit)")
    }
    let name = baseName + (own.map(Array.init) ?? [])
    let isName =
      !name.isEmpty && name.allSatisfy(Self.isNameByte)
      && !(takesPaths ? "-:._" : "-:./_").utf8.contains(name[0])
    if isName { return name }
    throw WireFault(
      .badText, part: "n",
      found: name.isEmpty ? "no name" : "'\(String(decoding: name.prefix(60), as: UTF8.self))'",
      expected: "1 to \(Self.nameLimit) of A-Z a-z 0-9 - : . / _, the first a letter or digit")
  }

  private func unit(_ record: SenMLRecord) throws(WireFault) -> [UInt8] {
    let own = try record.text(.unit)
    guard (own?.count ?? baseUnit.count) <= Self.unitLimit else {
      throw WireFault(
        .tooLarge, part: own == nil ? "bu" : "u", found: "\(own?.count ?? baseUnit.count) bytes",
        expected: "at most \(Self.unitLimit)")
    }
    return own.map(Array.init) ?? baseUnit
  }

  /// When it was measured; nil when neither the record nor a base field says.
  private func time(_ record: SenMLRecord) throws(WireFault) -> Timestamp? {
    let own = try record.number(.time)
    guard own != nil || baseTime != nil else { return nil }
    let seconds = try sum(of: baseTime, own, part: "t") ?? .zero
    let isRelative = seconds < Self.relativeLimit
    let limit: ExactDecimal = "999999999999"
    guard seconds < limit, seconds.negated < limit else {
      throw WireFault(
        .badTime, part: "t", found: "\(seconds) s", expected: "seconds since 1970 or since now")
    }
    let milliseconds = Self.milliseconds(seconds)
    return isRelative
      ? receivedAt.advanced(byMilliseconds: milliseconds) : Timestamp(milliseconds: milliseconds)
  }

  private func value(
    _ record: SenMLRecord, _ label: SenMLRecord.Label, into list: inout PointList
  ) throws(WireFault) -> PointValue {
    switch label {
    case .value:
      return .number(try sum(of: baseValue, record.number(.value), part: "v") ?? .zero)
    case .truth:
      guard let node = record.fields[.truth], node.type == .yes || node.type == .no else {
        throw WireFault(
          .wrongType, part: "vb", found: record.fields[.truth]?.found ?? "nothing",
          expected: "true or false")
      }
      return .truth(node.type == .yes)
    default:
      guard let text = try record.text(label) else { return .missing }
      return .text(list.keep(text))
    }
  }

  private func sum(_ record: SenMLRecord) throws(WireFault) -> ExactDecimal? {
    guard let own = try record.number(.sum) else { return nil }
    return try sum(of: baseSum, own, part: "s")
  }

  private func sum(
    of base: ExactDecimal?, _ own: ExactDecimal?, part: String
  ) throws(WireFault) -> ExactDecimal? {
    guard let base, let own else { return base ?? own }
    do throws(DecimalError) {
      return try base.adding(own)
    } catch {
      throw WireFault(
        .numberTooLong, part: part, found: "\(base) + \(own)", expected: "a sum that can be kept")
    }
  }

  /// The unit of a value summed over seconds.
  private static func summedUnit(_ unit: [UInt8]) -> [UInt8] {
    let name = String(decoding: unit, as: UTF8.self)
    return Array((["W": "J", "A": "C"][name] ?? name + "s").utf8)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7A, 0x41...0x5A, 0x30...0x3A, 0x2D...0x2F, 0x5F: true
    default: false
    }
  }

  /// Parts of a millisecond are cut off towards the past. The number is below 10^12.
  static func milliseconds(_ seconds: ExactDecimal) -> Int64 {
    let whole = ExactDecimal(significand: seconds.significand, exponent: seconds.exponent + 3)
    if whole.exponent >= 0 { return Int64(truncatingIfNeeded: whole.significand(at: 0) ?? 0) }
    var divisor: Int128 = 1
    for _ in 0..<min(-whole.exponent, 37) { divisor *= 10 }
    let (quotient, remainder) = whole.significand.quotientAndRemainder(dividingBy: divisor)
    return Int64(truncatingIfNeeded: remainder < 0 ? quotient - 1 : quotient)
  }
}
