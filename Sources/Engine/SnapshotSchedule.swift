import SiteModel

/// When the engine's state is saved: so often that a restart has little to replay, and at least
/// once a day, so that a journal that is kept for some days can be released.
public struct SnapshotSchedule: Sendable {
  /// Longest time between two snapshots.
  static let longest_ms: Int64 = 86_400_000

  private let messageLimit: Int
  private let readingLimit: Int
  private var messages = 0
  private var readings = 0
  private var savedAt: Timestamp?

  /// A schedule with the most messages and readings between two snapshots.
  public init(messages: Int, readings: Int = 1_000_000) {
    messageLimit = messages
    readingLimit = readings
  }

  /// Counts a batch that ends at `now`; true when the state is to be saved with it.
  public mutating func isDue(messages: Int, readings: Int, now: Timestamp) -> Bool {
    self.messages += messages
    self.readings += readings
    let since = savedAt ?? now
    if savedAt == nil { savedAt = now }
    // A clock that was set back does not put it off.
    return self.messages >= messageLimit || self.readings >= readingLimit
      || now.since(since).magnitude >= Self.longest_ms.magnitude
  }

  /// Notes that the state was saved.
  public mutating func saved(now: Timestamp) {
    (messages, readings, savedAt) = (0, 0, now)
  }
}
