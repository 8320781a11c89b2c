import Engine
import Series
import Setup
import SiteModel
import Storage
import TestSupport

/// A database in which messages came that no profile knows, as a collector leaves it.
final class UnknownScene {
  let folder: TemporaryFolder
  let settings: Settings
  /// When the first message was received; the others follow by seconds.
  static let received: Int64 = 1_772_352_000_000

  init() throws {
    folder = try TemporaryFolder()
    settings = try folder.settings(database: folder.path + "/d.db")
    let store = try settings.openStore()
    try store.close()
  }

  /// Commits messages by the profiles on disk, as a collector that is started and stopped.
  func receive(_ messages: [(topic: String, payload: String)], from start: Int64 = received) throws
  {
    try receive(bytes: messages.map { ($0.topic, Array($0.payload.utf8)) }, from: start)
  }

  /// The same with payloads that are no text.
  func receive(
    bytes messages: [(topic: String, payload: [UInt8])], from start: Int64 = received,
    then controls: [(second: Int64, entry: ControlEntry)] = []
  ) throws {
    let store = try settings.openStore()
    let references = ReferenceKeeper(store: store)
    let now = Timestamp(milliseconds: start)
    let active = try references.load(try settings.sourceFiles(), now: now)
    let recovery = Recovery(
      store: store, references: references, snapshotMessages: 1_000, log: { _ in }
    ) { _ in true }
    guard let (engine, segment) = try recovery.engine() else { return }
    let batch = Batch()
    batch.append(.reference(files: active), at: now)
    for (place, message) in messages.enumerated() {
      Array(message.topic.utf8).withUnsafeBytes { topic in
        message.payload.withUnsafeBytes { payload in
          batch.append(
            topic: topic, payload: payload, packet: 0, qos: 0, retained: false,
            receivedAt: now.advanced(byMilliseconds: Int64(place) * 1_000))
        }
      }
    }
    for control in controls {
      batch.append(control.entry, at: now.advanced(byMilliseconds: control.second * 1_000))
    }
    var outcome = Outcome()
    try engine.process(batch, segment: segment + 1, into: &outcome) { files throws(Problems) in
      try references.compiled(files)
    }
    try store.commit(
      batch: batch, outcome: outcome, after: segment,
      firstDevice: engine.devices.count - outcome.newDevices.count)
    try store.close()
  }

  /// The database, to be read.
  func reader() throws -> StoreReader { try Store.openReadOnly(path: settings.database) }

  /// Adds a profile of devices that send `u` and `t` on `acme/{device}/up`.
  func addProfile() throws {
    _ = try folder.write(
      """
      profile: acme
      title: { zh: 某表, en: Acme }
      hardware: meter
      topics: ["acme/{device}/up"]
      silent_after_s: 900
      time: [{ path: t, format: epoch_s }]
      metrics: { u: { metric: voltage.a, unit: V } }
      examples:
        - name: one
          topic: acme/M-1/up
          payload: '{"t":1772351000,"u":230}'
          expect: [{ kind: reading, value: "230", time: "2026-03-01T07:43:20.000Z" }]
      """, to: "devices/acme.yaml")
  }

  /// Adds a profile of Sparkplug edges that knows the metric `voltage.a` only.
  func addSparkplugProfile() throws {
    _ = try folder.write(
      """
      profile: sparkplug
      title: { zh: 边缘节点, en: Edge }
      hardware: any
      protocol: sparkplug
      topics: ["spBv1.0/{group}/#"]
      silent_after_s: 900
      values: { table: { voltage.a: { metric: voltage.a, unit: V } } }
      examples:
        - { name: a command, topic: spBv1.0/G/NCMD/E, payload_hex: "", expect: [] }
      """, to: "devices/sparkplug.yaml")
  }

  /// Values of a device's first voltage with their times.
  func voltages(_ name: String) throws -> [String] {
    let reader = try reader()
    guard let device = try reader.device(named: name),
      let metric = MetricCatalogue.metric(named: "voltage.a")
    else { return [] }
    return try reader.samples(of: device, metric).map {
      "\($0.time) \($0.value) \($0.quality.name)"
    }
  }
}
