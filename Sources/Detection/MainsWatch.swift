import SiteModel

/// Watches the mains supply of every site: `outage.mains`.
struct MainsWatch: Sendable {
  /// What one device's phases last said.
  private struct Phases: Sendable {
    var subject: Int32 = -1
    var latest = Timestamp(milliseconds: .min)
    var known: UInt8 = 0
    var dead: UInt8 = 0
  }

  private(set) var subjects: [MainsSubject] = []
  /// Site code of each subject; empty for a device of its own.
  private var sites: [String] = []
  /// The device of each subject that is not a site; -1 for a site.
  private var owners: [Int32] = []
  private var subjectOfSite: [String: Int32] = [:]
  private var phases: [Phases] = []
  /// Subjects that time alone may move.
  private var waiting: Set<Int32> = []
  private var alarms = MainsAlarms()

  /// Takes one phase voltage; the claim is made when the message ends, by `settle`.
  mutating func observe(phase: Int, _ reading: Reading, below threshold: ExactDecimal) {
    let device = Int(reading.device.position)
    grow(to: device)
    guard reading.time >= phases[device].latest else { return }
    let bit = UInt8(1) << UInt8(phase)
    phases[device].latest = reading.time
    phases[device].known |= bit
    if reading.value < threshold {
      phases[device].dead |= bit
    } else {
      phases[device].dead &= ~bit
    }
  }

  /// Turns a device's phases into a claim about its supply.
  mutating func settle(
    _ device: DeviceIndex, _ step: DetectionStep, into findings: inout [Finding]
  ) {
    let state = phases[Int(device.position)]
    guard state.known != 0, state.latest.milliseconds != .min else { return }
    let claim = Claim(
      device: device, isVoltage: true, isLost: state.known == state.dead, time: state.latest)
    take(claim, step, into: &findings)
  }

  /// One statement about a supply.
  struct Claim {
    var device: DeviceIndex
    var isVoltage: Bool
    var isLost: Bool
    var time: Timestamp
  }

  /// Takes a claim of a device about the supply of its site.
  mutating func take(_ claim: Claim, _ step: DetectionStep, into findings: inout [Finding]) {
    let index = subject(of: claim.device, step)
    let changes = subjects[index].claim(
      claim.device, isVoltage: claim.isVoltage, isLost: claim.isLost, at: claim.time,
      received: step.now, rules: step.context.rules.mains)
    report(changes, index, step, into: &findings)
  }

  /// Takes a changed history of an alarm; `isHeard` says whether its device spoke.
  mutating func take(
    _ change: AlarmChange, isHeard: Bool, _ step: DetectionStep, into findings: inout [Finding]
  ) {
    // The words are followed even while the device does not speak for its site.
    let words = alarms.take(change)
    let device = change.record.device
    guard !words.isEmpty, step.facts(of: device).claimsSupply else { return }
    for word in words { take(word, of: device, isHeard: isHeard, step, into: &findings) }
  }

  /// Takes the end of an alarm as it was said: where none of the device goes on, mains is there.
  mutating func alarmEnded(
    _ device: DeviceIndex, at time: Timestamp, _ step: DetectionStep,
    into findings: inout [Finding]
  ) {
    guard !alarms.isOpen(device), step.facts(of: device).claimsSupply else { return }
    let word = MainsAlarms.Word(isLost: false, time: time)
    take(word, of: device, isHeard: true, step, into: &findings)
  }

  private mutating func take(
    _ word: MainsAlarms.Word, of device: DeviceIndex, isHeard: Bool, _ step: DetectionStep,
    into findings: inout [Finding]
  ) {
    let index = subject(of: device, step)
    let changes = subjects[index].alarm(
      device, isLost: word.isLost, at: word.time, isHeard: isHeard, received: step.now,
      rules: step.context.rules.mains)
    report(changes, index, step, into: &findings)
  }

  /// Notes that a device fell silent or speaks again.
  mutating func setSilent(
    _ device: DeviceIndex, _ isSilent: Bool, _ step: DetectionStep,
    into findings: inout [Finding]
  ) {
    guard let index = knownSubject(of: device, step) else { return }
    let changes = subjects[index].setSilent(
      device, isSilent, at: step.now, rules: step.context.rules.mains)
    report(changes, index, step, into: &findings)
  }

  /// True when `tick` would change something.
  func isDue(_ now: Timestamp, rules: DetectionRules.Mains) -> Bool {
    waiting.contains { subjects[Int($0)].isDue(now, rules: rules) }
  }

  /// Lets time pass.
  mutating func tick(_ step: DetectionStep, into findings: inout [Finding]) {
    for index in waiting.sorted() {
      let changes = subjects[Int(index)].tick(step.now, rules: step.context.rules.mains)
      report(changes, Int(index), step, into: &findings)
    }
  }

  /// Moves receipt times when the collector's clock was set.
  mutating func shift(by milliseconds: Int64) {
    for index in waiting { subjects[Int(index)].shift(by: milliseconds) }
  }

  /// Starts all waits anew when the link came up: what happened meanwhile is still on its way.
  mutating func linkUp(at now: Timestamp) {
    for index in waiting { subjects[Int(index)].wait(from: now) }
  }

  /// Forgets which device belongs to which site, after the registry changed. A device that moved
  /// takes its alarms with it at once, and what its readings say when it next speaks; what rested
  /// on it alone ends here.
  mutating func contextChanged(_ step: DetectionStep, into findings: inout [Finding]) {
    for index in phases.indices { phases[index].subject = -1 }
    for source in subjects.flatMap(\.sources) where !source.isVoltage && !source.isLost {
      alarms.overrule(source.device)
    }
    for index in subjects.indices {
      let site = sites[index]
      let changes = subjects[index].keepSources(at: step.now, rules: step.context.rules.mains) {
        let facts = step.facts(of: $0.device)
        return facts.site == site && ($0.isVoltage ? facts.showsSupply : facts.claimsSupply)
      }
      report(changes, index, step, into: &findings)
    }
    for alarm in alarms.lost where step.facts(of: alarm.device).claimsSupply {
      let word = MainsAlarms.Word(isLost: true, time: alarm.since)
      take(word, of: alarm.device, isHeard: false, step, into: &findings)
    }
  }

  /// The devices whose alarms say that mains is lost.
  var devicesWithAlarms: [DeviceIndex] { alarms.lost.map(\.device) }

  private mutating func grow(to device: Int) {
    while phases.count <= device { phases.append(Phases()) }
  }

  /// The subject that a device speaks for, made when it is new.
  private mutating func subject(of device: DeviceIndex, _ step: DetectionStep) -> Int {
    let position = Int(device.position)
    grow(to: position)
    if let known = knownSubject(of: device, step) {
      phases[position].subject = Int32(known)
      return known
    }
    let site = step.facts(of: device).site
    let index = subjects.count
    subjects.append(MainsSubject())
    sites.append(site)
    owners.append(site.isEmpty ? device.position : -1)
    subjectOfSite[Self.key(site, device.position)] = Int32(index)
    phases[position].subject = Int32(index)
    return index
  }

  private func knownSubject(of device: DeviceIndex, _ step: DetectionStep) -> Int? {
    let position = Int(device.position)
    if position < phases.count, phases[position].subject >= 0 {
      return Int(phases[position].subject)
    }
    return subjectOfSite[Self.key(step.facts(of: device).site, device.position)].map(Int.init)
  }

  /// What a subject is found by: its site, or the device that stands alone.
  private static func key(_ site: String, _ owner: Int32) -> String {
    site.isEmpty ? "\u{1}\(owner)" : site
  }

  private mutating func report(
    _ changes: [MainsSubject.Change], _ index: Int, _ step: DetectionStep,
    into findings: inout [Finding]
  ) {
    if subjects[index].isWaiting {
      waiting.insert(Int32(index))
    } else if !waiting.isEmpty {
      waiting.remove(Int32(index))
    }
    for change in changes { findings.append(finding(change, index, step)) }
  }

  private func finding(
    _ change: MainsSubject.Change, _ index: Int, _ step: DetectionStep
  ) -> Finding {
    let rules = step.context.rules.mains
    let site = sites[index]
    let device = owners[index] >= 0 ? step.devices.name(of: DeviceIndex(owners[index])) : ""
    let place = site.isEmpty ? device : step.context.siteName(site)
    var evidence = JSONText()
    let (openedAt, phase): (Timestamp, Finding.Phase) =
      switch change {
      case .opened(let at): (at, .open)
      case .ended(let openedAt, let at): (openedAt, .ended(at: at))
      }
    evidence.add("lost_at", openedAt.description)
    if case .ended(let at) = phase {
      evidence.add("recovered_at", at.description)
      evidence.add("duration_s", String(at.since(openedAt) / 1000))
    }
    evidence.raw("sources", JSONText.array(subjects[index].sources.map { text(of: $0, step) }))
    evidence.add("voltage_below_v", rules.voltageBelow)
    evidence.add("delay_s", rules.delayMilliseconds / 1000)
    evidence.add("journal", step.place)
    return Finding(
      kind: "outage.mains", severity: rules.severity, site: site, subject: device,
      openedAt: openedAt, phase: phase, titleZh: "\(place) 市电停电",
      titleEn: "Mains outage at \(place)", evidence: evidence)
  }

  private func text(of source: MainsSubject.Source, _ step: DetectionStep) -> String {
    var json = JSONText()
    json.add("device", step.devices.name(of: source.device))
    json.add("by", source.isVoltage ? "phase_voltage" : "mains_alarm")
    json.add("lost", source.isLost)
    json.add("since", source.since.description)
    return json.text
  }
}

extension MainsWatch {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(subjects.count))
    for index in subjects.indices {
      writer.text(sites[index])
      writer.signed(Int64(owners[index]))
      subjects[index].write(to: &writer)
    }
    writer.unsigned(UInt64(phases.count))
    for phase in phases {
      writer.byte(phase.known)
      writer.byte(phase.dead)
      if phase.known != 0 { writer.time(phase.latest) }
    }
    alarms.write(to: &writer)
  }

  /// A watch as it was written; `hasAlarms` is false for what a release wrote that kept no history
  /// of alarms.
  init(from reader: inout ByteReader, hasAlarms: Bool) throws(CorruptBytes) {
    for index in 0..<(try reader.count(ofSize: 3)) {
      let site = try reader.text()
      let owner = Int32(truncatingIfNeeded: try reader.signed())
      sites.append(site)
      owners.append(owner)
      subjects.append(try MainsSubject(from: &reader, hasAlarms: hasAlarms))
      subjectOfSite[Self.key(site, owner)] = Int32(index)
      if subjects[index].isWaiting { waiting.insert(Int32(index)) }
    }
    for _ in 0..<(try reader.count(ofSize: 2)) {
      var phase = Phases()
      phase.known = try reader.byte()
      phase.dead = try reader.byte()
      if phase.known != 0 { phase.latest = try reader.time() }
      phases.append(phase)
    }
    if hasAlarms { alarms = try MainsAlarms(from: &reader) }
  }

  /// True when no device beyond the first `count` is named.
  func namesOnly(first count: Int) -> Bool {
    let devices = 0..<Int32(count)
    return phases.count <= count && alarms.namesOnly(first: count)
      && owners.allSatisfy { $0 == -1 || devices.contains($0) }
      && subjects.allSatisfy { $0.sources.allSatisfy { devices.contains($0.device.position) } }
  }
}
