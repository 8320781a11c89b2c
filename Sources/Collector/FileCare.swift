import Engine
import Logging
import SiteModel
import Storage

/// What the pipeline does for the file between two batches: compaction, retention, giving space
/// back. One short step a call, so that messages wait for none of it long.
struct FileCare {
  /// How often retention looks for what became too old.
  private static let interval_ms: Int64 = 3_600_000

  /// Free pages that stay in the file, because compaction soon uses them again.
  private static let freePages = 2_048

  private var begunAt: Timestamp?
  private var retention: RetentionRun?
  private var removed = RemovedRows()
  private var isReleasing = false
  private var isReclaiming = false
  private var released = 0

  /// Does the most urgent step that is due.
  mutating func step(
    _ store: Store, _ engine: Engine, now: Timestamp, _ log: Logger
  ) throws(StoreError) {
    if try store.compactIfNeeded(now: now) {
      // Twice, so that it keeps up when every batch is a large one.
      _ = try store.compactIfNeeded(now: now)
      return
    }
    if isDue(now) {
      begunAt = now
      (isReleasing, isReclaiming, retention) = (true, true, store.retention(now: now))
    }
    if isReleasing {
      let rows = try store.releaseJournal(now: now, engine: engine)
      released += rows
      isReleasing = rows > 0
    } else if let rows = try retention?.step() {
      removed = removed + rows
    } else if isReclaiming {
      isReclaiming = try store.reclaim() > Self.freePages
      if !isReclaiming { report(log) }
    }
  }

  /// A clock that is set back does not put it off.
  private func isDue(_ now: Timestamp) -> Bool {
    guard let begunAt else { return true }
    return now.since(begunAt).magnitude >= Self.interval_ms.magnitude
  }

  private mutating func report(_ log: Logger) {
    if released > 0 || !removed.isEmpty {
      log.info(
        """
        removed as configured: \(released) journal rows, \(removed.chunks) chunks with \
        \(removed.samples) samples, \(removed.hourly) hourly and \(removed.daily) daily roll-ups
        """)
    }
    (released, removed, retention) = (0, RemovedRows(), nil)
  }
}
