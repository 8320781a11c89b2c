import Engine
import Foundation
import GRDB
import SiteModel

/// Unusable messages of one shape.
public struct UnknownShape: Sendable, Equatable {
  /// Its name.
  public var shape: ShapeID
  /// Pattern of the topics, as in profiles.
  public var topic: String
  /// What the payloads are built like.
  public var payload: String
  /// Why the newest message was not used: a short stable word …
  public var reason: String
  /// … and what was found in it and expected.
  public var detail: String
  /// Messages so far.
  public var count: Int
  /// Messages of them that are kept.
  public var kept: Int
  /// Receipt of the first message.
  public var firstAt: Timestamp
  /// Receipt of the newest message.
  public var lastAt: Timestamp
  /// The first message, its payload cut to 4 KiB.
  public var sample: HeldMessage
  /// Bytes of the sample's whole payload.
  public var sampleLength: Int
}

/// An unusable message as it came.
public struct HeldMessage: Sendable, Equatable {
  /// Its number, in the order of arrival; 0 for a sample.
  public var id: Int64
  /// When it was received.
  public var receivedAt: Timestamp
  /// Whether it was a retained copy.
  public var isRetained: Bool
  /// Its topic.
  public var topic: [UInt8]
  /// Its payload.
  public var payload: [UInt8]
}

extension StoreReader {
  /// The shapes of unusable messages, most messages first; one of them with `shape`.
  public func unknownShapes(_ shape: ShapeID? = nil) throws(StoreError) -> [UnknownShape] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT *, (SELECT count(*) FROM held WHERE held.shape = unknown_shape.id) AS kept
          FROM unknown_shape WHERE ?1 IS NULL OR id = ?1 ORDER BY count DESC, first_ms, id
          """, arguments: [shape?.number]
      ).map { row in
        let first = Timestamp(milliseconds: row["first_ms"])
        return UnknownShape(
          shape: ShapeID(number: row["id"]), topic: row["topic"], payload: row["payload"],
          reason: row["reason"],
          detail: row["detail"], count: row["count"], kept: row["kept"], firstAt: first,
          lastAt: Timestamp(milliseconds: row["last_ms"]),
          sample: HeldMessage(
            id: 0, receivedAt: first, isRetained: false,
            topic: Array(row["sample_topic"] as Data), payload: Array(row["sample"] as Data)),
          sampleLength: row["sample_length"])
      }
    }
  }

  /// What is kept in all.
  public func heldTotals() throws(StoreError) -> HeldTotals {
    try read { db in try HeldTotals.fetch(db) }
  }

  /// Kept messages after one of them and up to another, of a shape (of all without one), in
  /// order of arrival; at most `limit`, and no more after `bytes` of payload.
  public func heldMessages(
    shape: ShapeID? = nil, after id: Int64 = 0, through last: Int64 = .max, limit: Int = 1_000,
    bytes: Int = 4 << 20
  ) throws(StoreError) -> [HeldMessage] {
    try read { db in
      let filter = shape == nil ? "?3 IS NULL" : "shape = ?3"
      let statement = try db.cachedStatement(
        sql: """
          SELECT id, received_ms, retained, topic, payload FROM held
          WHERE id > ?1 AND id <= ?2 AND \(filter) ORDER BY id LIMIT ?4
          """)
      let rows = try Row.fetchCursor(statement, arguments: [id, last, shape?.number, limit])
      var messages: [HeldMessage] = []
      var length = 0
      while length < bytes, let row = try rows.next() {
        let message = HeldMessage(
          id: row[0], receivedAt: Timestamp(milliseconds: row[1]), isRetained: row[2],
          topic: Array(row[3] as Data), payload: Array(row[4] as Data))
        length += message.payload.count
        messages.append(message)
      }
      return messages
    }
  }
}
