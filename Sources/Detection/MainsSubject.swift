import SiteModel

/// One supply (a site's, or an unregistered device's own) as its sources describe it, and the
/// outage that follows from that. Times are event times, so that a backlog gives the same outage as
/// live data; where nothing more arrives, the time since receipt decides.
struct MainsSubject: Sendable, Equatable {
  /// Where a claim comes from: a device, by its voltages or by its own statement.
  struct Source: Sendable, Equatable {
    var device: DeviceIndex
    var isVoltage: Bool
    var isLost: Bool
    /// When the present claim began.
    var since: Timestamp
    /// When it was last confirmed.
    var latest: Timestamp
    /// When a reading last said it, and not an alarm.
    var readAt = Timestamp(milliseconds: .min)
    /// The device fell silent; its claim counts only while no other source speaks.
    var isSilent = false
  }

  /// The outage's way from the first sign to its end.
  enum Phase: Sendable, Equatable {
    case present
    case losing(since: Timestamp, received: Timestamp)
    case lost(since: Timestamp)
    case recovering(since: Timestamp, recovered: Timestamp, received: Timestamp)
  }

  /// An outage that is over.
  struct Former: Sendable, Equatable {
    var begin: Timestamp
    var end: Timestamp
  }

  /// What a step did.
  enum Change: Equatable {
    case opened(at: Timestamp)
    case ended(openedAt: Timestamp, at: Timestamp)
  }

  var sources: [Source] = []
  var phase = Phase.present
  /// The last outage that is over.
  var former: Former?

  /// Whether it can be forgotten between steps.
  var isWaiting: Bool {
    switch phase {
    case .losing, .recovering: true
    default: false
    }
  }

  /// Takes a claim; an older one than the source's latest is ignored (late or repeated).
  mutating func claim(
    _ device: DeviceIndex, isVoltage: Bool, isLost: Bool, at time: Timestamp, received: Timestamp,
    rules: DetectionRules.Mains
  ) -> [Change] {
    let index = sources.firstIndex { $0.device == device && $0.isVoltage == isVoltage }
    if let index {
      guard time >= sources[index].latest else { return [] }
      if sources[index].isLost != isLost {
        sources[index].isLost = isLost
        sources[index].since = time
      }
      (sources[index].latest, sources[index].readAt) = (time, time)
      sources[index].isSilent = false
    } else {
      sources.append(
        Source(
          device: device, isVoltage: isVoltage, isLost: isLost, since: time, latest: time,
          readAt: time))
    }
    return step(at: time, received: received, rules: rules)
  }

  /// Takes what the alarms of a device say together from an instant on. Their histories have put
  /// them in order, so only a reading of the device can be newer.
  mutating func alarm(
    _ device: DeviceIndex, isLost: Bool, at time: Timestamp, isHeard: Bool, received: Timestamp,
    rules: DetectionRules.Mains
  ) -> [Change] {
    let index = sources.firstIndex { $0.device == device && !$0.isVoltage }
    guard index.map({ time >= sources[$0].readAt }) ?? true else { return [] }
    let time = isLost ? afterFormer(time) : time
    if let index {
      if sources[index].isLost != isLost {
        (sources[index].isLost, sources[index].since) = (isLost, time)
      }
      sources[index].latest = max(sources[index].latest, time)
      if isHeard { sources[index].isSilent = false }
    } else {
      sources.append(
        Source(device: device, isVoltage: false, isLost: isLost, since: time, latest: time))
    }
    if isLost, case .losing(let since, let received) = phase, time < since {
      phase = .losing(since: time, received: received)
    }
    return step(at: time, received: received, rules: rules)
  }

  /// A loss that is told of late begins where the former outage ended, and never where it began:
  /// that is part of an outage's identity.
  private func afterFormer(_ time: Timestamp) -> Timestamp {
    guard let former else { return time }
    let isInstant = former.end == former.begin
    return max(time, isInstant ? former.end.advanced(byMilliseconds: 1) : former.end)
  }

  /// Notes that a device fell silent or speaks again.
  mutating func setSilent(
    _ device: DeviceIndex, _ isSilent: Bool, at time: Timestamp, rules: DetectionRules.Mains
  ) -> [Change] {
    var changed = false
    for index in sources.indices
    where sources[index].device == device && sources[index].isSilent != isSilent {
      sources[index].isSilent = isSilent
      changed = true
    }
    return changed ? reconsider(at: time, rules: rules) : []
  }

  /// Forgets the sources that no longer speak for this supply.
  mutating func keepSources(
    at time: Timestamp, rules: DetectionRules.Mains, where isKept: (Source) -> Bool
  ) -> [Change] {
    let count = sources.count
    sources.removeAll { !isKept($0) }
    return sources.count < count ? reconsider(at: time, rules: rules) : []
  }

  /// True when `tick` would change something.
  func isDue(_ now: Timestamp, rules: DetectionRules.Mains) -> Bool {
    switch phase {
    case .losing(_, let received): now.since(received) >= rules.delayMilliseconds
    case .recovering(_, _, let received): now.since(received) >= rules.clearMilliseconds
    default: false
    }
  }

  /// Lets time pass without a claim.
  mutating func tick(_ now: Timestamp, rules: DetectionRules.Mains) -> [Change] {
    isDue(now, rules: rules) ? settle() : []
  }

  /// Moves the time of receipt when the collector's clock was set.
  mutating func shift(by milliseconds: Int64) {
    if let received { wait(from: received.advanced(byMilliseconds: milliseconds)) }
  }

  /// Counts a wait without further claims from `time` on.
  mutating func wait(from time: Timestamp) {
    switch phase {
    case .losing(let since, _): phase = .losing(since: since, received: time)
    case .recovering(let since, let recovered, _):
      phase = .recovering(since: since, recovered: recovered, received: time)
    default: break
    }
  }

  /// When the sign came from which a wait counts.
  private var received: Timestamp? {
    switch phase {
    case .losing(_, let received), .recovering(_, _, let received): received
    default: nil
    }
  }

  /// Lost when a speaking source says so; when all are silent, what was last said holds.
  private var isLost: Bool {
    let speaking = sources.contains { !$0.isSilent }
    return sources.contains { $0.isLost && (!speaking || !$0.isSilent) }
  }

  /// A claim came: what was waited for in event time counts first, then the claim itself.
  private mutating func step(
    at time: Timestamp, received: Timestamp, rules: DetectionRules.Mains
  ) -> [Change] {
    var changes: [Change] = []
    switch phase {
    case .losing(let since, _) where time.since(since) >= rules.delayMilliseconds:
      changes = settle()
    case .recovering(_, let recovered, _) where time.since(recovered) >= rules.clearMilliseconds:
      changes = settle()
    default: break
    }
    changes += move(at: time, received: received, rules: rules)
    return changes
  }

  /// The sources changed without a claim. That is noticed by the collector's clock, so waits are
  /// measured by it, and not by the times in a backlog.
  private mutating func reconsider(at now: Timestamp, rules: DetectionRules.Mains) -> [Change] {
    let changes = tick(now, rules: rules)
    return changes + move(at: now, received: now, rules: rules)
  }

  private mutating func move(
    at time: Timestamp, received: Timestamp, rules: DetectionRules.Mains
  ) -> [Change] {
    switch (phase, isLost) {
    case (.present, true): phase = .losing(since: time, received: received)
    case (.losing, false): phase = .present
    case (.lost(let since), false):
      // Another source's clock may be behind; an end is never before its begin.
      phase = .recovering(since: since, recovered: max(time, since), received: received)
    case (.recovering(let since, _, _), true): phase = .lost(since: since)
    default: break
    }
    // With a delay of nothing a change counts at once.
    switch phase {
    case .losing where rules.delayMilliseconds == 0: return settle()
    case .recovering where rules.clearMilliseconds == 0: return settle()
    default: return []
    }
  }

  /// The wait is over: what it was for holds.
  private mutating func settle() -> [Change] {
    switch phase {
    case .losing(let since, _):
      phase = .lost(since: since)
      return [.opened(at: since)]
    case .recovering(let since, let recovered, _):
      phase = .present
      former = Former(begin: since, end: recovered)
      return [.ended(openedAt: since, at: recovered)]
    default: return []
    }
  }
}
