import Decoding
import Detection
import Documents
import Engine
import Foundation
import SiteModel
import Storage
import Tariffs

/// `benchmarks growth`: JSON messages of a fleet through engine, store and compaction, as the
/// collector's thread does it, without the network. Each device is the supervision unit of a
/// registered site and reports every five minutes. Counts the processor time of everything but the
/// making of the messages, and ends when every sample is in its chunk.
enum GrowthRun {
  /// As in an untouched configuration.
  private static let (batchMessages, batchBytes, snapshotMessages) = (5_000, 8 << 20, 200_000)

  static func run(_ options: Options) throws {
    let sites = try options.number("sites", default: 1_000)
    let rounds = try options.number("rounds", default: 72)
    var fleet = Fleet(devices: sites, interval_ms: 300_000)
    let names = fleet.names
    var line = try IngestLine(
      database: try options.text("database"),
      reference: reference(names, profile: try options.text("profile")))
    var text = ReportText()
    var (messages, watch) = (0, Watch())
    for _ in 0..<rounds {
      try fleet.next { place, time, values in
        text.clear()
        text.payload(time.milliseconds, values)
        line.add(names[place], text.bytes, receivedAt: time.advanced(byMilliseconds: 250))
        messages += 1
        let isSnapshotDue = messages % snapshotMessages == 0
        guard
          line.batch.count == batchMessages || line.batch.byteCount >= batchBytes
            || isSnapshotDue
        else { return }
        try watch.measure { try line.commit(isSnapshotDue: isSnapshotDue) }
      }
    }
    try watch.measure { try line.finish() }
    try Report.write([
      "samples": Double(line.readings), "messages": Double(messages),
      "wall_s": watch.total.wall_s, "cpu_s": watch.total.cpu_s,
      "peak_rss_bytes": Double(Cost.peakBytes()),
    ])
  }

  private static func reference(_ names: [String], profile path: String) throws -> Reference {
    let log = ProblemLog()
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    let profile = DeviceProfile(try YAMLDocument.parse(bytes, file: path), log: log)
    try log.throwIfAny()
    var registry = Registry()
    for (number, name) in names.enumerated() {
      let site = "S-\(number)"
      registry.sites[site] = Site(
        id: site, name: "站点\(number)", region: "R\(number % 17)", province: "山东",
        transformer: "", landlord: "")
      registry.devices[name] = Device(
        id: name, site: site, hardware: .fsu, role: .supervision)
    }
    return Reference(
      profiles: [profile],
      context: SiteContext(rules: DetectionRules(), registry: registry, tariffs: TariffTable()),
      routes: [])
  }
}

/// Engine and store in a row.
struct IngestLine {
  /// The messages that the next commit takes.
  let batch = Batch()
  /// Readings that were committed.
  private(set) var readings = 0

  private let store: Store
  private let engine: Engine
  private var outcome = Outcome()
  private var newest: Int64 = 0
  private var now = Timestamp(milliseconds: 0)

  init(database: String, reference: Reference) throws {
    store = try Store.open(path: database)
    engine = Engine(reference: reference)
  }

  /// Adds a message.
  mutating func add(_ name: String, _ payload: [UInt8], receivedAt: Timestamp) {
    if batch.isEmpty, newest == 0 { batch.append(.link(up: true), at: receivedAt) }
    now = receivedAt
    Array("uplink/\(name)/json".utf8).withUnsafeBytes { topic in
      payload.withUnsafeBytes { payload in
        batch.append(
          topic: topic, payload: payload, packet: UInt16(truncatingIfNeeded: batch.count), qos: 1,
          retained: false, receivedAt: receivedAt)
      }
    }
  }

  /// One round of the collector: time, decoding and detection, the commit, and up to two steps of
  /// compaction.
  mutating func commit(isSnapshotDue: Bool) throws {
    if engine.isDue(now) { batch.append(.tick, at: now) }
    guard !batch.isEmpty else { return }
    outcome.removeAll()
    try engine.process(batch, segment: newest + 1, into: &outcome) { [engine] _ in
      engine.reference
    }
    newest = try store.commit(
      batch: batch, outcome: outcome, snapshot: isSnapshotDue ? engine.snapshot() : nil,
      after: newest, firstDevice: engine.devices.count - outcome.newDevices.count)
    readings += outcome.readings.count
    batch.removeAll()
    if try store.compactIfNeeded(now: now) { _ = try store.compactIfNeeded(now: now) }
  }
  /// Commits the rest and takes everything into chunks, so that no work is left out of the account.
  mutating func finish() throws {
    try commit(isSnapshotDue: false)
    try store.compactAll(now: now)
    try store.close()
  }
}
