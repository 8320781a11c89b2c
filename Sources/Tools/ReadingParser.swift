import Decoding
import Documents
import SiteModel
import Storage

/// Turns rows of a CSV file into readings. What cannot be used of a row is noted with its line, and
/// the rest of it is taken.
struct ReadingParser {
  /// What was taken since it was last emptied.
  var readings: [Reading] = []
  /// What could not be used since then.
  var rejected: [ImportRejection] = []
  /// All devices, those that the file adds at the end.
  private(set) var devices: DeviceTable

  private let columns: ReadingColumns
  private let layout: ReadingLayout
  private let bounds: [Plausibility]
  private let latest: Timestamp
  private var metricPlaces = ByteTable()
  private var deviceNumbers = ByteTable()
  private var onlyDevice: DeviceIndex?
  private var missing = ByteTable()
  private var joined: [UInt8] = []

  /// A parser of one file; `devices` are those that are known, and `now` bounds the times.
  init(
    _ columns: ReadingColumns, _ layout: ReadingLayout, devices: DeviceTable, now: Timestamp
  ) {
    self.columns = columns
    self.layout = layout
    self.devices = devices
    bounds = columns.targets.map { Plausibility($0.metric) }
    latest = now.advanced(byMilliseconds: Decoder.futureLimit_ms)
    for text in Set(layout.missing) { missing.insert(text, value: 0) }
    if columns.metric >= 0 {
      for (place, target) in columns.targets.enumerated() where metricPlaces.find(target.name) < 0 {
        metricPlaces.insert(target.name, value: Int32(place))
      }
    }
  }

  /// Why a row, or a value of it, cannot be used.
  private struct Rejected: Error {
    var reason: String
  }

  /// Takes the row at hand.
  mutating func take(_ row: CSVStream) {
    do throws(Rejected) {
      let time = try time(row)
      if columns.metric >= 0 {
        guard row.cellCount > columns.value else {
          throw Rejected(
            reason: "found \(row.cellCount) cells, expected at least \(columns.value + 1)")
        }
        // A row without a value says nothing, whatever else stands there.
        guard !isMissing(row.cell(columns.value)) else { return }
        let place = try target(row)
        let shift = try shift(row, columns.targets[place])
        try takeValue(row, columns.value, place, shift, time)
      } else {
        try takeWide(row, time)
      }
    } catch { reject(row.line, error.reason) }
  }

  /// Notes a row that could not be cut into cells.
  mutating func reject(_ line: Int, _ reason: String) {
    rejected.append(ImportRejection(line: line, reason: reason))
  }

  /// Empties what was taken and noted.
  mutating func removeAll() {
    readings.removeAll(keepingCapacity: true)
    rejected.removeAll(keepingCapacity: true)
  }

  private mutating func takeWide(_ row: CSVStream, _ time: Timestamp) throws(Rejected) {
    for place in columns.targets.indices {
      let column = columns.targets[place].column
      guard !isMissing(row.cell(column)) else { continue }
      let shift = columns.targets[place].shift
      do throws(Rejected) { try takeValue(row, column, place, shift, time) } catch {
        reject(row.line, "\(columns.targets[place].name): \(error.reason)")
      }
    }
  }

  private mutating func takeValue(
    _ row: CSVStream, _ column: Int, _ place: Int, _ shift: Int, _ time: Timestamp
  ) throws(Rejected) {
    let number = try number(row, column)
    let device = try device(row)
    let value =
      shift == 0
      ? number
      : ExactDecimal(significand: number.significand, exponent: number.exponent + shift)
    var quality = try quality(row)
    if quality == .good, !bounds[place].contains(value) { quality = .outOfRange }
    readings.append(
      Reading(
        device: device, metric: columns.targets[place].metric, time: time, value: value,
        quality: quality))
  }

  private func isMissing(_ cell: UnsafeRawBufferPointer) -> Bool {
    cell.isEmpty || missing.find(cell) >= 0
  }

  private mutating func number(
    _ row: CSVStream, _ column: Int
  ) throws(Rejected) -> ExactDecimal {
    do throws(DecimalError) {
      let cell = row.cell(column)
      guard layout.hasDecimalComma else { return try ExactDecimal(parsing: cell) }
      joined.removeAll(keepingCapacity: true)
      for byte in cell { joined.append(byte == UInt8(ascii: ",") ? UInt8(ascii: ".") : byte) }
      let parsed = joined.withUnsafeBytes { bytes in
        Result { () throws(DecimalError) in try ExactDecimal(parsing: bytes) }
      }
      return try parsed.get()
    } catch {
      let expected =
        error == .malformed
        ? "a decimal number" : "a number of at most \(ExactDecimal.maximumDigits) digits"
      throw Rejected(reason: "found '\(Self.shown(row, column))', expected \(expected)")
    }
  }

  private mutating func time(_ row: CSVStream) throws(Rejected) -> Timestamp {
    var time: Timestamp?
    if columns.times.count == 1 {
      time = columns.timeFormat.time(row.cell(columns.times[0]), zoneSeconds: layout.zoneSeconds)
    } else {
      joined.removeAll(keepingCapacity: true)
      for (place, column) in columns.times.enumerated() {
        if place > 0 { joined.append(UInt8(ascii: " ")) }
        joined.append(contentsOf: row.cell(column).prefix(64))
      }
      time = joinedTime()
    }
    if time == nil {
      // A pattern such as yyyy年M月d日 against a file that is not UTF-8.
      joined = Array(timeText(row).utf8)
      time = joinedTime()
    }
    guard let time else {
      throw Rejected(
        reason: "found '\(Self.shown(timeText(row)))', expected \(columns.timeFormat.expected)")
    }
    guard time >= Decoder.earliestTime, time <= latest else {
      throw Rejected(
        reason: "found the time \(time), expected one from \(Decoder.earliestTime) to now")
    }
    return time
  }

  private func joinedTime() -> Timestamp? {
    joined.withUnsafeBytes { columns.timeFormat.time($0, zoneSeconds: layout.zoneSeconds) }
  }

  private func timeText(_ row: CSVStream) -> String {
    columns.times.map { row.text($0) ?? "" }.joined(separator: " ")
  }

  private mutating func device(_ row: CSVStream) throws(Rejected) -> DeviceIndex {
    if let onlyDevice { return onlyDevice }
    if columns.device < 0 {
      let device = try index(of: layout.device ?? "")
      onlyDevice = device
      return device
    }
    let cell = row.cell(columns.device)
    let known = deviceNumbers.find(cell)
    if known >= 0 { return DeviceIndex(known) }
    let device = try index(of: row.text(columns.device) ?? "")
    deviceNumbers.insert(cell, value: device.position)
    return device
  }

  private mutating func index(of name: String) throws(Rejected) -> DeviceIndex {
    guard let device = devices.index(of: name) else {
      throw Rejected(
        reason: "found the device '\(name.prefix(60))', expected a name of 1 to "
          + "\(DeviceTable.nameLimit) bytes without control characters "
          + "(or there are \(DeviceTable.limit) devices already)")
    }
    return device
  }

  /// The place of a row's metric in the long form.
  private mutating func target(_ row: CSVStream) throws(Rejected) -> Int {
    let cell = row.cell(columns.metric)
    let place = metricPlaces.find(cell)
    if place >= 0 { return Int(place) }
    // The same name in another encoding is looked up once; an unknown one need not be fast.
    if let text = row.text(columns.metric) {
      let place = metricPlaces.find(text)
      if place >= 0 {
        metricPlaces.insert(cell, value: place)
        return Int(place)
      }
    }
    let known =
      columns.targets.count > 12
      ? "a metric of the catalogue"
      : "one of "
        + columns.targets.map(\.name).joined(separator: ", ")
    throw Rejected(
      reason: "found the metric '\(Self.shown(row, columns.metric))', expected \(known)")
  }

  /// The power of ten that turns a row's value into the catalogue's unit.
  private func shift(_ row: CSVStream, _ target: ReadingTarget) throws(Rejected) -> Int {
    // Without a unit column this is an empty cell.
    let cell = row.cell(columns.unit)
    guard !cell.isEmpty else {
      if target.shift != .min { return target.shift }
      throw Rejected(
        reason: "\(target.name): '\(layout.unit ?? "")' cannot be turned into \(target.unit.name)")
    }
    if Self.isEqual(cell, target.unit.name) { return 0 }
    guard let shift = Unit(row.text(columns.unit) ?? "").exponent(to: target.unit) else {
      throw Rejected(
        reason: "\(target.name): '\(Self.shown(row, columns.unit))' cannot be turned into "
          + target.unit.name)
    }
    return shift
  }

  private func quality(_ row: CSVStream) throws(Rejected) -> Quality {
    guard columns.quality >= 0 else { return .good }
    let cell = row.cell(columns.quality)
    if cell.isEmpty || Self.isEqual(cell, "good") { return .good }
    guard let quality = Quality.allCases.first(where: { Self.isEqual(cell, $0.name) }) else {
      throw Rejected(
        reason: "found the quality '\(Self.shown(row, columns.quality))', expected one of "
          + Quality.allCases.map(\.name).joined(separator: ", "))
    }
    // That values contradict each other is found when they are read.
    return quality == .conflict ? .good : quality
  }

  private static func isEqual(_ cell: UnsafeRawBufferPointer, _ text: String) -> Bool {
    var text = text
    return text.withUTF8 { cell.count == $0.count && cell.elementsEqual($0) }
  }

  /// What a cell holds, for a message.
  private static func shown(_ row: CSVStream, _ column: Int) -> String {
    shown(row.text(column) ?? "bytes that are no text")
  }

  private static func shown(_ text: String) -> String {
    String(text.unicodeScalars.prefix(60).map { $0.value < 0x20 ? "\u{FFFD}" : Character($0) })
  }
}

/// The plausible range of a metric, ready for values of any usual scale.
struct Plausibility {
  private let range: ClosedRange<ExactDecimal>
  /// The range's significands at -0, -1, … decimals.
  private let scaled: [(low: Int128, high: Int128)]

  init(_ metric: Metric) {
    let range = MetricCatalogue.definition(of: metric)?.plausible ?? .zero ... .zero
    self.range = range
    scaled = (0...12).compactMap { decimals in
      guard range.lowerBound.exponent >= -decimals, range.upperBound.exponent >= -decimals,
        let low = range.lowerBound.significand(at: -decimals),
        let high = range.upperBound.significand(at: -decimals)
      else { return nil }
      return (low, high)
    }
  }

  func contains(_ value: ExactDecimal) -> Bool {
    let decimals = -value.exponent
    guard scaled.count == 13, decimals >= 0, decimals <= 12 else {
      return range.contains(value)
    }
    let bounds = scaled[decimals]
    return bounds.low <= value.significand && value.significand <= bounds.high
  }
}
