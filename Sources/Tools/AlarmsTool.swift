import Setup
import SiteModel
import Storage

/// Lists what devices said of their alarms, for the `alarms` command.
public struct AlarmsTool {
  private let reader: StoreReader
  private let names: [String]
  private var filter = AlarmFilter()

  /// A tool on a configuration's database, which is opened read-only, for one device and one alarm
  /// class, or for all where they are nil.
  public init(
    settings: Settings, openOnly: Bool = false, device: String? = nil, alarm: String? = nil,
    from: Timestamp? = nil, to: Timestamp? = nil
  ) throws {
    reader = try Store.openReadOnly(path: settings.database)
    names = try reader.deviceNames()
    filter.isOpen = openOnly
    filter.alarm = alarm
    filter.from = from ?? .min
    filter.to = to ?? .max
    guard let device else { return }
    guard let index = try reader.device(named: device) else { throw UnknownName(device) }
    filter.device = index
  }

  /// Writes one JSON object a line, oldest begin first.
  public func json(to output: ByteOutput) throws {
    try reader.forEachAlarm(filter) { alarm in
      output.text(alarm.json(device: name(of: alarm)) + "\n")
      return output.isOpen
    }
    try output.finish()
  }

  /// Writes a table for people: local wall time, one line an occurrence, and a last line that
  /// counts.
  public func table(to output: ByteOutput, offsetSeconds: Int = 28_800) throws {
    func local(_ time: Timestamp?) -> String {
      time?.localText(offsetSeconds: offsetSeconds) ?? "-"
    }
    var rows = [
      [
        "RAISED 开始", "CLEARED 恢复", "STATE", "SEVERITY", "DEVICE", "ALARM", "CODE", "OBJECT",
        "TEXT 内容",
      ]
    ]
    var openCount = 0
    try reader.forEachAlarm(filter) { alarm in
      if alarm.state == "open" { openCount += 1 }
      rows.append([
        local(alarm.raisedAt), local(alarm.clearedAt), alarm.state, alarm.severity.rawValue,
        name(of: alarm), alarm.alarm, shown(alarm.code), shown(alarm.object),
        ([shown(alarm.text)] + alarm.flags.words.map { "[\($0)]" }).joined(separator: " "),
      ])
      return true
    }
    for line in TextColumns.lines(rows) { output.text(line + "\n") }
    output.text("\(rows.count - 1) alarms, \(openCount) open (times are UTC+8)\n")
    try output.finish()
  }

  private func name(of alarm: AlarmRecord) -> String {
    let position = Int(alarm.device.position)
    return names.indices.contains(position) ? names[position] : "number \(position)"
  }

  /// A device's own words on one line, `-` without any.
  private func shown(_ text: String) -> String {
    if text.isEmpty { return "-" }
    return String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
  }
}

/// A name that is not in the database.
struct UnknownName: Error, CustomStringConvertible {
  let description: String

  init(_ device: String) { description = "there is no device '\(device)' in the database" }
}

extension AlarmRecord {
  /// The history as a JSON object in the words of the `alarms` command.
  public func json(device: String) -> String {
    var json = JSONText()
    json.add("id", id)
    json.add("device", device)
    for (key, value) in [("alarm", alarm), ("code", code), ("object", object), ("key", key)] {
      json.add(key, value)
    }
    json.add("text", text)
    json.add("severity", severity.rawValue)
    json.add("highest_severity", highestSeverity.rawValue)
    json.add("state", state)
    json.addTime("raised_at", raisedAt)
    json.addTime("acknowledged_at", acknowledgedAt)
    json.addTime("cleared_at", clearedAt)
    if let endedBy { json.add("ended_by", endedBy.rawValue) } else { json.addNull("ended_by") }
    json.add("repeats", Int64(repeats))
    json.add("changes", Int64(changes))
    json.raw("flags", JSONText.array(flags.words.map(JSONText.quoted)))
    return json.text
  }
}

extension JSONText {
  fileprivate mutating func addTime(_ key: String, _ time: Timestamp?) {
    if let time { add(key, time.description) } else { addNull(key) }
  }
}

/// Tells two forms of a history apart without keeping them.
enum AlarmDigest {
  static func of(_ alarm: AlarmRecord) -> UInt64 {
    let text = alarm.json(device: String(alarm.device.position))
    return Digest.sha256(Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
