import Alerting
import Foundation
import GRDB
import SiteModel

/// Totals since the file was made.
public struct StoreTotals: Sendable, Equatable {
  /// Messages in the journal.
  public var messages: Int64 = 0
  /// Readings that they held, repeats included.
  public var readings: Int64 = 0
  /// Events that they held, repeats included.
  public var events: Int64 = 0
  /// Messages that came again and were not stored again.
  public var duplicates: Int64 = 0
  /// Messages, or parts of them, that could not be used.
  public var quarantined: Int64 = 0

  /// Totals from their parts.
  public init(
    messages: Int64 = 0, readings: Int64 = 0, events: Int64 = 0, duplicates: Int64 = 0,
    quarantined: Int64 = 0
  ) {
    self.messages = messages
    self.readings = readings
    self.events = events
    self.duplicates = duplicates
    self.quarantined = quarantined
  }
}

/// How many alerts of a kind and severity there are.
public struct AlertCount: Sendable, Equatable {
  /// Dotted kind.
  public var kind: String
  /// How urgent they are.
  public var severity: Severity
  /// Where they stand.
  public var state: AlertState
  /// How many.
  public var count: Int
}

/// A message, or a part of one, that could not be used.
public struct QuarantineRow: Sendable, Equatable {
  /// Journal row that has all of it.
  public var seq: Int64
  /// Position of the entry in that row.
  public var entry: Int
  /// When it was received.
  public var receivedAt: Timestamp
  /// Short stable word.
  public var reason: String
  /// What was found and expected.
  public var detail: String
  /// True when nothing of the message could be used.
  public var isWhole: Bool
  /// The topic, cut.
  public var topic: String
  /// Bytes of the whole payload.
  public var payloadLength: Int
  /// The beginning of the payload.
  public var payload: [UInt8]
}

extension StoreReader {
  /// The totals.
  public func totals() throws(StoreError) -> StoreTotals {
    try read { db in
      var totals = StoreTotals()
      for row in try Row.fetchAll(db, sql: "SELECT name, value FROM counter") {
        switch row[0] as String {
        case "messages": totals.messages = row[1]
        case "readings": totals.readings = row[1]
        case "events": totals.events = row[1]
        case "duplicates": totals.duplicates = row[1]
        case "quarantined": totals.quarantined = row[1]
        default: break
        }
      }
      return totals
    }
  }

  /// The names of all devices, in the order of their numbers.
  public func deviceNames() throws(StoreError) -> [String] {
    try read { db in try String.fetchAll(db, sql: "SELECT name FROM device ORDER BY id") }
  }

  /// The device with this name; nil when it was never seen.
  public func device(named name: String) throws(StoreError) -> DeviceIndex? {
    try read { db in
      try Int32.fetchOne(db, sql: "SELECT id FROM device WHERE name = ?", arguments: [name])
        .map { DeviceIndex($0) }
    }
  }

  /// Alerts in the order of their begin.
  public func alerts(openOnly: Bool = false) throws(StoreError) -> [AlertRecord] {
    let filter = openOnly ? "WHERE state = 'open'" : ""
    return try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM alert \(filter) ORDER BY opened_ms, id")
        .map(Self.alert)
    }
  }

  /// Alerts counted by kind, severity and state.
  public func alertCounts() throws(StoreError) -> [AlertCount] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT kind, severity, state, count(*) FROM alert
          GROUP BY kind, severity, state ORDER BY kind, severity, state
          """
      ).map { row in
        AlertCount(
          kind: row[0], severity: Severity(rawValue: row[1]) ?? .critical,
          state: AlertState(rawValue: row[2]) ?? .open, count: row[3])
      }
    }
  }

  /// Events with `from` <= time < `to` in order of time, of one device or of all; at most `limit`.
  public func events(
    of device: DeviceIndex? = nil, from: Timestamp = .min, to: Timestamp = .max,
    limit: Int = 100_000
  ) throws(StoreError) -> [DeviceEvent] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT * FROM event WHERE (?1 IS NULL OR device = ?1) AND time_ms >= ?2 AND time_ms < ?3
          ORDER BY time_ms, id LIMIT ?4
          """,
        arguments: [device.map { Int($0.position) }, from.milliseconds, to.milliseconds, limit]
      ).map(Self.event)
    }
  }

  /// Total of unusable messages by reason, most first.
  public func quarantineCounts() throws(StoreError) -> [(reason: String, count: Int64)] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT reason, count FROM quarantine_count ORDER BY count DESC, reason"
      ).map { ($0[0], $0[1]) }
    }
  }

  /// The newest unusable messages, newest first.
  public func quarantined(limit: Int = 100) throws(StoreError) -> [QuarantineRow] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM quarantine ORDER BY id DESC LIMIT ?", arguments: [limit]
      ).map { row in
        QuarantineRow(
          seq: row["seq"], entry: row["entry"],
          receivedAt: Timestamp(milliseconds: row["received_ms"]), reason: row["reason"],
          detail: row["detail"], isWhole: row["is_whole"], topic: row["topic"],
          payloadLength: row["payload_length"], payload: Array(row["payload"] as Data))
      }
    }
  }

  static func alert(_ row: Row) -> AlertRecord {
    let cleared: Int64? = row["cleared_ms"]
    return AlertRecord(
      id: row["id"], kind: row["kind"],
      severity: Severity(rawValue: row["severity"]) ?? .critical, site: row["site"],
      region: row["region"], subject: row["subject"],
      openedAt: Timestamp(milliseconds: row["opened_ms"]),
      clearedAt: cleared.map { Timestamp(milliseconds: $0) },
      state: AlertState(rawValue: row["state"]) ?? .open, titleZh: row["title_zh"],
      titleEn: row["title_en"], evidence: row["evidence"])
  }

  private static func event(_ row: Row) -> DeviceEvent {
    DeviceEvent(
      device: DeviceIndex(row["device"]), alarm: row["alarm"], code: row["code"],
      key: row["key"], object: row["object"], text: row["text"],
      state: EventState(rawValue: row["state"]) ?? .changed,
      severity: Severity(rawValue: row["severity"]) ?? .critical,
      time: Timestamp(milliseconds: row["time_ms"]),
      quality: Quality(rawValue: row["quality"]) ?? .good, isHistorical: row["is_historical"])
  }
}
