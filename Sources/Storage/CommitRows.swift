import Alerting
import Engine
import Foundation
import GRDB
import SiteModel

// The rows of a commit beside journal and readings. Each may be written again without harm.

extension Store {
  /// Bytes of a quarantined topic and payload that are copied.
  static let quarantineBytes = 512
  /// Quarantined messages of one commit whose text is kept; the others are only counted.
  static let quarantineRowsPerCommit = 1_000

  /// The newest event before the link to the broker was last lost, in the table `counter`.
  static let linkLoss = "event_before_link_loss"

  func insertEvents(_ db: Database, _ seq: Int64, _ outcome: Outcome) throws {
    let before = outcome.eventsBeforeLinkLoss ?? 0
    try insertEvents(db, seq, outcome.events[..<before])
    if outcome.eventsBeforeLinkLoss != nil {
      try db.execute(
        sql: "INSERT OR REPLACE INTO counter SELECT ?, ifnull(max(id), 0) FROM event",
        arguments: [Self.linkLoss])
    }
    try insertEvents(db, seq, outcome.events[before...])
  }

  private func insertEvents(
    _ db: Database, _ seq: Int64, _ events: ArraySlice<DeviceEvent>
  ) throws {
    guard !events.isEmpty else { return }
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO event (device, time_ms, alarm, code, key, object, text, state, severity,
          quality, is_historical, seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (device, time_ms, alarm, code, state, key, object) DO NOTHING
        """)
    for event in events {
      try insert.execute(
        arguments: [
          Int(event.device.position), event.time.milliseconds, event.alarm, event.code, event.key,
          event.object, event.text, event.state.rawValue, event.severity.rawValue,
          Int(event.quality.rawValue), event.isHistorical, seq,
        ])
    }
  }

  func insertQuarantine(
    _ db: Database, _ seq: Int64, _ batch: Batch, _ quarantined: [Quarantined]
  ) throws {
    guard !quarantined.isEmpty else { return }
    var counts: [String: Int] = [:]
    for row in quarantined { counts[row.reason, default: 0] += 1 }
    for (reason, count) in counts {
      try db.execute(
        sql: """
          INSERT INTO quarantine_count VALUES (?, ?)
          ON CONFLICT (reason) DO UPDATE SET count = count + excluded.count
          """, arguments: [reason, count])
    }
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO quarantine (seq, entry, received_ms, reason, detail, is_whole, topic,
          payload_length, payload)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ifnull(?, x''))
        """)
    for row in quarantined.suffix(min(Self.quarantineRowsPerCommit, options.quarantineRowsLimit)) {
      let entry = batch.entry(at: row.entry)
      try insert.execute(
        arguments: [
          seq, row.entry, entry.time.milliseconds, row.reason, row.detail, row.isWhole,
          row.topic.map { String($0.prefix(Self.quarantineBytes)) }
            ?? String(decoding: entry.topic.prefix(Self.quarantineBytes), as: UTF8.self),
          entry.payload.count, Data(entry.payload.prefix(Self.quarantineBytes)),
        ])
    }
    try db.execute(
      sql: "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?",
      arguments: [options.quarantineRowsLimit])
  }

  func upsertAlerts(_ db: Database, _ seq: Int64, _ alerts: [AlertRecord]) throws {
    guard !alerts.isEmpty else { return }
    // A form that comes again must not undo a later one: open, cleared, withdrawn.
    let upsert = try db.cachedStatement(
      sql: """
        INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, severity = excluded.severity,
          site = excluded.site, region = excluded.region, subject = excluded.subject,
          opened_ms = excluded.opened_ms, cleared_ms = excluded.cleared_ms, state = excluded.state,
          title_zh = excluded.title_zh, title_en = excluded.title_en,
          evidence = excluded.evidence, changed_seq = excluded.changed_seq
        WHERE state = 'open' OR excluded.state = 'withdrawn'
          OR (state = 'cleared' AND excluded.state = 'cleared')
        """)
    for alert in alerts {
      try upsert.execute(
        arguments: [
          alert.id, alert.kind, alert.severity.rawValue, alert.site, alert.region, alert.subject,
          alert.openedAt.milliseconds, alert.clearedAt?.milliseconds, alert.state.rawValue,
          alert.titleZh, alert.titleEn, alert.evidence, seq, seq,
        ])
    }
  }

  func insertNotifications(_ db: Database, _ notifications: [SiteModel.Notification]) throws {
    guard !notifications.isEmpty else { return }
    let insert = try db.cachedStatement(
      sql: "INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, ?, 'pending', ?, 0, NULL, '')")
    let holder = try db.cachedStatement(sql: "SELECT number FROM outbox WHERE key = ?")
    for notification in notifications {
      let number = notification.number
      try insert.execute(
        arguments: [
          number, notification.key, notification.channel, notification.body, notification.attempts,
        ])
      guard db.changesCount == 0 else { continue }
      if try Int64.fetchOne(holder, arguments: [notification.key]) == nil {
        throw StoreError(.corrupt("notification number \(number) is taken by another"), path: path)
      }
    }
  }
}
