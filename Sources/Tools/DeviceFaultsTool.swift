import Setup
import SiteModel
import Storage

/// Lists what devices do wrong, for the `devices faults` command: rejections of messages and of
/// parts of them, by topic.
public struct DeviceFaultsTool {
  private let reader: StoreReader
  private let pattern: NamePattern

  /// A tool on a configuration's database, which is opened read-only; `topic` may hold `*` and `?`.
  public init(settings: Settings, topic: String = "*") throws(StoreError) {
    reader = try Store.openReadOnly(path: settings.database)
    pattern = NamePattern(topic)
  }

  private func faults() throws(StoreError) -> [FaultGroup] {
    try reader.faults().filter { pattern.matches($0.topic) }
  }

  /// One JSON object a line, the newest first.
  public func json() throws(StoreError) -> [String] {
    try faults().map { fault in
      var json = JSONText()
      json.add("topic", fault.topic)
      json.add("reason", fault.reason)
      json.add("part", fault.part)
      json.add("count", Int64(fault.count))
      json.add("first_at", fault.firstAt.description)
      json.add("last_at", fault.lastAt.description)
      json.add("detail", fault.newest)
      return json.text
    }
  }

  /// A table for people: local wall time, one line a topic, reason and part.
  public func table(offsetSeconds: Int = 28_800) throws(StoreError) -> [String] {
    let faults = try faults()
    guard !faults.isEmpty else { return ["nothing was rejected"] }
    let heading = ["TOPIC", "COUNT", "FIRST 首次", "LAST 最近", "REASON", "NEWEST 最近一次"]
    let rows = faults.map { fault in
      [
        TextColumns.plain(fault.topic), String(fault.count),
        fault.firstAt.localText(offsetSeconds: offsetSeconds),
        fault.lastAt.localText(offsetSeconds: offsetSeconds), fault.reason,
        TextColumns.plain(fault.newest),
      ]
    }
    let shown = faults.reduce(0) { $0 + $1.count }
    let all = try reader.totals().quarantined
    return TextColumns.lines([heading] + rows) + [
      "\(TextColumns.count(shown, "rejection")) of \(all) since the file was made"
        + " (times are UTC+8); the newest are kept with their texts"
    ]
  }
}
