import Alerting
import Engine
import Logging
import Series
import Setup
import SiteModel
import Storage

/// Proves a database offline: the journal's hash chain, the file's integrity, and that every alert and
/// every sample follows from the journal by the stored profiles, registry, tariffs and rules.
public struct VerifyTool {
  private let settings: Settings
  private let reader: StoreReader
  /// Samples that are compared in memory at a time; more take several passes over the journal.
  private static let samplesPerPass: Int64 = 20_000_000

  /// A tool on a configuration's database, which is opened read-only.
  public init(settings: Settings) throws(StoreError) {
    self.settings = settings
    reader = try Store.openReadOnly(path: settings.database)
  }

  /// Everything that is off, with its place; empty when all is well. `progress` is told what is done.
  public func run(progress: (String) -> Void) throws -> [String] {
    progress("journal: hash chain and entries")
    var problems = try reader.verifyJournal().map { "\($0)" }
    progress("file: integrity, chunks, outbox")
    problems += try reader.integrityCheck().map { "\($0)" }
    guard problems.isEmpty else {
      return problems + ["the recomputation is left out, because the stored bytes are damaged"]
    }
    let totals = try reader.totals()
    let passes = Int(totals.readings / Self.samplesPerPass) + 1
    for pass in 0..<passes {
      progress("recomputation from the journal, pass \(pass + 1) of \(passes)")
      problems += try recompute(pass: pass, of: passes)
    }
    return problems
  }

  private func recompute(pass: Int, of passes: Int) throws -> [String] {
    let engine = Engine(
      reference: try Reference.compile([]), payloadLimit: settings.storage.payloadLimit)
    let batch = Batch()
    var outcome = Outcome()
    var alerts: [String: AlertRecord] = [:]
    var samples = SampleDigests()
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
      for alert in outcome.alerts { alerts[alert.id] = alert }
      for reading in outcome.readings where Int(reading.device.position) % passes == pass {
        samples.add(reading)
      }
      return true
    }
    if let failure { return [failure] }
    let problems = pass == 0 ? try differences(alerts) : []
    return problems + (try differences(samples, engine.devices))
  }

  private func differences(_ recomputed: [String: AlertRecord]) throws -> [String] {
    var problems: [String] = []
    var seen: Set<String> = []
    for stored in try reader.alerts() {
      seen.insert(stored.id)
      guard let expected = recomputed[stored.id] else {
        problems.append("alert \(stored.id): does not follow from the journal")
        continue
      }
      if expected != stored {
        problems.append(
          "alert \(stored.id): stored \(stored.json), recomputed \(expected.json)")
      }
    }
    for id in recomputed.keys.sorted() where !seen.contains(id) {
      problems.append("alert \(id): follows from the journal but is not stored")
    }
    return problems
  }

  private func differences(
    _ samples: SampleDigests, _ devices: SiteModel.DeviceTable
  ) throws -> [String] {
    var problems: [String] = []
    for (series, expected) in samples.finished() {
      var stored = SampleDigests()
      try reader.forEachSample(
        of: series.device, series.metric, from: Timestamp(milliseconds: .min),
        to: Timestamp(milliseconds: .max)
      ) { sample in
        stored.add(
          Reading(
            device: series.device, metric: series.metric, time: sample.time,
            value: sample.value, quality: sample.quality))
        return true
      }
      let found = stored.finished()[series] ?? SampleDigests.Sum(count: 0, digest: 0)
      guard found != expected else { continue }
      let metric = MetricCatalogue.definition(of: series.metric)?.name ?? "?"
      problems.append(
        "series \(devices.name(of: series.device)) \(metric): stored \(found.count) samples, "
          + "recomputed \(expected.count)"
          + (found.count == expected.count ? " with other values" : ""))
    }
    return problems
  }
}

/// Sums up which samples a series has, independent of order and repetition.
struct SampleDigests {
  /// A series.
  struct Key: Hashable {
    var device: DeviceIndex
    var metric: Metric
  }

  /// How many different samples, and a digest over all of them.
  struct Sum: Equatable {
    var count: Int
    var digest: Int
  }

  private var hashes: [Key: [Int]] = [:]

  /// Adds a sample; a repetition makes no difference. The value counts as a number, because a repeat
  /// may be written with other decimals.
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
