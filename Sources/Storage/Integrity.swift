import Engine
import Foundation
import GRDB
import Series
import SiteModel

/// Something in the file that is not as it was written, and where.
public struct StoreProblem: Sendable, Equatable, CustomStringConvertible {
  /// The table and row, or `file`.
  public let place: String
  /// What is wrong there.
  public let text: String

  /// `place: text`.
  public var description: String { "\(place): \(text)" }
}

extension StoreReader {
  /// Problems that one check lists at most; it stops there.
  public static let problemLimit = 100

  /// SQLite's own check of the file, then decodes every chunk and batch and counts the outbox.
  public func integrityCheck() throws(StoreError) -> [StoreProblem] {
    var problems = try read { db in
      try String.fetchAll(db, sql: "PRAGMA integrity_check(\(Self.problemLimit))")
        .filter { $0 != "ok" }.map { StoreProblem(place: "file", text: $0) }
    }
    try checkRows("chunk", key: "id", &problems) { row, body in
      let samples = try DeviceChunk.decode(body)
      let isConsistent =
        samples.sampleCount == row["samples"] && samples.firstTime == row["first_ms"]
        && samples.lastTime == row["last_ms"]
      return isConsistent
    }
    try checkRows("recent", key: "seq", &problems) { row, body in
      var count = 0
      try RecentCodec.decode(body) { _ in count += 1 }
      return count == row["samples"]
    }
    let isGapless = try read { db in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT count(*) + (SELECT ifnull(sum(value), 0) FROM counter WHERE name = 'outbox_pruned')
            = ifnull(max(number), 0) FROM outbox
          """)
    }
    if isGapless == false {
      problems.append(StoreProblem(place: "outbox", text: "notification numbers have gaps"))
    }
    return Array(problems.prefix(Self.problemLimit))
  }

  private func checkRows(
    _ table: String, key: String, _ problems: inout [StoreProblem],
    _ isConsistent: (Row, UnsafeRawBufferPointer) throws -> Bool
  ) throws(StoreError) {
    var last = Int64.min
    while problems.count < Self.problemLimit {
      let next = try read { db in
        try Int64.fetchOne(
          db, sql: "SELECT \(key) FROM \(table) WHERE \(key) > ? ORDER BY \(key) LIMIT 1",
          arguments: [last])
      }
      guard let next else { return }
      last = next
      do {
        try read { db in
          let row = try Row.fetchOne(
            db, sql: "SELECT * FROM \(table) WHERE \(key) = ?", arguments: [next])
          guard let row else { return }
          let isRight = try (row["body"] as Data).withUnsafeBytes { try isConsistent(row, $0) }
          if !isRight { throw StoreError(.corrupt("counts or times do not match"), path: path) }
        }
      } catch {
        guard case .corrupt(let detail) = error.reason else { throw error }
        problems.append(StoreProblem(place: "\(table) \(next)", text: detail))
      }
    }
  }
}
