import Protocols
import SiteModel

// Turns one record that tells of an alarm into an event.
extension MessageWalk {
  mutating func takeAlarm(
    _ device: DeviceIndex, _ stated: RecordTime, _ batch: inout DecodedBatch
  ) throws(Rejection) {
    guard let rule = shapes[shape].alarm else { return }
    outcome.isMapped = true
    let level = try alarmLevel(rule)
    var state = try alarmState(rule)
    let isCleared = level == AlarmRule.clearedWord
    if isCleared, state == .raised || state == .changed { state = .cleared }
    // When it began says nothing of when it ended.
    let isUntimed = state == .cleared && isTimeOfBegin
    let time =
      isUntimed
      ? RecordTime(stated: nil, receivedAt: receivedAt, isRetained: retained) : stated
    let key = try label(rule.key, limit: Decoder.keyLimit)
    let code = try alarmCode(rule, isNeeded: rule.needsCode || (state != .rebuilt && key.isEmpty))
    let row = code.row < 0 ? nil : rule.classes[code.row]
    let sent = level < 0 || isCleared ? nil : Severity.allCases[Int(level)]
    batch.events.append(
      DeviceEvent(
        device: device,
        alarm: row?.alarm ?? (state == .rebuilt ? Self.listAlarm : Self.unknownAlarm),
        code: String(decoding: code.bytes, as: UTF8.self), key: key,
        object: try label(rule.object, limit: Decoder.objectLimit),
        text: try words(rule.text), state: state,
        severity: sent ?? row?.severity(of: code.bytes) ?? .minor, time: time.time,
        quality: time.quality))
  }

  /// The alarm class of a code that no table has.
  private static let unknownAlarm = "unclassified"
  /// The class of an event that is about all alarms of a device.
  private static let listAlarm = "alarm.list"

  /// The first code that a table has, else the first that is there.
  private func alarmCode(
    _ rule: AlarmRule, isNeeded: Bool
  ) throws(Rejection) -> (bytes: UnsafeRawBufferPointer, row: Int) {
    var first: UnsafeRawBufferPointer?
    for node in rule.codes {
      guard let place = try value(at: node), let code = nodes[place].word else { continue }
      guard code.count <= Decoder.codeLimit else {
        throw Rejection(
          reason: .tooLarge, part: part(node), found: "a code of \(code.count) bytes",
          expected: "at most \(Decoder.codeLimit)")
      }
      for table in rule.tables {
        let row = model.find(code, in: table)
        if row >= 0 { return (code, row) }
      }
      first = first ?? code
    }
    if let first { return (first, -1) }
    guard isNeeded else { return (UnsafeRawBufferPointer(start: nil, count: 0), -1) }
    throw Rejection(
      reason: .wrongType, part: part(rule.codes), found: found(at: rule.codes),
      expected: "the code of an alarm")
  }

  private func alarmState(_ rule: AlarmRule) throws(Rejection) -> EventState {
    guard let first = rule.states.first else { return rule.constantState }
    for state in rule.states {
      guard let place = try value(at: state.node), let word = nodes[place].word else { continue }
      let position = model.plan.words.find(word, in: state.words)
      if position >= 0 { return EventState.allCases[Int(position)] }
    }
    throw Rejection(
      reason: .unknownWord, part: part(first.node), found: found(at: [first.node]),
      expected: model.expectedWords(first.words))
  }

  /// The severity that the device's own level stands for, by its position; -1 when it gives none
  /// that is known. An alarm is too important to be dropped for an odd level.
  private func alarmLevel(_ rule: AlarmRule) throws(Rejection) -> Int32 {
    guard rule.severity >= 0, let place = try value(at: rule.severity),
      let word = nodes[place].word
    else { return -1 }
    return model.plan.words.find(word, in: rule.severityWords)
  }

  /// A name or number that tells alarms apart; empty when there is none.
  private func label(_ choices: [Int32], limit: Int) throws(Rejection) -> String {
    guard let place = try value(at: choices), let bytes = nodes[place].word else { return "" }
    guard bytes.count <= limit else {
      throw Rejection(
        reason: .tooLarge, part: part(choices), found: "\(bytes.count) bytes",
        expected: "at most \(limit)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The device's own words, as far as they are kept; control characters become spaces.
  private func words(_ choices: [Int32]) throws(Rejection) -> String {
    guard let place = try value(at: choices), let bytes = nodes[place].word else { return "" }
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let isControl = scalar.value < 0x20 || scalar.value == 0x7F
      let kept: Unicode.Scalar = isControl ? " " : scalar
      if text.utf8.count + UTF8.width(kept) > Decoder.textLimit { break }
      text.unicodeScalars.append(kept)
    }
    return text
  }
}
