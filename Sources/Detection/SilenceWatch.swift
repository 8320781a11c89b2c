import SiteModel

/// Watches that every device keeps reporting: `device.silent`.
struct SilenceWatch: Sendable {
  private struct Presence: Sendable {
    /// When it was last heard, by the collector's clock; `.min` before the first time.
    var heard = Timestamp(milliseconds: .min)
    var silentAfter: Int64 = 0
    var isSilent = false
    var isWatched = false
    /// When it was told to be gone; nil when it is not.
    var goneAt: Timestamp?

    /// The newest time at which it was told to be there; nil when it never was.
    var cameAt: Timestamp?

    /// When its silence began.
    var silentSince: Timestamp { goneAt ?? heard }
  }

  private var presences: [Presence] = []
  /// Whether anything can be heard at all.
  private(set) var isLinkUp = false
  /// Silence counts from here at the earliest: nothing can be heard before the link is up.
  private var listeningSince = Timestamp(milliseconds: .min)
  /// No device is due before this.
  private var earliest = Timestamp(milliseconds: .min)

  /// Notes that a device was heard; true when that ends its silence.
  mutating func heard(
    _ device: DeviceIndex, _ facts: DeviceFacts, _ step: DetectionStep,
    into findings: inout [Finding]
  ) -> Bool {
    let position = Int(device.position)
    while presences.count <= position { presences.append(Presence()) }
    let wasSilent = presences[position].isSilent
    if wasSilent {
      presences[position].isSilent = false
      // The clock may have been set back since it fell silent.
      let end = max(step.now, presences[position].silentSince)
      findings.append(finding(device, presences[position], endedAt: end, step))
      (presences[position].heard, presences[position].goneAt) = (step.now, nil)
    }
    watch(position, facts, step.context.rules.silence)
    presences[position].heard = max(presences[position].heard, step.now)
    let due = presences[position].heard.advanced(byMilliseconds: facts.silentAfter)
    if due < earliest { earliest = due }
    return wasSilent
  }

  /// Whether a device is silent at present.
  func isSilent(_ device: DeviceIndex) -> Bool {
    let position = Int(device.position)
    return position < presences.count && presences[position].isSilent
  }

  /// Notes that a device was told to be there, so that a death from before that is not news.
  mutating func came(_ device: DeviceIndex, at time: Timestamp) {
    let position = Int(device.position)
    guard position < presences.count else { return }
    presences[position].cameAt = max(presences[position].cameAt ?? time, time)
  }

  /// Notes that a device was told to be gone (a death of its link), which is a silence at once,
  /// unless it was told to be there since; true when it was not silent before.
  mutating func left(
    _ device: DeviceIndex, at time: Timestamp, _ step: DetectionStep,
    into findings: inout [Finding]
  ) -> Bool {
    let position = Int(device.position)
    guard position < presences.count, presences[position].isWatched,
      !presences[position].isSilent, time >= presences[position].cameAt ?? time
    else { return false }
    presences[position].isSilent = true
    presences[position].goneAt = min(time, step.now)
    findings.append(finding(device, presences[position], endedAt: nil, step))
    return true
  }

  /// Takes new rules and intervals, also for devices that say nothing more.
  mutating func contextChanged(_ step: DetectionStep) {
    for position in presences.indices where presences[position].heard.milliseconds != .min {
      let facts = step.facts(of: DeviceIndex(Int32(position)))
      watch(position, facts, step.context.rules.silence)
    }
    earliest = Timestamp(milliseconds: .min)
  }

  private mutating func watch(
    _ position: Int, _ facts: DeviceFacts, _ rules: DetectionRules.Silence
  ) {
    presences[position].isWatched =
      rules.isOn && (facts.isRegistered || rules.includesUnregistered)
    presences[position].silentAfter = facts.silentAfter
  }

  /// Notes that the link to the broker came up or went down. While it is down nobody is silent.
  mutating func link(isUp: Bool, at now: Timestamp) {
    isLinkUp = isUp
    if isUp { listeningSince = now }
    earliest = Timestamp(milliseconds: .min)
  }

  /// True when `tick` would change something.
  func isDue(_ now: Timestamp) -> Bool {
    guard isLinkUp, now >= earliest else { return false }
    return presences.contains { isOverdue($0, now) }
  }

  /// The next instant at which looking again makes sense; keeps `isDue` cheap.
  mutating func rest(_ now: Timestamp) {
    guard now >= earliest else { return }
    earliest = presences.reduce(Timestamp(milliseconds: .max)) { soonest, presence in
      guard presence.isWatched, !presence.isSilent, presence.silentAfter > 0 else {
        return soonest
      }
      return min(soonest, deadline(presence))
    }
  }

  /// Lets time pass; returns the devices that fell silent.
  mutating func tick(_ step: DetectionStep, into findings: inout [Finding]) -> [DeviceIndex] {
    guard isLinkUp, step.now >= earliest else { return [] }
    var fallen: [DeviceIndex] = []
    for position in presences.indices where isOverdue(presences[position], step.now) {
      presences[position].isSilent = true
      let device = DeviceIndex(Int32(position))
      fallen.append(device)
      findings.append(finding(device, presences[position], endedAt: nil, step))
    }
    rest(step.now)
    return fallen
  }

  /// Moves every receipt time when the collector's clock was set.
  mutating func shift(by milliseconds: Int64) {
    for position in presences.indices where presences[position].heard.milliseconds != .min {
      // A silence that is already reported keeps its begin, which is part of its identity.
      if !presences[position].isSilent {
        presences[position].heard = presences[position].heard.advanced(byMilliseconds: milliseconds)
      }
    }
    if listeningSince.milliseconds != .min {
      listeningSince = listeningSince.advanced(byMilliseconds: milliseconds)
    }
    earliest = Timestamp(milliseconds: .min)
  }

  private func deadline(_ presence: Presence) -> Timestamp {
    max(presence.heard, listeningSince).advanced(byMilliseconds: presence.silentAfter)
  }

  private func isOverdue(_ presence: Presence, _ now: Timestamp) -> Bool {
    presence.isWatched && !presence.isSilent && presence.silentAfter > 0
      && now >= deadline(presence)
  }

  private func finding(
    _ device: DeviceIndex, _ presence: Presence, endedAt: Timestamp?, _ step: DetectionStep
  ) -> Finding {
    let name = step.devices.name(of: device)
    let site = step.facts(of: device).site
    let place = site.isEmpty ? "" : "\(step.context.siteName(site)) "
    var evidence = JSONText()
    if let goneAt = presence.goneAt { evidence.add("offline_at", goneAt.description) }
    evidence.add("last_heard_at", presence.heard.description)
    evidence.add("silent_after_s", presence.silentAfter / 1000)
    if let endedAt {
      evidence.add("heard_again_at", endedAt.description)
      evidence.add("duration_s", endedAt.since(presence.silentSince) / 1000)
    }
    evidence.add("journal", step.place)
    return Finding(
      kind: "device.silent", severity: step.context.rules.silence.severity, site: site,
      subject: name, openedAt: presence.silentSince,
      phase: endedAt.map { .ended(at: $0) } ?? .open,
      titleZh: "\(place)设备 \(name) \(presence.goneAt == nil ? "停止上报" : "离线")",
      titleEn: "Device \(name) \(presence.goneAt == nil ? "stopped reporting" : "went offline")",
      evidence: evidence)
  }
}

extension SilenceWatch {
  func write(to writer: inout ByteWriter) {
    writer.byte(isLinkUp ? 1 : 0)
    writer.time(listeningSince)
    writer.unsigned(UInt64(presences.count))
    for presence in presences {
      let marks: UInt8 = (presence.isSilent ? 1 : 0) | (presence.isWatched ? 2 : 0)
      let times: UInt8 = (presence.goneAt == nil ? 0 : 4) | (presence.cameAt == nil ? 0 : 8)
      writer.byte(marks | times)
      writer.signed(presence.silentAfter)
      writer.time(presence.heard)
      if let goneAt = presence.goneAt { writer.time(goneAt) }
      if let cameAt = presence.cameAt { writer.time(cameAt) }
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    isLinkUp = try reader.byte() == 1
    listeningSince = try reader.time()
    for _ in 0..<(try reader.count(ofSize: 3)) {
      let flags = try reader.byte()
      let silentAfter = try reader.signed()
      presences.append(
        Presence(
          heard: try reader.time(), silentAfter: silentAfter, isSilent: flags & 1 != 0,
          isWatched: flags & 2 != 0, goneAt: flags & 4 != 0 ? try reader.time() : nil,
          cameAt: flags & 8 != 0 ? try reader.time() : nil))
    }
  }

  /// True when no device beyond the first `count` is named.
  func namesOnly(first count: Int) -> Bool { presences.count <= count }
}
