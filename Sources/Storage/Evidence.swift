import Engine
import Foundation
import GRDB
import SiteModel

/// A message that an alert rests on.
public struct EvidenceMessage: Sendable, Equatable {
  /// Journal row that it came with.
  public var seq: Int64
  /// Position of its entry in that row.
  public var entry: Int
  /// A device of the alert that it is about.
  public var device: DeviceIndex
  /// When it was received.
  public var receivedAt: Timestamp
  /// The topic as sent.
  public var topic: [UInt8]
  /// The payload as sent.
  public var payload: [UInt8]
}

/// Which messages alerts rest on: those of their devices from a day before the begin to the end.
struct EvidenceWatch {
  /// Before an alert's begin its devices' messages count so long …
  static let before_ms: Int64 = 86_400_000
  /// … and after its end, because what ends it is known a little later.
  static let after_ms: Int64 = 3_600_000

  /// Spans of time by device.
  private(set) var spans: [Int32: [ClosedRange<Int64>]] = [:]

  /// Nothing is watched.
  init() {}

  /// Watches the devices of every alert that may rest on something of the span.
  init(_ db: Database, _ span: ClosedRange<Int64>, _ site: (String) -> [String]) throws {
    let alerts = try db.cachedStatement(
      sql: """
        SELECT rowid, subject, site, opened_ms, cleared_ms FROM alert
        WHERE opened_ms <= ? AND ifnull(cleared_ms, ?) >= ?
        """)
    let (from, to) = (
      span.lowerBound.subtracting(Self.after_ms), span.upperBound.adding(Self.before_ms)
    )
    let rows = try Row.fetchCursor(alerts, arguments: [to, Int64.max, from])
    var numbers: [String: Int32?] = [:]
    while let row = try rows.next() { try add(db, row, site, &numbers) }
  }

  /// Watches one alert's devices; nil when there is no such alert.
  init?(_ db: Database, alert id: String, _ site: (String) -> [String]) throws {
    let row = try Row.fetchOne(
      db, sql: "SELECT rowid, subject, site, opened_ms, cleared_ms FROM alert WHERE id = ?",
      arguments: [id])
    guard let row else { return nil }
    var numbers: [String: Int32?] = [:]
    try add(db, row, site, &numbers)
  }

  /// Whether a message of a device counts, received at an instant with readings of a span.
  func contains(_ device: Int32, received: Int64, _ readings: ClosedRange<Int64>) -> Bool {
    guard let spans = spans[device] else { return false }
    return spans.contains { $0.contains(received) || $0.overlaps(readings) }
  }

  private mutating func add(
    _ db: Database, _ row: Row, _ site: (String) -> [String], _ numbers: inout [String: Int32?]
  ) throws {
    let end: Int64? = row[4]
    let from = (row[3] as Int64).subtracting(Self.before_ms)
    let span = from...max(from, end?.adding(Self.after_ms) ?? .max)
    for name in try names(db, row, site) {
      let known = try numbers[name] ?? number(db, name)
      numbers[name] = known
      if let known { spans[known, default: []].append(span) }
    }
  }

  /// The subject when it is a device; every device that the finding names; all devices of the site
  /// that it is about as a whole.
  private func names(
    _ db: Database, _ row: Row, _ site: (String) -> [String]
  ) throws -> Set<String> {
    let named = try db.cachedStatement(
      sql: """
        SELECT fact.value FROM alert,
          json_tree(CASE WHEN json_valid(evidence) THEN evidence ELSE '{}' END) AS fact
        WHERE alert.rowid = ? AND fact.key IN ('device', 'first_seen_at') AND fact.type = 'text'
        """)
    var names = Set(try String.fetchAll(named, arguments: [row[0] as Int64]))
    let subject: String = row[1]
    if subject.isEmpty { names.formUnion(site(row[2])) } else { names.insert(subject) }
    return names
  }

  private func number(_ db: Database, _ name: String) throws -> Int32? {
    let statement = try db.cachedStatement(sql: "SELECT id FROM device WHERE name = ?")
    return try Int32.fetchOne(statement, arguments: [name])
  }
}

extension Int64 {
  /// The difference, or the end of the range.
  func subtracting(_ other: Int64) -> Int64 {
    let (value, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other > 0 ? .min : .max) : value
  }

  /// The sum, or the end of the range.
  func adding(_ other: Int64) -> Int64 {
    let (value, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : .min) : value
  }
}
