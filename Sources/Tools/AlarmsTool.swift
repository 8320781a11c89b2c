import Setup
import SiteModel
import Storage

/// Lists what devices said of their alarms, for the `alarms` command.
public struct AlarmsTool {
  private let reader: StoreReader
  private let names: [String]
  private let registry: Registry
  private var filter = AlarmFilter()

  /// A tool on a configuration's database, which is opened read-only, for one device, one site and
  /// one alarm class, or for all where they are nil.
  public init(
    settings: Settings, openOnly: Bool = false, device: String? = nil, site: String? = nil,
    alarm: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil
  ) throws {
    reader = try Store.openReadOnly(path: settings.database)
    names = try reader.deviceNames()
    registry = try RegistryTables.registry(settings, reader)
    filter.isOpen = openOnly
    filter.alarm = alarm
    filter.from = from ?? .min
    filter.to = to ?? .max
    if let device {
      guard names.contains(device) else { throw UnknownName(device: device) }
      filter.devices = [device]
    }
    if let site {
      guard registry.sites[site] != nil else { throw UnknownName(site: site) }
      let devices = filter.devices ?? names
      filter.devices = devices.filter { registry.devices[$0]?.site == site }
    }
  }

  /// Writes one JSON object a line, oldest begin first.
  public func json(to output: ByteOutput) throws {
    try reader.forEachAlarm(filter) { alarm in
      let device = name(of: alarm)
      output.text(alarm.json(device: device, site: site(of: device)) + "\n")
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
        "RAISED 开始", "CLEARED 恢复", "STATE", "SEVERITY", "SITE 站点", "DEVICE", "ALARM", "CODE",
        "OBJECT", "TEXT 内容",
      ]
    ]
    var openCount = 0
    try reader.forEachAlarm(filter) { alarm in
      if alarm.state == "open" { openCount += 1 }
      let device = name(of: alarm)
      let site = site(of: device).map { $0.name.isEmpty ? $0.id : "\($0.id) \($0.name)" }
      rows.append([
        local(alarm.raisedAt), local(alarm.clearedAt), state(of: alarm), alarm.severity.rawValue,
        shown(site ?? ""), device, alarm.alarm, shown(alarm.code), shown(alarm.object),
        ([shown(alarm.text)] + alarm.flags.words.map { "[\($0)]" }).joined(separator: " "),
      ])
      return true
    }
    for line in TextColumns.lines(rows) { output.text(line + "\n") }
    output.text(TextColumns.count(rows.count - 1, "alarm"))
    output.text(", \(openCount) open (times are UTC+8)\n")
    try output.finish()
  }

  private func name(of alarm: AlarmRecord) -> String {
    let position = Int(alarm.device.position)
    return names.indices.contains(position) ? names[position] : "number \(position)"
  }

  /// Where an alarm stands, and of an open one whether somebody has seen it.
  private func state(of alarm: AlarmRecord) -> String {
    alarm.state == "open" && alarm.acknowledgedAt != nil ? "acknowledged" : alarm.state
  }

  /// Where a device stands; nil when the registry does not say.
  private func site(of device: String) -> Site? {
    registry.devices[device].flatMap { registry.sites[$0.site] }
  }

  /// A device's own words on one line, `-` without any.
  private func shown(_ text: String) -> String {
    if text.isEmpty { return "-" }
    return String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
  }
}

/// A name that nothing has.
struct UnknownName: Error, CustomStringConvertible {
  let description: String

  init(device: String) { description = "there is no device '\(device)' in the database" }
  init(site: String) { description = "there is no site '\(site)' in the registry" }
}

extension AlarmRecord {
  /// The history as a JSON object in the words of the `alarms` command; the site is empty where
  /// the registry has none.
  public func json(device: String, site: Site?) -> String {
    var json = JSONText()
    json.add("id", id)
    json.add("device", device)
    json.add("site", site?.id ?? "")
    json.add("site_name", site?.name ?? "")
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
    let text = alarm.json(device: String(alarm.device.position), site: nil)
    return Digest.sha256(Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
