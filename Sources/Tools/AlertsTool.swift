import Alerting
import Setup
import SiteModel
import Storage

/// Lists alerts, for the `alerts` command.
public struct AlertsTool {
  private let reader: StoreReader

  /// A tool on a configuration's database, which is opened read-only.
  public init(settings: Settings) throws(StoreError) {
    reader = try Store.openReadOnly(path: settings.database)
  }

  /// One JSON object a line, oldest begin first.
  public func json(openOnly: Bool) throws(StoreError) -> [String] {
    try reader.alerts(openOnly: openOnly).map(\.json)
  }

  /// A table for people: local wall time, one line an alert, and a last line that counts.
  public func table(openOnly: Bool, offsetSeconds: Int = 28_800) throws(StoreError) -> [String] {
    let alerts = try reader.alerts(openOnly: openOnly)
    let heading = ["OPENED 开始", "CLEARED 恢复", "SEVERITY", "KIND", "SITE", "TITLE 标题"]
    let rows = alerts.map { alert in
      [
        alert.openedAt.localText(offsetSeconds: offsetSeconds),
        alert.clearedAt?.localText(offsetSeconds: offsetSeconds) ?? "-", alert.severity.rawValue,
        alert.kind, alert.site.isEmpty ? "-" : alert.site, alert.titleZh + " / " + alert.titleEn,
      ]
    }
    let open = alerts.count { $0.state == .open }
    return TextColumns.lines([heading] + rows)
      + [TextColumns.count(alerts.count, "alert") + ", \(open) open (times are UTC+8)"]
  }
}

/// Lays out rows of texts in columns; Chinese characters take two places.
enum TextColumns {
  /// The rows with their columns padded; the last column is not.
  static func lines(_ rows: [[String]]) -> [String] {
    guard let columns = rows.first?.count else { return [] }
    let widths = (0..<columns).map { column in rows.map { width($0[column]) }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, text in
        column == columns - 1
          ? text : text + String(repeating: " ", count: widths[column] - width(text))
      }.joined(separator: "  ")
    }
  }

  /// A number with its word: `1 alert`, `2 alerts`.
  static func count(_ number: Int, _ word: String) -> String {
    "\(number) \(word)\(number == 1 ? "" : "s")"
  }

  /// Places that a text takes on a terminal.
  static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x2E80 ? 2 : 1) }
  }
}
