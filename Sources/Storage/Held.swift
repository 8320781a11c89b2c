import Engine
import Foundation
import GRDB
import SiteModel

// Messages of which nothing could be used are kept with the commit that has them, grouped by shape,
// until a profile reads them or newer ones need their room. The journal has every byte meanwhile,
// and these copies outlive its rows.

/// The unusable messages of one batch by shape; worked out before the file is locked.
struct HeldMessages {
  /// Bytes of a payload that are kept as a shape's sample.
  static let sampleBytes = 4 << 10
  /// Longest message that is kept, topic and payload; a longer one is counted with its shape.
  static let messageBytes = 1 << 20

  /// What the batch has of one shape.
  struct Group {
    let shape: FoundShape
    /// Of the newest message.
    var newest: Quarantined
    /// Positions of the messages in the batch.
    var entries: [Int]
  }

  /// In order of first sight.
  private(set) var groups: [Group] = []

  /// Those of a batch.
  init(_ batch: Batch, _ quarantined: [Quarantined]) {
    guard quarantined.contains(where: \.isWhole) else { return }
    let reader = ShapeFinder()
    var places: [ShapeID: Int] = [:]
    var last = -1
    for row in quarantined where row.isWhole && row.entry != last {
      last = row.entry
      let entry = batch.entry(at: row.entry)
      // What time or a replay gives up is no message of its own.
      guard entry.kind == .message else { continue }
      let shape = reader.shape(topic: entry.topic, payload: entry.payload)
      if let place = places[shape.id] {
        groups[place].entries.append(row.entry)
        groups[place].newest = row
      } else {
        places[shape.id] = groups.count
        groups.append(Group(shape: shape, newest: row, entries: [row.entry]))
      }
    }
  }
}

extension Store {
  /// Keeps them, and removes the oldest where there are too many.
  func insertHeld(_ db: Database, _ seq: Int64, _ batch: Batch, _ held: HeldMessages) throws {
    guard !held.groups.isEmpty else { return }
    var messages: [(entry: Int, shape: Int64)] = []
    for group in held.groups {
      try insertShape(db, batch, group)
      messages += group.entries.map { ($0, group.shape.id.number) }
    }
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO held (seq, entry, shape, received_ms, retained, topic, payload)
        VALUES (?, ?, ?, ?, ?, ifnull(?, x''), ifnull(?, x''))
        """)
    var (count, bytes) = (0, 0)
    for message in messages.sorted(by: { $0.entry < $1.entry }) {
      let entry = batch.entry(at: message.entry)
      let length = entry.topic.count + entry.payload.count
      guard length <= HeldMessages.messageBytes else { continue }
      try insert.execute(
        arguments: [
          seq, message.entry, message.shape, entry.time.milliseconds, entry.isRetained,
          Data(entry.topic), Data(entry.payload),
        ])
      (count, bytes) = (count + 1, bytes + length)
    }
    try add(db, "held", count)
    try add(db, "held_bytes", bytes)
    try removeOldShapes(db)
    try removeOldHeld(db)
  }

  private func insertShape(
    _ db: Database, _ batch: Batch, _ group: HeldMessages.Group
  ) throws {
    let times = group.entries.map { batch.entry(at: $0).time.milliseconds }
    let sample = batch.entry(at: group.entries[0])
    let upsert = try db.cachedStatement(
      sql: """
        INSERT INTO unknown_shape (id, topic, payload, reason, detail, count, first_ms, last_ms,
          sample_topic, sample_length, sample)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ifnull(?, x''), ?, ifnull(?, x''))
        ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
          count = count + excluded.count, last_ms = max(last_ms, excluded.last_ms)
        """)
    try upsert.execute(
      arguments: [
        group.shape.id.number, group.shape.topic, group.shape.payload, group.newest.reason,
        group.newest.detail, group.entries.count, times.min(), times.max(), Data(sample.topic),
        sample.payload.count, Data(sample.payload.prefix(HeldMessages.sampleBytes)),
      ])
  }

  private func removeOldShapes(_ db: Database) throws {
    let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM unknown_shape") ?? 0
    guard count > options.unknownShapesLimit else { return }
    let old = try Int64.fetchAll(
      db, sql: "SELECT id FROM unknown_shape ORDER BY last_ms, id LIMIT ?",
      arguments: [count - options.unknownShapesLimit])
    for id in old {
      let messages = try Int64.fetchAll(
        db.cachedStatement(sql: "SELECT id FROM held WHERE shape = ?"), arguments: [id])
      try removeHeld(db, messages)
      try add(db, "held_dropped", messages.count)
      try db.execute(sql: "DELETE FROM unknown_shape WHERE id = ?", arguments: [id])
    }
    try add(db, "shapes_dropped", old.count)
  }

  private func removeOldHeld(_ db: Database) throws {
    let kept = try HeldTotals.fetch(db)
    var (count, bytes) = (kept.messages, kept.bytes)
    guard count > options.heldMessagesLimit || bytes > options.heldBytesLimit else { return }
    var old: [Int64] = []
    let rows = try Row.fetchCursor(
      db, sql: "SELECT id, length(topic) + length(payload) FROM held ORDER BY id")
    while count > options.heldMessagesLimit || bytes > options.heldBytesLimit,
      let row = try rows.next()
    {
      old.append(row[0])
      (count, bytes) = (count - 1, bytes - (row[1] as Int))
    }
    try removeHeld(db, old)
    try add(db, "held_dropped", old.count)
  }

  /// Removes kept messages; those that are gone already do not count.
  func removeHeld(_ db: Database, _ messages: [Int64]) throws {
    let remove = try db.cachedStatement(
      sql: "DELETE FROM held WHERE id = ? RETURNING length(topic) + length(payload)")
    var (count, bytes) = (0, 0)
    for id in messages {
      guard let length = try Int.fetchOne(remove, arguments: [id]) else { continue }
      (count, bytes) = (count + 1, bytes + length)
    }
    try add(db, "held", -count)
    try add(db, "held_bytes", -bytes)
  }
}

/// What is kept of unusable messages, and what no longer is.
public struct HeldTotals: Sendable, Equatable {
  /// Messages that are kept.
  public var messages = 0
  /// Bytes of their topics and payloads.
  public var bytes = 0
  /// Messages that gave way to newer ones; the journal has them as long as it is kept.
  public var dropped = 0
  /// Shapes that gave way to newer ones, with their messages.
  public var droppedShapes = 0

  static func fetch(_ db: Database) throws -> HeldTotals {
    var totals = HeldTotals()
    for row in try Row.fetchAll(db.cachedStatement(sql: "SELECT name, value FROM counter")) {
      switch row[0] as String {
      case "held": totals.messages = row[1]
      case "held_bytes": totals.bytes = row[1]
      case "held_dropped": totals.dropped = row[1]
      case "shapes_dropped": totals.droppedShapes = row[1]
      default: break
      }
    }
    return totals
  }
}
