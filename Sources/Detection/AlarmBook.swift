import SiteModel

/// A history that changed.
struct AlarmChange: Sendable {
  /// Its newest form.
  var record: AlarmRecord
  /// When its device said now that it goes on; nil where something else was said.
  var goesOnAt: Timestamp?
}

/// Keeps the history of every alarm of every device: what raises, changes, ends and acknowledges it
/// becomes one record an occurrence, in whatever order it arrives. ARCHITECTURE.md has the rules.
struct AlarmBook: Sendable {
  /// How much is remembered.
  struct Limits: Sendable {
    /// Occurrences that go on; beginning ones beyond it are written down and not followed.
    var open = 200_000
    /// Ended occurrences to which something may still be added; the oldest ends go first.
    var ended = 100_000
    /// Of these, those of one alarm.
    var endedPerAlarm = 8
    /// Names that one alarm is found by.
    var names = 4
    /// Alarms that are looked at when a key is unknown, the newest.
    var lookBack = 64
    /// Lists that are being stated anew.
    var rebuilds = 10_000
  }

  let limits: Limits
  private(set) var slots: [Int64: AlarmSlot] = [:]
  private(set) var rebuilds = AlarmRebuilds()
  /// Occurrences that go on.
  private(set) var openCount = 0
  /// Ended occurrences that are remembered.
  private(set) var endedCount = 0
  /// Begins that were not followed since there last was room.
  private(set) var refusedCount: Int64 = 0
  /// Since when there is no room; nil while there is.
  private var fullSince: Timestamp?
  /// How many of the changes were judged.
  private var judgedCount = 0
  /// Records that changed since they were last taken.
  private var changes: [AlarmChange] = []

  private var index = AlarmIndex()
  /// Where ended occurrences are, oldest end first; some are gone or go on again.
  private var queue: [(order: Int64, slot: Int64)] = []
  private var queueHead = 0
  private var nextSlot: Int64 = 1
  private var nextOrder: Int64 = 1
  private var message: Int64 = 0

  init(limits: Limits = Limits()) { self.limits = limits }

  /// The records that changed, each in its last form, and none of them again.
  mutating func takeChanges() -> [AlarmRecord] {
    guard !changes.isEmpty else { return [] }
    var places: [String: Int] = [:]
    var kept: [AlarmRecord] = []
    for record in changes.lazy.map(\.record) {
      if let place = places[record.id] {
        kept[place] = record
      } else {
        places[record.id] = kept.count
        kept.append(record)
      }
    }
    changes.removeAll(keepingCapacity: true)
    judgedCount = 0
    return kept
  }

  /// The records that changed since this was last called, as they changed.
  mutating func newChanges() -> ArraySlice<AlarmChange> {
    defer { judgedCount = changes.count }
    return changes[judgedCount...]
  }

  /// Takes what one message said.
  mutating func take(_ events: ArraySlice<DeviceEvent>, _ step: DetectionStep) {
    guard !events.isEmpty else { return }
    message += 1
    for event in events where event.quality != .retained {
      switch event.state {
      case .raised, .changed, .offline: goOn(event, step)
      case .cleared, .online: end(event, step)
      case .acknowledged, .unacknowledged: acknowledge(event, step)
      case .rebuilt:
        guard !event.isHistorical else { continue }
        rebuilds.begin(event, message: message, at: step.now, limit: limits.rebuilds)
      }
    }
  }

  private mutating func goOn(_ event: DeviceEvent, _ step: DetectionStep) {
    let name = AlarmName(event)
    let known = index.slot(of: name) ?? (event.state == .changed ? open(name, event) : nil)
    guard let number = known ?? waiting(name, event.time) else {
      guard openCount < limits.open else { return refuse(event, name, step) }
      return change(addSlot(name, event), step, by: event) { $0.goOn(event, message: $1) }
    }
    if slots[number]?.open == nil, openCount >= limits.open,
      slots[number]?.episodes.contains(where: { $0.reaches(event.time) }) != true
    {
      return refuse(event, name, step)
    }
    learn(name, number)
    change(number, step, by: event) { $0.goOn(event, message: $1) }
  }

  private mutating func end(_ event: DeviceEvent, _ step: DetectionStep) {
    let name = AlarmName(event)
    let known = index.slot(of: name) ?? open(name, event)
    if let known, slots[known]?.hasBegun == true {
      learn(name, known)
      return change(known, step) { $0.end(event, by: .device, message: $1) }
    }
    if known == nil, let number = newest(index.slots(of: name.byCode), before: event.time) {
      learn(name, number)
      return change(number, step) { $0.end(event, by: .otherKey, message: $1) }
    }
    let number = sameClass(event) ?? known ?? addSlot(name, event)
    change(number, step) { $0.end(event, by: .device, message: $1) }
  }

  /// The alarm that an end without a key is about when its code never began one: some devices have
  /// a name of its own for the end, such as "mains restored".
  private func sameClass(_ event: DeviceEvent) -> Int64? {
    guard event.key.isEmpty, event.alarm != AlarmName.unclassified else { return nil }
    let part = AlarmName.byClass(
      event.alarm, device: event.device.position, object: event.object)
    return newest(index.slots(of: part), before: event.time)
  }

  private mutating func acknowledge(_ event: DeviceEvent, _ step: DetectionStep) {
    let name = AlarmName(event)
    guard let number = index.slot(of: name) ?? open(name, event) else { return }
    change(number, step) { slot, _ in
      slot.acknowledge(at: event.time, isUndone: event.state == .unacknowledged)
    }
  }

  /// The alarm with this key that goes on, where object or code are told otherwise.
  private func open(_ name: AlarmName, _ event: DeviceEvent) -> Int64? {
    name.byKey.flatMap { newest(index.slots(of: $0), before: event.time) }
  }

  /// Of some alarms, the one that went on at an instant and began last.
  private func newest(_ numbers: [Int64], before time: Timestamp) -> Int64? {
    var found: (begin: Timestamp, number: Int64)?
    for number in numbers.suffix(limits.lookBack) {
      guard let begin = slots[number]?.open?.start, begin <= time else { continue }
      if found.map({ begin >= $0.begin }) ?? true { found = (begin, number) }
    }
    return found?.number
  }

  /// The alarm with the first end that waits for a begin at this instant.
  private func waiting(_ name: AlarmName, _ time: Timestamp) -> Int64? {
    var found: (end: Timestamp, number: Int64)?
    for alias in [name.byKey, name.byCode].compactMap({ $0 }) where found == nil {
      for number in index.slots(of: alias).suffix(limits.lookBack) {
        guard let end = slots[number]?.waitingEnd?.end, time <= end else { continue }
        if found.map({ end < $0.end }) ?? true { found = (end, number) }
      }
    }
    return found?.number
  }

  /// There is no room for one more: it is written down, and forgotten.
  private mutating func refuse(
    _ event: DeviceEvent, _ name: AlarmName, _ step: DetectionStep
  ) {
    refusedCount += 1
    var episode = AlarmEpisode(event, message: message)
    episode.begin = event.time
    episode.flags.insert(.notFollowed)
    changes.append(
      AlarmChange(
        record: episode.record(event.device, AlarmID(name, step)), goesOnAt: Self.time(event)))
  }
}

// Alarms and their places.

extension AlarmBook {
  private mutating func addSlot(_ name: AlarmName, _ event: DeviceEvent) -> Int64 {
    let number = nextSlot
    nextSlot += 1
    slots[number] = AlarmSlot(name, event.alarm)
    index.add(name, number)
    return number
  }

  /// An alarm is known by one more name from here on.
  private mutating func learn(_ name: AlarmName, _ number: Int64) {
    guard var slot = slots[number], !slot.names.contains(name) else { return }
    if slot.isListed { index.unlist(slot, number) }
    if slot.names.count == limits.names { index.remove(slot.names.remove(at: 1)) }
    slot.names.append(name)
    index.add(name, number)
    if slot.isListed { index.list(slot, number) }
    slots[number] = slot
  }

  /// Changes an alarm, and sees to everything that follows from its new state; `statement` says
  /// that it goes on.
  private mutating func change(
    _ number: Int64, _ step: DetectionStep, by statement: DeviceEvent? = nil,
    _ body: (inout AlarmSlot, Int64) -> Void
  ) {
    guard var slot = slots[number] else { return }
    // While it is changed here, nobody else holds its occurrences.
    slots[number] = nil
    openCount -= slot.open == nil ? 0 : 1
    endedCount -= slot.endedCount
    body(&slot, message)
    slot.forgetOldest(beyond: limits.endedPerAlarm)
    for place in slot.episodes.indices {
      placeInOrder(&slot.episodes[place], number)
      guard slot.episodes[place].isChanged else { continue }
      slot.episodes[place].isChanged = false
      guard !slot.episodes[place].isQuiet else { continue }
      let name = slot.names[0]
      let record = slot.episodes[place].record(DeviceIndex(name.device), AlarmID(name, step))
      changes.append(AlarmChange(record: record, goesOnAt: statement.flatMap(Self.time)))
    }
    openCount += slot.open == nil ? 0 : 1
    endedCount += slot.endedCount
    keep(slot, number)
    forgetOldest()
  }

  /// When an event says that its alarm goes on; nil when it tells of the past.
  private static func time(_ event: DeviceEvent) -> Timestamp? {
    event.isHistorical ? nil : event.time
  }

  private mutating func placeInOrder(_ episode: inout AlarmEpisode, _ slot: Int64) {
    if episode.end == nil {
      episode.order = 0
    } else if episode.order == 0 {
      episode.order = nextOrder
      queue.append((nextOrder, slot))
      nextOrder += 1
    }
  }

  private mutating func keep(_ slot: AlarmSlot, _ number: Int64) {
    var slot = slot
    let isListed = slot.open != nil || slot.waitingEnd != nil
    if isListed != slot.isListed {
      if isListed { index.list(slot, number) } else { index.unlist(slot, number) }
      slot.isListed = isListed
    }
    if slot.episodes.isEmpty { for name in slot.names { index.remove(name) } }
    slots[number] = slot.episodes.isEmpty ? nil : slot
  }

  private mutating func forgetOldest() {
    while endedCount > limits.ended, queueHead < queue.count {
      let oldest = queue[queueHead]
      queueHead += 1
      guard var slot = slots[oldest.slot],
        let place = slot.episodes.firstIndex(where: { $0.order == oldest.order })
      else { continue }
      slot.episodes.remove(at: place)
      endedCount -= 1
      keep(slot, oldest.slot)
    }
    // Places that are void must not pile up.
    guard queue.count > 2 * limits.ended + 1_000 else { return }
    queue = queue[queueHead...].filter { entry in
      slots[entry.slot]?.episodes.contains { $0.order == entry.order } ?? false
    }
    queueHead = 0
  }
}

// Too many of them.

extension AlarmBook {
  /// `alarms.too_many` when the first begin was not followed, and its end once there is room again,
  /// which is a tenth below the limit.
  mutating func overflow(_ step: DetectionStep) -> Finding? {
    guard let since = fullSince else {
      guard refusedCount > 0 else { return nil }
      fullSince = step.now
      return tooMany(step.now, .open, step)
    }
    guard openCount <= limits.open - limits.open / 10 else { return nil }
    let finding = tooMany(since, .ended(at: max(since, step.now)), step)
    (fullSince, refusedCount) = (nil, 0)
    return finding
  }

  private func tooMany(
    _ since: Timestamp, _ phase: Finding.Phase, _ step: DetectionStep
  ) -> Finding {
    var evidence = JSONText()
    evidence.add("limit", Int64(limits.open))
    evidence.add("not_followed", refusedCount)
    evidence.add("journal", step.place)
    return Finding(
      kind: "alarms.too_many", severity: .major, site: "", subject: "alarms", openedAt: since,
      phase: phase, titleZh: "未恢复的设备告警超过 \(limits.open) 条, 其后的告警不再跟踪",
      titleEn: "More than \(limits.open) device alarms are open; further ones are not followed",
      evidence: evidence)
  }
}

// Time.

extension AlarmBook {
  /// True when `tick` would change something.
  func isDue(_ now: Timestamp, window: Int64) -> Bool { rebuilds.isDue(now, window: window) }

  /// Lets time pass: ends what restated lists did not name.
  mutating func tick(_ step: DetectionStep, window: Int64) {
    let due = rebuilds.takeDue(step.now, window: window)
    guard !due.isEmpty else { return }
    let missed = slots.compactMap { number, slot in
      slot.open.flatMap { due.end(of: $0, slot.names[0]) }.map { (number, $0) }
    }
    for (number, time) in missed.sorted(by: { $0.0 < $1.0 }) {
      change(number, step) { slot, _ in slot.endByRebuild(at: time) }
    }
  }

  /// Moves times of receipt when the collector's clock was set.
  mutating func shift(by milliseconds: Int64) { rebuilds.shift(by: milliseconds) }

  /// What was to be repeated is still on its way when the link comes up.
  mutating func linkUp(at now: Timestamp) { rebuilds.wait(from: now) }
}

// In a snapshot of the engine's state.

extension AlarmBook {
  func write(to writer: inout ByteWriter) {
    for number in [nextSlot, nextOrder, message, refusedCount] { writer.signed(number) }
    writer.optional(fullSince)
    rebuilds.write(to: &writer)
    writer.unsigned(UInt64(slots.count))
    for (number, slot) in slots.sorted(by: { $0.key < $1.key }) {
      writer.signed(number)
      slot.write(to: &writer)
    }
  }

  init(from reader: inout ByteReader, limits: Limits = Limits()) throws(CorruptBytes) {
    self.limits = limits
    (nextSlot, nextOrder) = (try reader.signed(), try reader.signed())
    (message, refusedCount) = (try reader.signed(), try reader.signed())
    fullSince = try reader.optionalTime()
    rebuilds = try AlarmRebuilds(from: &reader)
    for _ in 0..<(try reader.count(ofSize: 20)) {
      let number = try reader.signed()
      let slot = try AlarmSlot(from: &reader)
      openCount += slot.open == nil ? 0 : 1
      endedCount += slot.endedCount
      for name in slot.names { index.add(name, number) }
      for episode in slot.episodes where episode.end != nil {
        queue.append((episode.order, number))
      }
      keep(slot, number)
    }
    queue.sort { $0.order < $1.order }
  }

  /// True when no device beyond the first `count` is named.
  func namesOnly(first count: Int) -> Bool {
    let devices = 0..<Int32(count)
    return slots.values.allSatisfy { $0.names.allSatisfy { devices.contains($0.device) } }
      && rebuilds.pending.keys.allSatisfy { devices.contains($0.device) }
  }
}
