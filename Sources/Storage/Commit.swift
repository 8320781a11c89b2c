import Engine
import Foundation
import GRDB
import Series
import SiteModel

// The one transaction of a batch: journal, readings, events, quarantine, alerts, outbox and totals.

extension Store {
  /// Stores a batch and everything that follows from it, all or nothing, and returns the number of
  /// its journal row. When it returns, the batch is as durable as ``StoreOptions/synchronous``
  /// says. After an error nothing of it is stored, and the same call may be made again.
  ///
  /// `batch` has at least one entry. `newest` is the journal row that it follows, 0 for none, and
  /// `firstDevice` the number of the first new device; when the file says otherwise, another
  /// process wrote to it, and the commit is refused. `snapshot` is the engine's state after the
  /// batch, nil when none is due. `duplicates` counts messages that were recognised as stored
  /// before and left out of the batch. `replay` says which kept messages are decoded with it.
  @discardableResult
  public func commit(
    batch: Batch, outcome: Outcome, snapshot: [UInt8]? = nil, duplicates: Int = 0,
    replay: ReplayStep? = nil, after newest: Int64, firstDevice: Int
  ) throws(StoreError) -> Int64 {
    precondition(!batch.isEmpty, "a commit needs at least one journal entry")
    // What takes time is done before the file is locked.
    let readings = outcome.readings.isEmpty ? nil : RecentCodec.encode(outcome.readings)
    let packed = RowCodec.pack(batch.body)
    let devices = MentionCodec.encode(outcome.mentions, batch)
    let sealed = snapshot.map { SealedSnapshot($0) }
    let held = HeldMessages(batch, outcome.quarantined)
    return try write { db in
      let seq = try insertJournal(db, batch, packed, devices, after: newest)
      try insertDevices(db, outcome.newDevices, from: firstDevice)
      try insertTexts(db, outcome)
      if let readings { try insertRecent(db, seq, readings, outcome.readings) }
      try insertEvents(db, seq, outcome)
      try insertQuarantine(db, seq, batch, outcome.quarantined)
      try insertHeld(db, seq, batch, held)
      if let replay { try finishReplay(db, replay) }
      try upsertAlarms(db, seq, outcome.alarms)
      try upsertAlerts(db, seq, outcome.alerts)
      try insertNotifications(db, outcome.notifications)
      try add(db, "messages", batch.messageCount)
      if let sealed { try insertSnapshot(db, seq, sealed) }
      try add(db, "readings", outcome.readings.count)
      try add(db, "events", outcome.events.count)
      try add(db, "duplicates", duplicates)
      try add(db, "quarantined", outcome.quarantined.count)
      return seq
    }
  }

  /// Adds to a total.
  func add(_ db: Database, _ counter: String, _ count: Int) throws {
    guard count != 0 else { return }
    let sql = """
      INSERT INTO counter VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET value = value + excluded.value
      """
    try db.cachedStatement(sql: sql).execute(arguments: [counter, count])
  }

  private func insertJournal(
    _ db: Database, _ batch: Batch, _ packed: (codec: RowCodec, bytes: Data), _ devices: [UInt8],
    after expected: Int64
  ) throws -> Int64 {
    let newest = try JournalBase.newestRow(db)
    let previous = newest?.seq ?? 0
    guard previous == expected else {
      throw StoreError(.corrupt("another process wrote journal row \(previous)"), path: path)
    }
    let seq = previous + 1
    let hash = JournalChain.hash(
      after: newest?.hash ?? JournalChain.genesis, seq: seq, entries: batch.count,
      body: batch.body)
    let insert = try db.cachedStatement(
      sql: "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ifnull(?, x''))")
    try insert.execute(
      arguments: [
        seq, batch.count, batch.messageCount, batch.entry(at: 0).time.milliseconds,
        batch.entry(at: batch.count - 1).time.milliseconds, hash, packed.bytes,
        packed.codec.rawValue, Data(devices),
      ])
    return seq
  }

  private func insertDevices(_ db: Database, _ names: [String], from first: Int) throws {
    guard !names.isEmpty else { return }
    let next = try Int.fetchOne(db, sql: "SELECT ifnull(max(id) + 1, 0) FROM device") ?? 0
    guard next == first else {
      throw StoreError(.corrupt("the next device is \(next), not \(first)"), path: path)
    }
    let insert = try db.cachedStatement(sql: "INSERT INTO device VALUES (?, ?)")
    for (offset, name) in names.enumerated() {
      try insert.execute(arguments: [first + offset, name])
    }
  }

  private func insertRecent(
    _ db: Database, _ seq: Int64, _ body: [UInt8], _ readings: [Reading]
  ) throws {
    let range = Pending.times(of: readings)
    try db.cachedStatement(sql: "INSERT INTO recent VALUES (?, ?, ?, ?, ?)").execute(
      arguments: [seq, readings.count, range.first, range.last, Data(body)])
  }
}
