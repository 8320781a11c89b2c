import GRDB
import SiteModel

/// How many notifications stand where.
public struct OutboxCounts: Sendable, Equatable {
  /// To be delivered.
  public var pending = 0
  /// Delivered, of the rows that are kept.
  public var delivered = 0
  /// Refused by their recipient, of the rows that are kept.
  public var failed = 0

  /// Counts from their parts.
  public init(pending: Int = 0, delivered: Int = 0, failed: Int = 0) {
    self.pending = pending
    self.delivered = delivered
    self.failed = failed
  }
}

/// A notification whose attempt is due.
public struct DueNotification: Sendable, Equatable {
  /// What to deliver.
  public var message: SiteModel.Notification
  /// Id of the alert that it tells of; its key when the body names none.
  public var alert: String
}

extension StoreReader {
  /// A channel's notifications whose next attempt is due at `now`, in order of their numbers.
  public func dueNotifications(
    channel: String, now: Timestamp, limit: Int
  ) throws(StoreError) -> [DueNotification] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT number, channel, key, body, attempts,
            ifnull(iif(json_valid(body), json_extract(body, '$.alert.id'), NULL), key)
          FROM outbox WHERE number IN (
            SELECT number FROM outbox
            WHERE state = 'pending' AND channel = ? AND next_attempt_ms <= ?
            ORDER BY number LIMIT ?)
          ORDER BY number
          """, arguments: [channel, now.milliseconds, limit])
      return rows.map { row in
        DueNotification(
          message: SiteModel.Notification(
            number: row[0], channel: row[1], key: row[2], body: row[3], attempts: row[4]),
          alert: row[5])
      }
    }
  }

  /// When the next attempt at any notification of a channel is due; nil when none is pending.
  public func nextAttempt(channel: String) throws(StoreError) -> Timestamp? {
    try read { db in
      try Int64.fetchOne(
        db,
        sql: "SELECT min(next_attempt_ms) FROM outbox WHERE state = 'pending' AND channel = ?",
        arguments: [channel]
      ).map { Timestamp(milliseconds: $0) }
    }
  }

  /// Number of the newest notification ever written; 0 when there is none.
  public func newestNotification() throws(StoreError) -> Int64 {
    try read { db in try Int64.fetchOne(db, sql: "SELECT max(number) FROM outbox") ?? 0 }
  }

  /// All notifications that are kept, delivered or not, in the order of their numbers.
  public func forEachNotification(
    _ body: (SiteModel.Notification) -> Void
  ) throws(StoreError) {
    try read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT number, channel, key, body, attempts FROM outbox ORDER BY number")
      while let row = try rows.next() {
        body(
          SiteModel.Notification(
            number: row[0], channel: row[1], key: row[2], body: row[3], attempts: row[4]))
      }
    }
  }

  /// Counts by state.
  public func outboxCounts() throws(StoreError) -> OutboxCounts {
    try read { db in
      var counts = OutboxCounts()
      let rows = try Row.fetchAll(db, sql: "SELECT state, count(*) FROM outbox GROUP BY state")
      for row in rows {
        switch row[0] as String {
        case "pending": counts.pending = row[1]
        case "delivered": counts.delivered = row[1]
        default: counts.failed = row[1]
        }
      }
      return counts
    }
  }
}

extension Store {
  /// Finished rows that one call removes at most.
  private static let pruneStep = 100

  /// The recipient has it. A notification that is not pending stays as it is, here and below.
  public func markDelivered(_ number: Int64, at now: Timestamp) throws(StoreError) {
    try finish(number, "delivered", reason: "", now)
  }

  /// The recipient refuses it for good.
  public func markFailed(_ number: Int64, reason: String, at now: Timestamp) throws(StoreError) {
    try finish(number, "failed", reason: reason, now)
  }

  /// The attempt failed; the next one is due at `nextAttempt`.
  public func markRetry(
    _ number: Int64, nextAttempt: Timestamp, reason: String
  ) throws(StoreError) {
    try write { db in
      try db.execute(
        sql: """
          UPDATE outbox SET attempts = attempts + 1, next_attempt_ms = ?, reason = ?
          WHERE number = ? AND state = 'pending'
          """, arguments: [nextAttempt.milliseconds, reason, number])
    }
  }

  private func finish(
    _ number: Int64, _ state: String, reason: String, _ now: Timestamp
  ) throws(StoreError) {
    try write { db in
      try db.execute(
        sql: """
          UPDATE outbox SET state = ?, attempts = attempts + 1, finished_ms = ?, reason = ?
          WHERE number = ? AND state = 'pending'
          """, arguments: [state, now.milliseconds, reason, number])
      // The newest number always stays, so that numbering goes on from it.
      try db.execute(
        sql: """
          DELETE FROM outbox WHERE number IN (
            SELECT number FROM outbox
            WHERE number <= (SELECT max(number) FROM outbox) - ? AND state <> 'pending'
            ORDER BY number LIMIT ?)
          """, arguments: [max(1, options.outboxRowsLimit), Self.pruneStep])
      try add(db, "outbox_pruned", db.changesCount)
    }
  }
}

extension Store {
  /// Makes every pending message of a channel due at `time`, and so all in their order again; not
  /// counted as an attempt.
  public func postpone(channel: String, until time: Timestamp) throws(StoreError) {
    try write { db in
      try db.execute(
        sql: """
          UPDATE outbox SET next_attempt_ms = ?1
          WHERE channel = ?2 AND state = 'pending' AND next_attempt_ms <> ?1
          """, arguments: [time.milliseconds, channel])
    }
  }

  /// Makes one pending message due at `time`; not counted as an attempt.
  public func postpone(_ number: Int64, until time: Timestamp) throws(StoreError) {
    try write { db in
      try db.execute(
        sql: "UPDATE outbox SET next_attempt_ms = ? WHERE number = ? AND state = 'pending'",
        arguments: [time.milliseconds, number])
    }
  }

  /// Fails every pending message of channels that are not among those configured; returns how
  /// many.
  public func failNotifications(
    besidesChannels names: [String], at now: Timestamp
  ) throws(StoreError) -> Int {
    try write { db in
      let marks = names.map { _ in "?" }.joined(separator: ", ")
      try db.execute(
        sql: """
          UPDATE outbox SET state = 'failed', finished_ms = ?,
            reason = printf('no channel %Q is configured any more', channel)
          WHERE state = 'pending' AND channel NOT IN (\(marks))
          """, arguments: [now.milliseconds] + StatementArguments(names))
      return db.changesCount
    }
  }
}
