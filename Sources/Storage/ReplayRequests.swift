import Engine
import Foundation
import GRDB
import SiteModel

// A wish to decode what is held stands in the file, so that whoever may write the journal takes it
// up: a running collector, or else the command itself. How far it is done is stored with the
// messages that were decoded, so it goes on after any end.

/// A wish to decode what is held.
public struct ReplayRequest: Sendable, Equatable {
  /// Its number, in the order of the wishes.
  public var id: Int64
  /// Of these messages only; nil for all.
  public var shape: ShapeID?
  /// The newest message that it is about.
  public var last: Int64
  /// The message up to which it is done.
  public var through: Int64
  /// Messages that were decoded.
  public var decoded: Int
  /// Messages of which still nothing can be used.
  public var leftOver: Int
  /// True when it is done.
  public var isFinished: Bool
}

/// What one step of a replay came to.
public struct ReplayStep: Sendable, Equatable {
  /// The wish.
  public var request: Int64
  /// Numbers of the messages that were decoded; they are held no longer.
  public var decoded: [Int64]
  /// Messages of which still nothing can be used.
  public var leftOver: Int
  /// The message up to which the wish is done.
  public var through: Int64
  /// When it was done with this step; nil when there is more to do.
  public var finishedAt: Timestamp?

  /// A step from its parts.
  public init(
    request: Int64, decoded: [Int64], leftOver: Int, through: Int64, finishedAt: Timestamp?
  ) {
    (self.request, self.decoded, self.leftOver) = (request, decoded, leftOver)
    (self.through, self.finishedAt) = (through, finishedAt)
  }
}

extension Store {
  /// Finished wishes that are remembered.
  static let replaysKept = 100

  /// Wishes that what is held be decoded, of one shape or of all; gives the wish's number.
  public func requestReplay(shape: ShapeID?, now: Timestamp) throws(StoreError) -> Int64 {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO replay (requested_ms, shape, last, through, decoded, left_over)
          SELECT ?, ?, ifnull(max(id), 0), 0, 0, 0 FROM held
          """, arguments: [now.milliseconds, shape?.number])
      let id = db.lastInsertedRowID
      try db.execute(
        sql: "DELETE FROM replay WHERE id <= ? AND finished_ms IS NOT NULL",
        arguments: [id - Int64(Self.replaysKept)])
      return id
    }
  }

  /// Notes a step with which nothing was decoded.
  public func noteReplay(_ step: ReplayStep) throws(StoreError) {
    try write { db in try finishReplay(db, step) }
  }

  /// Notes a step, and removes what it decoded; a shape of which nothing is left is known now.
  func finishReplay(_ db: Database, _ step: ReplayStep) throws {
    var shapes: Set<Int64> = []
    let shape = try db.cachedStatement(sql: "SELECT shape FROM held WHERE id = ?")
    for id in step.decoded {
      if let found = try Int64.fetchOne(shape, arguments: [id]) { shapes.insert(found) }
    }
    try removeHeld(db, step.decoded)
    for shape in shapes {
      try db.execute(
        sql: """
          DELETE FROM unknown_shape
          WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM held WHERE shape = ?1)
          """, arguments: [shape])
    }
    try db.execute(
      sql: """
        UPDATE replay SET decoded = decoded + ?, left_over = left_over + ?, through = ?,
          finished_ms = ? WHERE id = ?
        """,
      arguments: [
        step.decoded.count, step.leftOver, step.through, step.finishedAt?.milliseconds,
        step.request,
      ])
    try add(db, "replayed", step.decoded.count)
  }
}

extension StoreReader {
  /// The oldest wish that is not done; nil when there is none.
  public func openReplay() throws(StoreError) -> ReplayRequest? {
    try read { db in
      try Row.fetchOne(
        db.cachedStatement(
          sql: "SELECT * FROM replay WHERE finished_ms IS NULL ORDER BY id LIMIT 1")
      ).map(Self.replay)
    }
  }

  /// A wish by its number; nil when it is long done.
  public func replay(_ id: Int64) throws(StoreError) -> ReplayRequest? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM replay WHERE id = ?", arguments: [id])
        .map(Self.replay)
    }
  }

  private static func replay(_ row: Row) -> ReplayRequest {
    let shape: Int64? = row["shape"]
    return ReplayRequest(
      id: row["id"], shape: shape.map { ShapeID(number: $0) }, last: row["last"],
      through: row["through"],
      decoded: row["decoded"], leftOver: row["left_over"],
      isFinished: row["finished_ms"] != nil)
  }
}
