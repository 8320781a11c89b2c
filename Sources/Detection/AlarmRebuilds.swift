import SiteModel

/// Lists of open alarms that devices state anew: what is not repeated in time has ended.
struct AlarmRebuilds: Sendable {
  /// Whose list: of a device, or of a part of it.
  struct Scope: Sendable, Hashable {
    var device: Int32
    /// Empty for the whole device.
    var object: String

    /// Whether alarms of a part stand in this list: of the same one, or of one below it.
    func holds(_ part: String) -> Bool {
      guard !object.isEmpty else { return true }
      guard part.hasPrefix(object) else { return false }
      let next = part.utf8.dropFirst(object.utf8.count).first
      return next.map { ",/.:".utf8.contains($0) } ?? true
    }
  }

  /// A list that is being stated.
  struct Pending: Sendable, Equatable {
    /// When the device began it, in event time.
    var time: Timestamp
    /// The message that began it.
    var message: Int64
    /// When that was received; the wait counts from here.
    var received: Timestamp
  }

  private(set) var pending: [Scope: Pending] = [:]

  /// Notes that a device states its list anew; while too many do so, the list ends nothing.
  mutating func begin(_ event: DeviceEvent, message: Int64, at now: Timestamp, limit: Int) {
    let scope = Scope(device: event.device.position, object: event.object)
    guard pending.count < limit || pending[scope] != nil else { return }
    pending[scope] = Pending(time: event.time, message: message, received: now)
  }

  /// True when a wait is over.
  func isDue(_ now: Timestamp, window: Int64) -> Bool {
    pending.values.contains { now.since($0.received) >= window }
  }

  /// The lists whose wait is over; they are forgotten.
  mutating func takeDue(_ now: Timestamp, window: Int64) -> Due {
    let due = pending.filter { now.since($0.value.received) >= window }
    for scope in due.keys { pending[scope] = nil }
    return Due(lists: Dictionary(grouping: due) { $0.key.device })
  }

  /// Moves times of receipt when the collector's clock was set.
  mutating func shift(by milliseconds: Int64) {
    for scope in pending.keys {
      guard let old = pending[scope] else { continue }
      pending[scope]?.received = old.received.advanced(byMilliseconds: milliseconds)
    }
  }

  /// Counts all waits from `time` on.
  mutating func wait(from time: Timestamp) {
    for scope in pending.keys { pending[scope]?.received = time }
  }

  /// Lists that were stated to their end, by device.
  struct Due {
    let lists: [Int32: [(key: Scope, value: Pending)]]

    var isEmpty: Bool { lists.isEmpty }

    /// When an open occurrence ended because a list did not name it; nil when none says so.
    func end(of episode: AlarmEpisode, _ name: AlarmName) -> Timestamp? {
      guard let lists = lists[name.device] else { return nil }
      return lists.filter { scope, list in
        scope.holds(name.object) && episode.message < list.message && episode.start <= list.time
      }.map(\.value.time).min()
    }
  }
}

extension AlarmRebuilds {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(pending.count))
    let sorted = pending.sorted { left, right in
      (left.key.device, left.key.object) < (right.key.device, right.key.object)
    }
    for (scope, list) in sorted {
      writer.signed(Int64(scope.device))
      writer.text(scope.object)
      writer.time(list.time)
      writer.signed(list.message)
      writer.time(list.received)
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 5)) {
      let device = Int32(truncatingIfNeeded: try reader.signed())
      let scope = Scope(device: device, object: try reader.text())
      let time = try reader.time()
      let message = try reader.signed()
      pending[scope] = Pending(time: time, message: message, received: try reader.time())
    }
  }
}
