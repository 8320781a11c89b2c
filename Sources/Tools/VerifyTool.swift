import Alerting
import Series
import Setup
import SiteModel
import Storage

/// Proves a database: the journal's hash chain, the file's integrity, and that every alert,
/// notification and sample follows from the journal by the stored profiles, registry, tariffs and
/// rules. It works on one view of the file, so the collector may go on meanwhile.
public struct VerifyTool {
  private let reader: StoreReader
  /// Samples that are compared in memory at a time; more take several passes over the journal.
  private static let samplesPerPass: Int64 = 5_000_000
  /// Differences of one kind that are listed at most.
  private static let problemLimit = 100

  /// A tool on a configuration's database, which is opened read-only.
  public init(settings: Settings) throws(StoreError) {
    reader = try Store.openReadOnly(path: settings.database, isFrozen: true)
  }

  /// Everything that is off, with its place; empty when all is well. `progress` is told what is
  /// done.
  public func run(progress: (String) -> Void) throws -> [String] {
    progress("journal: hash chain and entries")
    var problems = try reader.verifyJournal().map { "\($0)" }
    progress("file: integrity, chunks, outbox")
    problems += try reader.integrityCheck().map { "\($0)" }
    guard problems.isEmpty else {
      return problems + ["the recomputation is left out, because the stored bytes are damaged"]
    }
    let passes = Int(try reader.totals().readings / Self.samplesPerPass) + 1
    for pass in 0..<passes {
      progress("recomputation from the journal, pass \(pass + 1) of \(passes)")
      let replay = Replay(pass: pass, passes: passes)
      if let failure = try replay.run(reader) { return [failure] }
      if pass == 0 {
        problems += try alertDifferences(replay.alerts)
        problems += try notificationDifferences(replay.notifications)
        if try reader.deviceNames() != replay.devices.names {
          problems.append("device table: the names do not follow from the journal")
        }
      }
      problems += try sampleDifferences(replay)
    }
    return problems
  }

  private func alertDifferences(_ recomputed: [String: AlertRecord]) throws -> [String] {
    var problems: [String] = []
    var missing = recomputed
    for stored in try reader.alerts() {
      guard let expected = missing.removeValue(forKey: stored.id) else {
        problems.append("alert \(stored.id): does not follow from the journal")
        continue
      }
      if expected != stored {
        problems.append("alert \(stored.id): stored \(stored.json), recomputed \(expected.json)")
      }
    }
    problems += missing.keys.sorted().map {
      "alert \($0): follows from the journal, but is missing"
    }
    return Array(problems.prefix(Self.problemLimit))
  }

  private func notificationDifferences(
    _ recomputed: [Int64: SiteModel.Notification]
  ) throws -> [String] {
    var problems: [String] = []
    try reader.forEachNotification { stored in
      let expected = recomputed[stored.number]
      if expected?.key != stored.key || expected?.body != stored.body
        || expected?.channel != stored.channel
      {
        problems.append("notification \(stored.number): does not follow from the journal")
      }
    }
    if try reader.newestNotification() != recomputed.keys.max() ?? 0 {
      problems.append("outbox: the newest notifications do not follow from the journal")
    }
    return Array(problems.prefix(Self.problemLimit))
  }

  private func sampleDifferences(_ replay: Replay) throws -> [String] {
    var stored = SampleDigests()
    try reader.forEachStoredReading { if replay.isInPass($0) { stored.add($0) } }
    let (found, expected) = (stored.finished(), replay.samples.finished())
    var problems: [String] = []
    for series in Set(found.keys).union(expected.keys).sorted(by: <) {
      let (left, right) = (found[series], expected[series])
      guard left != right else { continue }
      let metric = MetricCatalogue.definition(of: series.metric)?.name ?? "\(series.metric.number)"
      let name = replay.deviceName(series.device)
      problems.append(
        "series \(name) \(metric): stored \(left?.count ?? 0) samples, "
          + "recomputed \(right?.count ?? 0)"
          + (left?.count == right?.count ? " with other values" : ""))
    }
    return Array(problems.prefix(Self.problemLimit))
  }
}
