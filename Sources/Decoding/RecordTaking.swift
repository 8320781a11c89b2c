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
    _ node: Int, from first: Int, at level: Int, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    guard hasRecord(at: level) else { return }
    do throws(Rejection) {
      guard try passesFilters() else { return }
      if shapes[shape].mapsNothing { outcome.isMapped = true }
      let position = try device(&directory, &devices)
      let device = directory.entries[Int(position)].device
      if shapes[shape].device >= 0 { note(device, &batch) }
      do throws(Rejection) {
        if let fault = wrongSpeaker(at: level, directory) { throw fault }
        let time = try recordTime()
        takeMetrics(from: first, position, directory, time, &batch)
        try takeNamedValue(position, &directory, &devices, time, &batch)
        try takeAlarm(device, time, &batch)
        if !outcome.isMapped { noteUnknown(node, at: shapes[shape].tree.levels[level].root) }
      } catch {
        outcome.isMapped = true
        batch.reject(error.of(device))
      }
    } catch {
      outcome.isMapped = true
      batch.reject(error)
    }
  }

  /// True when the records path leads to something in this level.
  private func hasRecord(at level: Int) -> Bool {
    let record = shapes[shape].tree.record
    if record == shapes[shape].tree.levels[level].root { return true }
    let place = mark(record)
    if place <= 0 || nodes[Int(place)].type == .null { return false }
    return !hasAlternatives || nodes[Int(place)].type == .object
  }

  /// One sighting for each run of members of the same device.
  private func note(_ device: DeviceIndex, _ batch: inout DecodedBatch) {
    let sighting = Sighting(device: device, profile: profile, receivedAt: receivedAt)
    batch.noteSpeaker(sighting)
  }

  private mutating func passesFilters() throws(Rejection) -> Bool {
    for filter in shapes[shape].filters {
      let value = try value(at: filter.node)
      let word = value.flatMap { nodes[$0].word }
      let isListed = word.map { model.plan.words.find($0, in: filter.words) >= 0 } ?? false
      if isListed == filter.keeps { continue }
      // What is skipped is understood; what is not kept may be something that nobody knows.
      if filter.keeps { outcome.isLeftOut = true } else { outcome.isMapped = true }
      return false
    }
    return true
  }

  /// The document node at a tree node; nil when there is none or it is `null`.
  func value(at node: Int32) throws(Rejection) -> Int? {
    let place = mark(node)
    if place < 0 { throw ambiguity(at: node) }
    return place == 0 || nodes[Int(place)].type == .null ? nil : Int(place)
  }

  /// The first of these nodes where something stands; nil when there is none.
  func value(at choices: [Int32]) throws(Rejection) -> Int? {
    for node in choices {
      if let place = try value(at: node) { return place }
    }
    return nil
  }

  private mutating func device(
    _ directory: inout DeviceDirectory, _ devices: inout DeviceTable
  ) throws(Rejection) -> Int32 {
    let node = shapes[shape].device
    let position = node < 0 ? topicDevice : try namedDevice(node, &directory, &devices)
    if node >= 0 || !model.plan.gateway.isEmpty,
      let fault = wrongGateway(directory.entries[Int(position)])
    {
      throw fault
    }
    return position
  }

  private func namedDevice(
    _ treeNode: Int32, _ directory: inout DeviceDirectory, _ devices: inout DeviceTable
  ) throws(Rejection) -> Int32 {
    guard let place = try value(at: treeNode) else {
      throw Rejection(
        reason: .noDevice, part: part(treeNode), found: "nothing", expected: "a device name")
    }
    let node = nodes[place]
    guard node.type == .text || node.type == .number else {
      throw mistyped(treeNode, node, "a device name")
    }
    let position = directory.position(of: node.textBytes, in: &devices)
    guard position >= 0 else { throw badName(treeNode, node.found) }
    return position
  }

  func badName(_ treeNode: Int32, _ found: String) -> Rejection {
    Rejection(
      reason: .noDevice, part: part(treeNode), found: found,
      expected: "a device name of 1 to \(DeviceTable.nameLimit) bytes without control "
        + "characters (or the device table is full)")
  }

  private mutating func recordTime() throws(Rejection) -> RecordTime {
    isTimeOfBegin = false
    if let commonTime { return commonTime }
    for index in shapes[shape].times.indices {
      let rule = shapes[shape].times[index]
      guard let place = try value(at: rule.node) else { continue }
      let node = nodes[place]
      guard node.type == .text || node.type == .number else {
        throw mistyped(rule.node, node, rule.format.expected)
      }
      if node.textBytes.isEmpty { continue }
      guard
        let time = rule.format.time(
          node.textBytes, isText: node.type == .text, zoneSeconds: model.plan.zoneSeconds)
      else {
        throw Rejection(
          reason: .badTime, part: part(rule.node), found: node.found,
          expected: rule.format.expected)
      }
      let stated = RecordTime(stated: time, receivedAt: receivedAt, isRetained: retained)
      if statedTime == nil { statedTime = stated }
      isTimeOfBegin = rule.isOfBegin
      return stated
    }
    return RecordTime(stated: nil, receivedAt: receivedAt, isRetained: retained)
  }

  private mutating func takeMetrics(
    from first: Int, _ position: Int32, _ directory: borrowing DeviceDirectory,
    _ time: RecordTime, _ batch: inout DecodedBatch
  ) {
    for index in first..<found.count {
      let node = found[index]
      let rule = shapes[shape].tree.nodes[Int(node)].rule
      if rule < 0 { continue }
      outcome.isMapped = true
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
        of: nodes[place], by: rule, ratios: directory.entries[Int(position)].ratios)
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
    _ position: Int32, _ directory: inout DeviceDirectory, _ devices: inout DeviceTable,
    _ time: RecordTime, _ batch: inout DecodedBatch
  ) throws(Rejection) {
    guard let named = shapes[shape].namedValues else { return }
    guard let place = try value(at: named.names), let name = nodes[place].word else {
      throw Rejection(
        reason: .wrongType, part: part(named.names), found: found(at: named.names),
        expected: "the name of a value")
    }
    let rule = model.find(name, in: named.table)
    if rule < 0 { return ignoreOne(nodes[place]) }
    let owner = try subDevice(rule, position, &directory, &devices, &batch)
    for node in named.values where mark(node) != 0 {
      outcome.isMapped = true
      return try takeMetric(rule, node, owner, directory, time, &batch)
    }
  }

  /// What stands at the first of some tree nodes, for error messages.
  func found(at choices: [Int32]) -> String {
    for node in choices where mark(node) > 0 { return nodes[Int(mark(node))].found }
    return "nothing"
  }

  /// The path of the first of some tree nodes that is there, else of the first.
  func part(_ choices: [Int32]) -> String {
    guard let first = choices.first else { return "" }
    return part(choices.first(where: { mark($0) != 0 }) ?? first)
  }
}

extension Rejection {
  /// The same rejection with its device, unless it names one.
  fileprivate func of(_ device: DeviceIndex) -> Rejection {
    var result = self
    result.device = result.device ?? device
    return result
  }
}
