import GRDB
import SiteModel

// Histories of device alarms: one row an occurrence.

extension Store {
  /// Writes the newest form of each; the oldest finished ones beyond the limit go.
  func upsertAlarms(_ db: Database, _ seq: Int64, _ alarms: [AlarmRecord]) throws {
    guard !alarms.isEmpty else { return }
    let upsert = try db.cachedStatement(
      sql: """
        INSERT INTO alarm (id, device, alarm, code, object, key, text, severity, highest_severity,
          raised_ms, acknowledged_ms, cleared_ms, ended_by, state, repeats, changes, flags,
          changed_seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET alarm = excluded.alarm, code = excluded.code,
          object = excluded.object, key = excluded.key, text = excluded.text,
          severity = excluded.severity, highest_severity = excluded.highest_severity,
          raised_ms = excluded.raised_ms, acknowledged_ms = excluded.acknowledged_ms,
          cleared_ms = excluded.cleared_ms, ended_by = excluded.ended_by, state = excluded.state,
          repeats = excluded.repeats, changes = excluded.changes, flags = excluded.flags,
          changed_seq = excluded.changed_seq
        """)
    for alarm in alarms {
      try upsert.execute(
        arguments: [
          alarm.id, Int(alarm.device.position), alarm.alarm, alarm.code, alarm.object, alarm.key,
          alarm.text, alarm.severity.rawValue, alarm.highestSeverity.rawValue,
          alarm.raisedAt?.milliseconds, alarm.acknowledgedAt?.milliseconds,
          alarm.clearedAt?.milliseconds, alarm.endedBy?.rawValue, alarm.state, alarm.repeats,
          alarm.changes, alarm.flags.words.joined(separator: " "), seq,
        ])
    }
    try db.cachedStatement(
      sql: """
        DELETE FROM alarm WHERE state <> 'open' AND number <= (SELECT max(number) FROM alarm) - ?
        """
    ).execute(arguments: [options.alarmRowsLimit])
    try add(db, "alarms_pruned", db.changesCount)
  }
}

/// Which histories are asked for.
public struct AlarmFilter: Sendable {
  /// Only those that go on.
  public var isOpen = false
  /// Only those of devices with these names; nil for all.
  public var devices: [String]?
  /// Only those of this class; nil for all.
  public var alarm: String?
  /// Only those that went on at this instant or later.
  public var from = Timestamp.min
  /// Only those that went on before this instant.
  public var to = Timestamp.max

  /// All histories.
  public init() {}

  /// What ``query`` is run with.
  var arguments: StatementArguments {
    [
      "from": from.milliseconds, "to": to.milliseconds, "alarm": alarm,
      "devices": devices.map { JSONText.array($0.map(JSONText.quoted)) },
    ]
  }

  /// What is asked for as SQL. Open alarms have an index of their own; those of a device are found
  /// by the beginning of their id (`0` is what follows `/`).
  var query: String {
    var tables = "alarm"
    var conditions = [
      "ifnull(raised_ms, cleared_ms) < :to",
      """
      CASE WHEN cleared_ms IS NOT NULL THEN cleared_ms >= :from
        ELSE state = 'open' OR raised_ms >= :from END
      """,
    ]
    if isOpen { conditions.append("state = 'open'") }
    if alarm != nil { conditions.append("alarm.alarm = :alarm") }
    if devices != nil {
      tables = """
        device JOIN alarm ON alarm.device = device.id
          AND alarm.id > device.name || '/' AND alarm.id < device.name || '0'
        """
      conditions.append("device.name IN (SELECT value FROM json_each(:devices))")
    }
    return """
      SELECT alarm.* FROM \(tables) WHERE \(conditions.joined(separator: " AND "))
      ORDER BY ifnull(raised_ms, cleared_ms), number
      """
  }
}

extension StoreReader {
  /// Calls `body` with histories in the order of their begin (end, where only that is known), until
  /// it returns false.
  public func forEachAlarm(
    _ filter: AlarmFilter = AlarmFilter(), _ body: (AlarmRecord) throws -> Bool
  ) throws(StoreError) {
    try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: filter.query,
        arguments: filter.arguments)
      while let row = try rows.next() {
        if try !body(Self.alarm(row)) { return }
      }
    }
  }

  /// Calls `body` with every history that changed after a journal row.
  public func forEachAlarm(
    changedAfter seq: Int64, _ body: (AlarmRecord) throws -> Void
  ) throws(StoreError) {
    try read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT * FROM alarm WHERE changed_seq > ? ORDER BY number", arguments: [seq])
      while let row = try rows.next() { try body(Self.alarm(row)) }
    }
  }

  /// How many finished histories were removed because there were too many.
  public func prunedAlarms() throws(StoreError) -> Int64 {
    try read { db in
      let sql = "SELECT value FROM counter WHERE name = 'alarms_pruned'"
      return try Int64.fetchOne(db, sql: sql) ?? 0
    }
  }

  /// Newest journal row that was written by a release which kept no histories; 0 for none.
  public func alarmsSince() throws(StoreError) -> Int64 {
    try read { db in
      let sql = "SELECT value FROM counter WHERE name = 'alarms_since'"
      return try Int64.fetchOne(db, sql: sql) ?? 0
    }
  }

  private static func alarm(_ row: Row) -> AlarmRecord {
    func time(_ column: String) -> Timestamp? {
      (row[column] as Int64?).map { Timestamp(milliseconds: $0) }
    }
    func severity(_ column: String) -> Severity {
      Severity(rawValue: row[column]) ?? .critical
    }
    return AlarmRecord(
      id: row["id"], device: DeviceIndex(row["device"]), alarm: row["alarm"], code: row["code"],
      key: row["key"], object: row["object"], text: row["text"], severity: severity("severity"),
      highestSeverity: severity("highest_severity"), raisedAt: time("raised_ms"),
      acknowledgedAt: time("acknowledged_ms"), clearedAt: time("cleared_ms"),
      endedBy: (row["ended_by"] as String?).flatMap { AlarmEnd(rawValue: $0) },
      repeats: row["repeats"], changes: row["changes"],
      flags: AlarmFlags(words: (row["flags"] as String).split(separator: " ").map(String.init)))
  }
}
