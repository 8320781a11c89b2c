import Protocols
import SiteModel

/// When something was measured, and how far that time can be trusted.
struct RecordTime {
  let time: Timestamp
  let quality: Quality
}

// Turns one record, whose fields are marked, into readings and events.
extension MessageWalk {
  mutating func takeRecord(
    from first: Int, _ directory: inout DeviceDirectory, _ devices: inout DeviceTable,
    _ batch: inout DecodedBatch
  ) {
    do throws(Rejection) {
      guard try passesFilters() else { return }
      let position = try device(&directory, &devices)
      let device = directory.entries[Int(position)].device
      if topicDevice < 0 { note(device, &batch) }
      do throws(Rejection) {
        let time = try recordTime()
        takeMetrics(from: first, position, directory, time, &batch)
        try takeNamedValue(position, directory, time, &batch)
        try takeAlarm(device, time, &batch)
      } catch {
        batch.reject(error.of(device))
      }
    } catch {
      batch.reject(error)
    }
  }

  /// One sighting for each run of members of the same device.
  private func note(_ device: DeviceIndex, _ batch: inout DecodedBatch) {
    let sighting = Sighting(device: device, profile: profile, receivedAt: receivedAt)
    if batch.sightings.last != sighting { batch.sightings.append(sighting) }
  }

  private func passesFilters() throws(Rejection) -> Bool {
    for filter in model.plan.filters {
      let value = try value(at: filter.node)
      let word = value.flatMap { nodes[$0].word }
      let isListed = word.map { model.plan.words.find($0, in: filter.words) >= 0 } ?? false
      if isListed != filter.keeps { return false }
    }
    return true
  }

  /// The document node at a tree node; nil when there is none or it is `null`.
  private func value(at node: Int32) throws(Rejection) -> Int? {
    let place = mark(node)
    if place < 0 { throw ambiguity(at: node) }
    return place == 0 || nodes[Int(place)].type == .null ? nil : Int(place)
  }

  private func device(
    _ directory: inout DeviceDirectory, _ devices: inout DeviceTable
  ) throws(Rejection) -> Int32 {
    if topicDevice >= 0 { return topicDevice }
    guard let place = try value(at: model.plan.device) else {
      throw Rejection(
        reason: .noDevice, part: part(model.plan.device), found: "nothing",
        expected: "a device name")
    }
    let node = nodes[place]
    guard node.type == .text || node.type == .number else {
      throw mistyped(model.plan.device, node, "a device name")
    }
    let position = directory.position(of: node.textBytes, in: &devices)
    guard position >= 0 else {
      throw Rejection(
        reason: .noDevice, part: part(model.plan.device), found: node.found,
        expected: "a device name of 1 to \(DeviceTable.nameLimit) bytes without control "
          + "characters (or the device table is full)")
    }
    return position
  }

  private func recordTime() throws(Rejection) -> RecordTime {
    for rule in model.plan.times {
      guard let place = try value(at: rule.node) else { continue }
      let node = nodes[place]
      guard node.type == .text || node.type == .number else {
        throw mistyped(rule.node, node, rule.format.expected)
      }
      guard
        let time = rule.format.time(
          node.textBytes, isText: node.type == .text, zoneSeconds: model.plan.zoneSeconds)
      else {
        throw Rejection(
          reason: .badTime, part: part(rule.node), found: node.found,
          expected: rule.format.expected)
      }
      let isPossible =
        time >= Decoder.earliestTime && time.since(receivedAt) <= Decoder.futureLimit_ms
      return isPossible
        ? RecordTime(time: time, quality: .good)
        : RecordTime(time: receivedAt, quality: .badTime)
    }
    return RecordTime(time: receivedAt, quality: retained ? .retained : .good)
  }

  private func takeMetrics(
    from first: Int, _ position: Int32, _ directory: borrowing DeviceDirectory,
    _ time: RecordTime, _ batch: inout DecodedBatch
  ) {
    for index in first..<found.count {
      let node = found[index]
      let rule = model.plan.tree.nodes[Int(node)].rule
      if rule < 0 { continue }
      do throws(Rejection) {
        try takeMetric(Int(rule), node, position, directory, time, &batch)
      } catch {
        batch.reject(error.of(directory.entries[Int(position)].device))
      }
    }
  }

  private func takeMetric(
    _ rule: Int, _ node: Int32, _ position: Int32, _ directory: borrowing DeviceDirectory,
    _ time: RecordTime, _ batch: inout DecodedBatch
  ) throws(Rejection) {
    guard let place = try value(at: node) else { return }
    do throws(ValueFault) {
      if model.plan.rules[rule].isText {
        let text = try DeviceProfile.text(of: nodes[place])
        batch.readings.append(
          Reading(
            device: directory.entries[Int(position)].device,
            metric: model.plan.rules[rule].metric, time: time.time,
            value: ExactDecimal(batch.texts.count), quality: time.quality))
        batch.texts.append(text)
        return
      }
      let value = try model.value(
        of: nodes[place], by: rule, ratios: directory.entries[Int(position)])
      let low = model.plan.rules[rule].low
      let high = model.plan.rules[rule].high
      let isPlausible = low <= value && value <= high
      batch.readings.append(
        Reading(
          device: directory.entries[Int(position)].device, metric: model.plan.rules[rule].metric,
          time: time.time, value: value,
          quality: time.quality == .good && !isPlausible ? .outOfRange : time.quality))
    } catch {
      throw Rejection(
        reason: error.reason, part: part(node), found: nodes[place].found,
        expected: error.expected)
    }
  }

  private mutating func takeNamedValue(
    _ position: Int32, _ directory: borrowing DeviceDirectory, _ time: RecordTime,
    _ batch: inout DecodedBatch
  ) throws(Rejection) {
    guard let named = model.plan.namedValues else { return }
    guard let place = try value(at: named.name), let name = nodes[place].word else {
      throw Rejection(
        reason: .wrongType, part: part(named.name), found: found(at: named.name),
        expected: "the name of a value")
    }
    let rule = model.find(name, in: named.table)
    if rule < 0 { return ignoreOne() }
    try takeMetric(rule, named.value, position, directory, time, &batch)
  }

  /// What stands at a tree node, for error messages.
  private func found(at node: Int32) -> String {
    let place = mark(node)
    return place > 0 ? nodes[Int(place)].found : "nothing"
  }

  private func takeAlarm(
    _ device: DeviceIndex, _ time: RecordTime, _ batch: inout DecodedBatch
  ) throws(Rejection) {
    guard let rule = model.plan.alarm else { return }
    guard let place = try value(at: rule.code), let code = nodes[place].word else {
      throw Rejection(
        reason: .wrongType, part: part(rule.code), found: found(at: rule.code),
        expected: "the code of an alarm")
    }
    guard code.count <= Decoder.codeLimit else {
      throw Rejection(
        reason: .tooLarge, part: part(rule.code), found: "a code of \(code.count) bytes",
        expected: "at most \(Decoder.codeLimit)")
    }
    let row = model.find(code, in: rule.table)
    let state = try alarmState(rule)
    let level = try alarmLevel(rule)
    batch.events.append(
      DeviceEvent(
        device: device, alarm: row < 0 ? "unclassified" : rule.classes[row].alarm,
        code: String(decoding: code, as: UTF8.self), state: state,
        severity: level ?? (row < 0 ? nil : rule.classes[row].severity) ?? .minor,
        time: time.time, quality: time.quality))
  }

  private func alarmState(_ rule: AlarmRule) throws(Rejection) -> EventState {
    if rule.state < 0 { return rule.constantState }
    let place = try value(at: rule.state)
    let position = place.flatMap { nodes[$0].word }.map {
      model.plan.words.find($0, in: rule.stateWords)
    }
    guard let position, position >= 0 else {
      throw Rejection(
        reason: .unknownWord, part: part(rule.state), found: found(at: rule.state),
        expected: model.expectedWords(rule.stateWords))
    }
    return EventState.allCases[Int(position)]
  }

  /// The severity that the device's own level stands for; nil when it gives none that is known. An
  /// alarm is too important to be dropped for an odd level.
  private func alarmLevel(_ rule: AlarmRule) throws(Rejection) -> Severity? {
    guard rule.severity >= 0, let place = try value(at: rule.severity),
      let word = nodes[place].word
    else { return nil }
    let position = model.plan.words.find(word, in: rule.severityWords)
    return position < 0 ? nil : Severity.allCases[Int(position)]
  }
}

extension Rejection {
  /// The same rejection with its device.
  fileprivate func of(_ device: DeviceIndex) -> Rejection {
    var result = self
    result.device = device
    return result
  }
}
