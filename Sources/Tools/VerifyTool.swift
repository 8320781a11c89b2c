import Alerting
import Setup
import SiteModel
import Storage

/// Proves a database: the journal's hash chain, the file's integrity, and that every alert,
/// notification and sample follows from the journal by the stored profiles, registry, tariffs and
/// rules. It works on one view of the file, so the collector may go on meanwhile.
///
/// Where journal rows were released because of their age, everything after the saved state that
/// stands for them is recomputed, and what is older is only said to be so. Damaged samples are
/// named, and all others compared.
public struct VerifyTool {
  private let reader: StoreReader
  /// Samples that are compared in memory at a time; more take several passes over the journal.
  private static let samplesPerPass: Int64 = 5_000_000
  /// Differences of one kind that are listed at most.
  private static let problemLimit = 100

  /// A tool on a configuration's database, which is opened read-only.
  public init(settings: Settings) throws(StoreError) {
    try self.init(path: settings.database)
  }

  /// A tool on a database.
  init(path: String) throws(StoreError) {
    reader = try Store.openReadOnly(path: path, isFrozen: true)
  }

  /// Everything that is off, with its place; empty when all is well. `progress` is told what is
  /// done, and what cannot be recomputed any more.
  public func run(progress: (String) -> Void) throws -> [String] {
    progress("journal: hash chain and entries")
    let broken = try reader.verifyJournal().map { "\($0)" }
    progress("file: integrity, chunks, outbox")
    let problems = broken + (try reader.integrityCheck().map { "\($0)" })
    guard broken.isEmpty else {
      return problems + ["the recomputation is left out, because the journal is damaged"]
    }
    do throws(StoreError) {
      let replay = try Replay(reader)
      if replay.start > 0 { try tellStart(replay.start, progress) }
      return problems + (try recompute(replay, progress))
    } catch {
      guard case .corrupt = error.reason else { throw error }
      return problems + ["the recomputation ended early: \(error)"]
    }
  }

  private func tellStart(_ start: Int64, _ progress: (String) -> Void) throws(StoreError) {
    let released = try reader.releasedSegment()
    let older = try reader.alerts().count - reader.alerts(changedAfter: start).count
    progress(
      "journal rows up to \(released) were released because of their age; rows after \(start) are "
        + "recomputed. Not recomputable any more: \(older) alerts, and samples and notifications "
        + "of before")
  }

  private func recompute(
    _ replay: Replay, _ progress: (String) -> Void
  ) throws(StoreError) -> [String] {
    let floors = try reader.rawFloors()
    let imported = try reader.importedSamples()
    let total = try reader.totals().readings
    let passes = Int((total + imported) / Self.samplesPerPass) + 1
    var problems: [String] = []
    var extra = 0
    for pass in 0..<passes {
      progress("recomputation from the journal, pass \(pass + 1) of \(passes)")
      var comparison = SampleComparison(pass: pass, passes: passes, floors: floors)
      try comparison.load(reader)
      if let failure = try run(replay, keepsAll: pass == 0, &comparison) { return [failure] }
      if pass == 0 { problems += try differences(replay) }
      let differences = comparison.differences()
      extra += differences.reduce(0) { $0 + $1.extra }
      problems += texts(differences, replay, toldExtra: replay.start == 0 && imported == 0)
    }
    let allowed = max(0, total - replay.readings) + imported
    if extra > allowed, replay.start > 0 || imported > 0 {
      problems.append(
        "samples: \(extra) do not follow from the journal, but only \(allowed) came with released "
          + "rows and imports")
    }
    return problems
  }

  private func run(
    _ replay: Replay, keepsAll: Bool, _ comparison: inout SampleComparison
  ) throws(StoreError) -> String? {
    do {
      return try replay.run(keepsAll: keepsAll) { comparison.add($0) }
    } catch let error as StoreError {
      throw error
    } catch {
      return "the journal cannot be recomputed: \(error)"
    }
  }

  private func differences(_ replay: Replay) throws(StoreError) -> [String] {
    var problems = try alertDifferences(replay) + notificationDifferences(replay)
    problems += try alarmDifferences(replay)
    if try reader.deviceNames() != replay.devices.names {
      problems.append("device table: the names do not follow from the journal")
    }
    if try reader.texts().texts != replay.texts {
      problems.append("text table: the texts do not follow from the journal")
    }
    problems += replay.misnoted.prefix(Self.problemLimit).map {
      "journal row \($0): the devices of its messages are not noted as they follow"
    }
    return problems
  }

  private func alertDifferences(_ replay: Replay) throws(StoreError) -> [String] {
    var problems: [String] = []
    var missing = replay.alerts
    for stored in try reader.alerts(changedAfter: replay.start) {
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

  private func alarmDifferences(_ replay: Replay) throws(StoreError) -> [String] {
    var problems: [String] = []
    var missing = replay.alarms
    try reader.forEachAlarm(changedAfter: replay.start) { stored in
      let expected = missing.removeValue(forKey: stored.id)
      guard problems.count < Self.problemLimit, expected != AlarmDigest.of(stored) else { return }
      problems.append(
        "alarm \(stored.id): "
          + (expected == nil ? "does not follow from the journal" : "another form of it follows"))
    }
    let pruned = try reader.prunedAlarms()
    if missing.count > pruned {
      problems += missing.keys.sorted().prefix(Self.problemLimit).map {
        "alarm \($0): follows from the journal, but is missing"
      }
    }
    return problems
  }

  private func notificationDifferences(_ replay: Replay) throws(StoreError) -> [String] {
    let recomputed = replay.notifications
    var problems: [String] = []
    try reader.forEachNotification { stored in
      guard stored.number >= replay.firstNotification else { return }
      let expected = recomputed[stored.number]
      if expected?.key != stored.key || expected?.body != stored.body
        || expected?.channel != stored.channel
      {
        problems.append("notification \(stored.number): does not follow from the journal")
      }
    }
    if try reader.newestNotification() != recomputed.keys.max() ?? replay.firstNotification - 1 {
      problems.append("outbox: the newest notifications do not follow from the journal")
    }
    return Array(problems.prefix(Self.problemLimit))
  }

  private func texts(
    _ differences: [SampleComparison.Difference], _ replay: Replay, toldExtra: Bool
  ) -> [String] {
    var problems: [String] = []
    for difference in differences where difference.missing > 0 || toldExtra {
      let (device, metric) = (difference.series.device, difference.series.metric)
      let isKnown = Int(device.position) < replay.devices.count
      let name = isKnown ? replay.devices.name(of: device) : "number \(device.position)"
      let quantity = MetricCatalogue.definition(of: metric)?.name ?? "\(metric.number)"
      var text = "series \(name) \(quantity): "
      text += "\(difference.missing) samples follow from the journal, but are not stored"
      if toldExtra { text += "; \(difference.extra) are stored, but do not follow" }
      problems.append(text)
    }
    return Array(problems.prefix(Self.problemLimit))
  }
}
