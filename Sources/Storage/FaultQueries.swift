import GRDB
import SiteModel

/// Rejections of one topic for the same reason, as far as their texts are kept.
public struct FaultGroup: Sendable, Equatable {
  /// The topic, or a filter where several messages are meant.
  public var topic: String
  /// Short stable word.
  public var reason: String
  /// The member of the payload, without positions in lists: `metrics[].alias`; empty for the whole.
  public var part: String
  /// How many there are.
  public var count: Int
  /// Receipt of the first.
  public var firstAt: Timestamp
  /// Receipt of the newest.
  public var lastAt: Timestamp
  /// What was found and expected the last time.
  public var newest: String
}

extension StoreReader {
  /// The rejections whose texts are kept, by topic, reason and part, the newest first.
  public func faults() throws(StoreError) -> [FaultGroup] {
    try read { db in
      var groups: [FaultGroup] = []
      var places: [[String]: Int] = [:]
      let rows = try Row.fetchCursor(
        db, sql: "SELECT topic, reason, detail, received_ms FROM quarantine ORDER BY id")
      while let row = try rows.next() {
        let (topic, reason, detail): (String, String, String) = (row[0], row[1], row[2])
        let (part, time) = (Self.part(of: detail), Timestamp(milliseconds: row[3]))
        if let place = places[[topic, reason, part]] {
          groups[place].count += 1
          (groups[place].lastAt, groups[place].newest) = (time, detail)
        } else {
          places[[topic, reason, part]] = groups.count
          groups.append(
            FaultGroup(
              topic: topic, reason: reason, part: part, count: 1, firstAt: time, lastAt: time,
              newest: detail))
        }
      }
      return groups.sorted { ($0.lastAt, $1.topic, $1.reason) > ($1.lastAt, $0.topic, $0.reason) }
    }
  }

  /// The part that a rejection's text begins with, before `: found`.
  private static func part(of detail: String) -> String {
    guard let end = detail.firstRange(of: ": found ") else { return "" }
    var part = ""
    for character in detail[..<end.lowerBound]
    where !(character.isNumber && (part.last == "[")) {
      part.append(character)
    }
    return part
  }
}
