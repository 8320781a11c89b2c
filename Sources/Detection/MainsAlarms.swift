import SiteModel

/// What the histories of a device's `mains.lost` alarms say together: mains is lost while any of
/// them goes on.
struct MainsAlarms: Sendable {
  /// Something that they say of a supply.
  struct Word: Equatable {
    var isLost: Bool
    var time: Timestamp
  }

  /// The alarms of one device that go on.
  private struct Open: Sendable {
    /// Their begins, by id.
    var begins: [String: Timestamp] = [:]
    /// The latest end of those that went on beside them.
    var end = Timestamp(milliseconds: .min)
    /// A reading of the device said since that mains is there.
    var isOverruled = false
  }

  private static let alarm = "mains.lost"

  /// By device; none that is empty.
  private var open: [Int32: Open] = [:]

  /// The devices that say by alarm that mains is lost, and since when.
  var lost: [(device: DeviceIndex, since: Timestamp)] {
    open.filter { !$0.value.isOverruled }.sorted { $0.key < $1.key }.compactMap { device, alarms in
      alarms.begins.values.min().map { (DeviceIndex(device), $0) }
    }
  }

  /// Whether any alarm of a device goes on.
  func isOpen(_ device: DeviceIndex) -> Bool { open[device.position] != nil }

  /// Notes that the newest word of a device is a reading that mains is there.
  mutating func overrule(_ device: DeviceIndex) { open[device.position]?.isOverruled = true }

  /// Takes a changed history; what it says now, in order of time.
  mutating func take(_ change: AlarmChange) -> [Word] {
    let alarm = change.record
    let device = alarm.device.position
    let known = open[device]?.begins[alarm.id]
    // Once it was called so it stays one to its end, by whatever name that is told.
    guard known != nil || alarm.alarm == Self.alarm else { return [] }
    guard alarm.state != "open" else { return goOn(change, known) }
    if alarm.flags.contains(.notFollowed) { return plain(change) }
    guard known != nil, var alarms = open[device], let end = alarm.clearedAt else { return [] }
    alarms.begins[alarm.id] = nil
    alarms.end = max(alarms.end, end)
    open[device] = alarms.begins.isEmpty ? nil : alarms
    return alarms.begins.isEmpty ? [Word(isLost: false, time: alarms.end)] : []
  }

  private mutating func goOn(_ change: AlarmChange, _ known: Timestamp?) -> [Word] {
    guard let begin = change.record.raisedAt else { return [] }
    let device = change.record.device.position
    open[device, default: Open()].begins[change.record.id] = begin
    var words: [Word] = []
    if known.map({ begin < $0 }) ?? true { words.append(Word(isLost: true, time: begin)) }
    if let time = change.goesOnAt, time > begin { words.append(Word(isLost: true, time: time)) }
    if !words.isEmpty { open[device]?.isOverruled = false }
    return words
  }

  /// An alarm that nobody follows, because there are too many: only what it says now is known.
  private func plain(_ change: AlarmChange) -> [Word] {
    change.goesOnAt.map { [Word(isLost: true, time: $0)] } ?? []
  }
}

extension MainsAlarms {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(open.count))
    for (device, alarms) in open.sorted(by: { $0.key < $1.key }) {
      writer.signed(Int64(device))
      writer.time(alarms.end)
      writer.byte(alarms.isOverruled ? 1 : 0)
      writer.unsigned(UInt64(alarms.begins.count))
      for (id, begin) in alarms.begins.sorted(by: { $0.key < $1.key }) {
        writer.text(id)
        writer.time(begin)
      }
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 4)) {
      let device = Int32(truncatingIfNeeded: try reader.signed())
      var alarms = Open()
      alarms.end = try reader.time()
      alarms.isOverruled = try reader.byte() == 1
      for _ in 0..<(try reader.count(ofSize: 2)) {
        let id = try reader.text()
        alarms.begins[id] = try reader.time()
      }
      open[device] = alarms
    }
  }

  /// True when no device beyond the first `count` is named.
  func namesOnly(first count: Int) -> Bool {
    open.keys.allSatisfy { (0..<Int32(count)).contains($0) }
  }
}
