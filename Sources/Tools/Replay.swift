import Alerting
import Engine
import Setup
import SiteModel
import Storage

/// Works through the whole journal again, with the reference files that were in force at each
/// place, and keeps what follows: all alerts and notifications, and the samples of one part of the
/// devices.
final class Replay {
  private(set) var alerts: [String: AlertRecord] = [:]
  private(set) var notifications: [Int64: SiteModel.Notification] = [:]
  private(set) var samples = SampleDigests()
  private(set) var devices = DeviceTable()
  private let pass: Int
  private let passes: Int

  /// A replay that keeps the samples of every `passes`-th device.
  init(pass: Int, passes: Int) {
    self.pass = pass
    self.passes = passes
  }

  /// Whether a reading's device belongs to this pass.
  func isInPass(_ reading: Reading) -> Bool { Int(reading.device.position) % passes == pass }

  /// Name of a device; its number when the journal does not name it.
  func deviceName(_ device: DeviceIndex) -> String {
    Int(device.position) < devices.count ? devices.name(of: device) : "number \(device.position)"
  }

  /// Replays; returns what makes that impossible, nil when all was worked through.
  func run(_ reader: StoreReader) throws -> String? {
    let engine = Engine(reference: try Reference.compile([]))
    let batch = Batch()
    var outcome = Outcome()
    var failure: String?
    try reader.forEachSegment { row in
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
      keep(outcome)
      return true
    }
    devices = engine.devices
    return failure
  }

  private func keep(_ outcome: Outcome) {
    if pass == 0 {
      for alert in outcome.alerts { alerts[alert.id] = alert }
      for notification in outcome.notifications {
        notifications[notification.number] = notification
      }
    }
    for reading in outcome.readings where isInPass(reading) { samples.add(reading) }
  }
}

/// Sums up which samples a set of series has, independent of order and repetition.
struct SampleDigests {
  /// A series.
  struct Key: Hashable, Comparable {
    var device: DeviceIndex
    var metric: Metric

    static func < (left: Key, right: Key) -> Bool {
      (left.device, left.metric) < (right.device, right.metric)
    }
  }

  /// How many different samples, and a digest over all of them.
  struct Sum: Equatable {
    var count: Int
    var digest: Int
  }

  private var hashes: [Key: [Int]] = [:]

  /// Adds a sample; a repetition makes no difference. The value counts as a number, because a
  /// repeat may be written with other decimals.
  mutating func add(_ reading: Reading) {
    var hasher = Hasher()
    hasher.combine(reading.time)
    hasher.combine(reading.value)
    hashes[Key(device: reading.device, metric: reading.metric), default: []]
      .append(hasher.finalize())
  }

  /// The sums of all series.
  func finished() -> [Key: Sum] {
    hashes.mapValues { values in
      let distinct = Set(values)
      return Sum(count: distinct.count, digest: distinct.reduce(0, ^))
    }
  }
}
