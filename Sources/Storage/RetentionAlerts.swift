import GRDB
import SiteModel

/// The times in which samples of devices are kept because an alert is about them or names them in
/// its evidence: from a day before the alert's begin to its end.
struct RetentionAlerts {
  private static let lead: Int64 = 86_400_000

  private let now: Timestamp
  private var newest: Int64 = 0
  private var windows: [Int32: [ClosedRange<Int64>]] = [:]

  /// Nothing is loaded yet; alerts that go on reach to `now`.
  init(now: Timestamp) { self.now = now }

  /// Whether samples of a device in a range of time are to be kept.
  func protects(_ device: DeviceIndex, _ range: ClosedRange<Int64>) -> Bool {
    windows[device.position]?.contains { $0.overlaps(range) } ?? false
  }

  /// Takes in the alerts that were written since the last call.
  mutating func load(_ db: Database) throws {
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT d.id, a.opened_ms, a.cleared_ms, a.rowid
          FROM alert a JOIN device d ON d.name = a.subject WHERE a.rowid > ?1
          UNION ALL
          SELECT d.id, a.opened_ms, a.cleared_ms, a.rowid
          FROM alert a
            JOIN json_tree(CASE WHEN json_valid(a.evidence) THEN a.evidence ELSE '{}' END) e
            JOIN device d ON d.name = e.value
          WHERE a.rowid > ?1 AND e.key = 'device'
          """), arguments: [newest])
    var last = newest
    while let row = try rows.next() {
      let opened: Int64 = row[1]
      let cleared: Int64? = row[2]
      let (begin, end) = (opened &- Self.lead, cleared ?? now.milliseconds)
      windows[row[0], default: []].append(begin...max(begin, end))
      last = max(last, row[3])
    }
    newest = last
  }
}
