import Protocols
import SiteModel

extension RecordTime {
  /// A time that a device stated, or the time of receipt: when it stated none, and when what it
  /// stated is impossible.
  init(stated: Timestamp?, receivedAt: Timestamp, isRetained: Bool) {
    guard let stated else {
      self.init(time: receivedAt, quality: isRetained ? .retained : .good)
      return
    }
    let isPossible =
      stated >= Decoder.earliestTime && stated.since(receivedAt) <= Decoder.futureLimit_ms
    self.init(time: isPossible ? stated : receivedAt, quality: isPossible ? .good : .badTime)
  }
}

/// Turns the points of one message into readings by a profile's table.
struct PointTaking {
  let model: DeviceProfile
  /// Position of the profile in the decoder's list.
  let profile: Int
  /// Position of the topic's device in the directory; -1 when points name their devices.
  let speaker: Int32
  let receivedAt: Timestamp
  let isRetained: Bool

  /// Takes all points and faults of a list. `maySayNothing` is true where a message without any
  /// value is no fault, such as the first half of a frame, and `mayMapNothing` where values that
  /// the profile does not have are none.
  func take(
    _ list: borrowing PointList, maySayNothing: Bool = false, mayMapNothing: Bool = false,
    _ directory: inout DeviceDirectory, _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    let own = speaker < 0 ? nil : directory.entries[Int(speaker)].device
    for fault in list.faults { batch.reject(Rejection(fault, device: own)) }
    var isMapped = false
    var rows = PointRows(model, of: own)
    // The points of a frame have one source, which is looked up, and refused, once.
    var latest: (source: Range<Int>, position: Int32)?
    list.bytes.withUnsafeBytes { bytes in
      for index in list.points.indices {
        let point = list.points[index]
        do throws(Rejection) {
          let rule = try rows.rule(of: UnsafeRawBufferPointer(rebasing: bytes[point.name]))
          let period = rule < 0 ? periodClass(of: point, bytes) : nil
          if rule < 0, period == nil {
            batch.ignoredCount += 1
            continue
          }
          isMapped = true
          if latest?.source != point.source {
            latest = (point.source, -1)
            latest?.position = try device(
              of: point, bytes, &directory, &devices, &batch)
          }
          guard let position = latest?.position, position >= 0 else { continue }
          if let period {
            takePeriod(list, at: index, bytes, period, position, directory, &batch)
          } else {
            try take(point, bytes, by: rule, position, directory, &batch)
          }
        } catch {
          batch.reject(error)
        }
      }
    }
    let saysNothing = mayMapNothing || (list.points.isEmpty && maySayNothing)
    if !isMapped, list.faults.isEmpty, !saysNothing { batch.reject(nothingMapped(list, own)) }
  }

  private func device(
    of point: Point, _ bytes: UnsafeRawBufferPointer, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) throws(Rejection) -> Int32 {
    if point.source.isEmpty {
      guard speaker >= 0 else {
        throw Rejection(reason: .noDevice, found: "a value without a device", expected: "its name")
      }
      return speaker
    }
    let source = UnsafeRawBufferPointer(rebasing: bytes[point.source])
    let position = try directory.device(at: source, behind: speaker, in: &devices)
    if position != speaker {
      let device = directory.entries[Int(position)].device
      batch.noteSpeaker(Sighting(device: device, profile: profile, receivedAt: receivedAt))
    }
    return position
  }

  private func take(
    _ point: Point, _ bytes: UnsafeRawBufferPointer, by rule: Int,
    _ position: Int32, _ directory: borrowing DeviceDirectory, _ batch: inout DecodedBatch
  ) throws(Rejection) {
    let device = directory.entries[Int(position)].device
    let time = RecordTime(stated: point.time, receivedAt: receivedAt, isRetained: isRetained)
    do throws(ValueFault) {
      let ratios = directory.entries[Int(position)].ratios
      guard let value = try model.value(of: point, bytes, by: rule, ratios, &batch) else { return }
      let low = model.plan.rules[rule].low
      let high = model.plan.rules[rule].high
      let isPlausible = model.plan.rules[rule].isText || (low <= value && value <= high)
      let reading = Reading(
        device: device, metric: model.plan.rules[rule].metric, time: time.time, value: value,
        quality: time.quality == .good && !isPlausible ? .outOfRange : time.quality)
      batch.append(reading, isHistorical: point.isHistorical)
    } catch {
      throw Rejection(
        reason: error.reason, device: device,
        part: String(decoding: bytes[point.name], as: UTF8.self),
        found: Self.found(point.value, bytes), expected: error.expected)
    }
  }

  private func nothingMapped(_ list: borrowing PointList, _ device: DeviceIndex?) -> Rejection {
    var unknown = UnknownNames()
    for point in list.points where !unknown.isFull {
      list.bytes.withUnsafeBytes { bytes in
        unknown.note(UnsafeRawBufferPointer(rebasing: bytes[point.name]))
      }
    }
    return Rejection(
      reason: .nothingMapped, device: device,
      found: list.points.isEmpty ? "no values" : unknown.text,
      expected: "at least one value of profile '\(model.name)'")
  }

  private static func found(_ value: PointValue, _ bytes: UnsafeRawBufferPointer) -> String {
    switch value {
    case .number(let number): "the number \(number)"
    case .truth(let truth): "\(truth)"
    case .text(let range): "'\(String(decoding: bytes[range].prefix(60), as: UTF8.self))'"
    case .missing: "nothing"
    }
  }
}

extension Rejection {
  /// A fault of a protocol as a rejection.
  init(_ fault: WireFault, device: DeviceIndex?) {
    self.init(
      reason: fault.reason, device: device, part: fault.part, found: fault.found,
      expected: fault.expected)
  }
}

extension DeviceProfile {
  /// The table of a profile whose protocol names its values itself.
  var points: CodeTable {
    plan.points ?? CodeTable(words: -1, match: .exact, withoutLast: 0, lengths: [])
  }

  /// The value of a point in its catalogue unit; nil when the device has none.
  func value(
    of point: Point, _ bytes: UnsafeRawBufferPointer, by rule: Int,
    _ ratios: DeviceDirectory.Ratios, _ batch: inout DecodedBatch
  ) throws(ValueFault) -> ExactDecimal? {
    let hasWords = plan.rules[rule].words >= 0
    switch point.value {
    case .missing: return nil
    case .number(let number):
      if plan.rules[rule].isText {
        batch.texts.append(number.description)
        return ExactDecimal(batch.texts.count - 1)
      }
      if hasWords { return try meaning(of: number.description, by: rule) }
      if namesUnits, !point.unit.isEmpty {
        let unit = UnsafeRawBufferPointer(rebasing: bytes[point.unit])
        return try converted(number, from: unit, by: rule, ratios)
      }
      return try scaled(number, by: rule, ratios)
    case .truth(let truth):
      if hasWords { return try meaning(of: truth ? "true" : "false", by: rule) }
      guard plan.rules[rule].takesTruth else { break }
      return ExactDecimal(truth ? 1 : 0)
    case .text(let range):
      let text = UnsafeRawBufferPointer(rebasing: bytes[range])
      if plan.rules[rule].isText { return try batch.keep(text) }
      if hasWords { return try meaning(of: String(decoding: text, as: UTF8.self), by: rule) }
      return try scaled(try Self.number(text), by: rule, ratios)
    }
    throw ValueFault(
      reason: .wrongType, expected: plan.rules[rule].isText ? "a text" : "a decimal number")
  }

  private func meaning(of word: String, by rule: Int) throws(ValueFault) -> ExactDecimal {
    let scope = plan.rules[rule].words
    let value = plan.words.find(word, in: scope)
    guard value >= 0 else {
      throw ValueFault(reason: .unknownWord, expected: expectedWords(scope))
    }
    return plan.values[Int(value)]
  }
}
