import SiteModel

/// What an alarm is told from others by.
struct AlarmName: Sendable, Hashable {
  var device: Int32
  /// The device's key of the occurrence; empty without one.
  var key: String
  /// Device part.
  var object: String
  /// Code, or the alarm class where the device has none.
  var code: String

  /// The class of an alarm whose code no table has.
  static let unclassified = "unclassified"

  /// The name that an event gives.
  init(_ event: DeviceEvent) {
    self.init(
      device: event.device.position, key: event.key, object: event.object,
      code: event.code.isEmpty ? event.alarm : event.code)
  }

  init(device: Int32, key: String, object: String, code: String) {
    (self.device, self.key, self.object, self.code) = (device, key, object, code)
  }

  /// What is left when only the key is trusted; nil without a key.
  var byKey: AlarmName? {
    key.isEmpty ? nil : AlarmName(device: device, key: key, object: "", code: "")
  }

  /// What an alarm without a key is found by when an end has another code.
  static func byClass(_ alarm: String, device: Int32, object: String) -> AlarmName {
    AlarmName(device: device, key: "", object: object, code: "\u{1F}" + alarm)
  }

  /// What is left when the key is not trusted.
  var byCode: AlarmName { AlarmName(device: device, key: "", object: object, code: code) }
}

/// The remembered occurrences of one alarm, in order of time; only the last may go on. In which
/// order statements arrive makes no difference to what it says, as far as it remembers.
struct AlarmSlot: Sendable, Equatable {
  /// The names it is found by; more than one where a key changed.
  var names: [AlarmName]
  /// The class that it was first told as.
  let alarm: String
  var episodes: [AlarmEpisode] = []
  /// Whether it stands in the lists of those that an unknown key may mean.
  var isListed = false

  init(_ name: AlarmName, _ alarm: String) { (names, self.alarm) = ([name], alarm) }

  /// Parts of its names that an unknown one may have in common with it.
  var parts: Set<AlarmName> {
    var parts = Set(names.flatMap { [$0.byKey, $0.byCode].compactMap { $0 } })
    if !hasKey {
      parts.insert(.byClass(alarm, device: names[0].device, object: names[0].object))
    }
    return parts
  }

  /// Whether it ever began, as far as is remembered.
  var hasBegun: Bool { episodes.contains { $0.begin != nil } }

  /// The occurrence that goes on.
  var open: AlarmEpisode? { episodes.last.flatMap { $0.end == nil ? $0 : nil } }

  /// The first end that waits for its begin.
  var waitingEnd: AlarmEpisode? { episodes.first { $0.begin == nil } }

  /// How many ended occurrences are remembered.
  var endedCount: Int { episodes.count { $0.end != nil } }

  /// Forgets the oldest ended occurrences.
  mutating func forgetOldest(beyond limit: Int) {
    if endedCount > limit { episodes.removeFirst(endedCount - limit) }
  }

  /// Whether a key tells its occurrences apart, so that a change after an end is about the one that
  /// ended, and not another one.
  private var hasKey: Bool { !names[0].key.isEmpty }

  /// Takes a statement that the alarm goes on.
  mutating func goOn(_ event: DeviceEvent, message: Int64) {
    let time = event.time
    let found = episodes.firstIndex { $0.reaches(time) } ?? episodes.count
    if event.state == .changed, hasKey, let ended = ended(before: time, found) {
      guard ended == episodes.count - 1, episodes[ended].endedBy == .rebuild, !event.isHistorical
      else { return episodes[ended].amend() }
      episodes[ended].reopen()
      return episodes[ended].goOn(event, message: message)
    }
    add(event, at: found, message: message)
  }

  /// The occurrence that had ended at an instant, where none began since; `place` is the first that
  /// the instant is not wholly after.
  private func ended(before time: Timestamp, _ place: Int) -> Int? {
    guard place < episodes.count else { return place > 0 ? place - 1 : nil }
    if episodes[place].isAfterEnd(time) { return place }
    return place > 0 && time < episodes[place].start ? place - 1 : nil
  }

  private mutating func add(_ event: DeviceEvent, at place: Int, message: Int64) {
    guard place < episodes.count else { return insert(begun(event, message), at: place) }
    if episodes[place].isAfterEnd(event.time) {
      var new = begun(event, message)
      episodes[place].handEnds(to: &new, from: event.time)
      new.flags.insert(.endFirst)
      return insert(new, at: place + 1)
    }
    episodes[place].goOn(event, message: message)
    if place == episodes.count - 1, !event.isHistorical { episodes[place].reopen() }
  }

  private func begun(_ event: DeviceEvent, _ message: Int64) -> AlarmEpisode {
    var new = AlarmEpisode(event, message: message)
    new.begin = event.time
    if event.state == .changed { new.flags.insert(.beginUnknown) }
    return new
  }

  /// Takes the statement that the alarm ended.
  mutating func end(_ event: DeviceEvent, by reason: AlarmEnd, message: Int64) {
    let time = event.time
    guard let place = episodes.lastIndex(where: { $0.start <= time }) else {
      if let first = episodes.first, first.begin == nil { return episodes[0].moveEnd(to: time) }
      if hasKey, let first = episodes.first, first.flags.contains(.beginUnknown) {
        episodes[0].forgetBegin()
        return cut(0, at: time, by: reason)
      }
      var new = AlarmEpisode(event, message: message)
      (new.end, new.endedBy, new.isQuiet) = (time, .device, event.state == .online)
      new.flags.insert(.onlyEnd)
      return insert(new, at: 0)
    }
    if let end = episodes[place].end, time >= end {
      if time > end { episodes[place].noteEnd(time) }
      return
    }
    if event.quality == .badTime { episodes[place].flags.insert(.badTime) }
    cut(place, at: time, by: reason)
  }

  /// Ends the open occurrence because a list that was stated at `time` did not name it.
  mutating func endByRebuild(at time: Timestamp) {
    guard let open else { return }
    let last = open.statements.last?.time ?? open.start
    cut(episodes.count - 1, at: max(time, last), by: .rebuild)
  }

  /// Notes that somebody has seen the alarm, also after its end, or has taken that back.
  mutating func acknowledge(at time: Timestamp, isUndone: Bool) {
    let place = episodes.lastIndex { $0.start <= time } ?? 0
    guard place < episodes.count else { return }
    let former = episodes[place].acknowledged.time
    episodes[place].acknowledged.note(time, isUndone: isUndone)
    if episodes[place].acknowledged.time != former { episodes[place].isChanged = true }
  }

  private mutating func cut(_ place: Int, at time: Timestamp, by reason: AlarmEnd) {
    let rest = episodes[place].cut(at: time, by: reason, keepsChanges: hasKey)
    if let rest { insert(rest, at: place + 1) }
  }

  /// Two occurrences never have the same id.
  private mutating func insert(_ episode: AlarmEpisode, at place: Int) {
    var new = episode
    while episodes.contains(where: { $0.firstSeen == new.firstSeen }) {
      new.firstSeen = new.firstSeen.advanced(byMilliseconds: 1)
    }
    episodes.insert(new, at: place)
  }
}
