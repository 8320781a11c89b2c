import Alerting
import Engine
import Setup
import SiteModel
import Storage

/// Works through the journal again, with the reference files that were in force at each place, and
/// keeps what follows: all alerts and notifications, and the samples that are asked for. It begins
/// with the first row, or with the saved state that stands for the rows that were released.
final class Replay {
  private(set) var alerts: [String: AlertRecord] = [:]
  /// Digests of the histories of device alarms in their last form, by id.
  private(set) var alarms: [String: UInt64] = [:]
  private(set) var notifications: [Int64: SiteModel.Notification] = [:]
  private(set) var devices = DeviceTable()
  private(set) var texts: [String] = []
  /// Number of the first notification that can follow.
  private(set) var firstNotification: Int64 = 1
  /// Readings that followed, repeats included.
  private(set) var readings: Int64 = 0
  /// Rows whose note of devices is not what follows.
  private(set) var misnoted: [Int64] = []
  /// Journal row that the replay begins after.
  let start: Int64
  private let reader: StoreReader
  private let base: [UInt8]?

  /// A replay of a file's journal.
  init(_ reader: StoreReader) throws(StoreError) {
    self.reader = reader
    let base = try reader.baseSnapshot()
    (start, self.base) = (base?.seq ?? 0, base?.bytes)
  }

  /// Replays; returns what makes that impossible, nil when all was worked through. `keepsAll` keeps
  /// alerts and notifications, and `body` is called with each reading.
  func run(keepsAll: Bool, _ body: (Reading) -> Void) throws -> String? {
    let engine: Engine
    do { engine = try makeEngine() } catch is CorruptBytes {
      return "snapshot \(start): cannot be restored by this release"
    }
    engine.alarmsSince = try reader.alarmsSince()
    firstNotification = engine.nextNotification
    let batch = Batch()
    var outcome = Outcome()
    var failure: String?
    try reader.forEachSegment(after: start) { row in
      do {
        try batch.load(row.body)
        outcome.removeAll()
        try engine.process(batch, segment: row.seq, into: &outcome) { files throws(Problems) in
          try Reference.compile(try reader.knownFiles(files))
        }
      } catch {
        failure = "journal row \(row.seq): cannot be recomputed: \(error)"
        return false
      }
      if keepsAll {
        if !row.agrees(with: outcome.mentions, of: batch) { misnoted.append(row.seq) }
        keep(outcome)
      }
      for reading in outcome.readings { body(reading) }
      return true
    }
    (devices, texts) = (engine.devices, engine.texts.texts)
    return failure
  }

  private func makeEngine() throws -> Engine {
    guard let base else { return Engine(reference: try Reference.compile([])) }
    let files = try Engine.activeFiles(of: base)
    let engine = Engine(
      reference: try Reference.compile(try reader.knownFiles(files)), activeFiles: files)
    try engine.restore(base, names: try reader.deviceNames(), texts: try reader.texts().texts)
    return engine
  }

  private func keep(_ outcome: Outcome) {
    for alert in outcome.alerts { alerts[alert.id] = alert }
    for alarm in outcome.alarms { alarms[alarm.id] = AlarmDigest.of(alarm) }
    for notification in outcome.notifications {
      notifications[notification.number] = notification
    }
    readings += Int64(outcome.readings.count)
  }
}
