import Alerting
import Engine
import Foundation
import Setup
import Simulator
import SiteModel
import Storage
import TestSupport
import Testing

/// Every alert about a simulated fleet is what really happened, to the millisecond and to the last
/// digit; first in memory over many seeds, then through broker and file.
struct FleetTruthTests {
  @Test(arguments: 1...6) func alertsInMemoryAreTheTruth(seed: UInt64) throws {
    var options = FleetOptions()
    options.seed = seed
    options.sites = 25
    options.durationMilliseconds = 14_400_000
    options.longestOutageMilliseconds = 2_400_000
    options.outages = 15
    options.silentDevices = 5
    options.landlordPermille = 1000
    options.overpricedPermille = 500
    options.overpricedContractPermille = 400
    options.latePermille = seed.isMultiple(of: 2) ? 300 : 5
    options.duplicatePermille = 50
    // The later seeds live through the end of a month: 2026-03-31 21:00 in China and on.
    if seed > 3 { options.start = Timestamp(milliseconds: 1_774_962_000_000) }
    try expectTruth(options)
  }

  @Test func alertsOfTheDemonstrationAreTheTruth() throws {
    var options = FleetOptions.demo(start: Timestamp(milliseconds: 1_772_323_200_000))
    options.durationMilliseconds = 200_000
    try expectTruth(options)
  }

  private func expectTruth(_ options: FleetOptions) throws {
    let run = try EngineRun(Fleet(options))
    try run.finish()
    let expected = run.truth.filter(\.isExpected)
    #expect(expected.count > 5)
    #expect(
      Set(run.alerts.values.map { Incident($0, end: run.end) }) == Set(expected.map(Incident.init)))
    #expect(run.alerts.count == expected.count)
    #expect(run.quarantined == 0)
    #expect(run.distinctReadings == run.expectedReadings)
  }
}

/// What an alert and the truth must agree on.
struct Incident: Hashable, CustomStringConvertible {
  let text: String

  var description: String { text }

  init(_ truth: TruthRecord) {
    text = Self.text(
      truth.kind, truth.site, truth.subject, truth.begin.description, truth.end?.description,
      truth.price.map { [$0.price, $0.energy, $0.overcharge].map(\.description) } ?? [])
  }

  /// An alert; an end after `end` has not happened yet.
  init(_ alert: AlertRecord, end: Timestamp) {
    self.init(
      try? JSONDecoder().decode(Alert.self, from: Data(alert.json.utf8)), end: end.description)
  }

  init(_ alert: Alert?, end: String = "9") {
    guard let alert else {
      text = "unreadable"
      return
    }
    let figures =
      alert.kind == "price.cap_exceeded"
      ? [alert.evidence.price, alert.evidence.kwh, alert.evidence.overcharge] : []
    text = Self.text(
      alert.kind, alert.site, alert.subject, alert.opened_at,
      alert.cleared_at.flatMap { $0 > end ? nil : $0 },
      figures.map { $0 ?? "none" })
  }

  static func text(
    _ kind: String, _ site: String, _ subject: String, _ begin: String, _ end: String?,
    _ figures: [String]
  ) -> String {
    let numbers = figures.map { (try? ExactDecimal(parsing: $0))?.normalized.description ?? $0 }
    return ([kind, site, subject, begin, end ?? "-"] + numbers).joined(separator: " ")
  }
}

/// A fleet's messages through the engine, with the clock of the simulation.
private final class EngineRun {
  private let fleet: Fleet
  private let engine: Engine
  private let reference: Reference
  private let batch = Batch()
  private var segment: Int64 = 0
  private var clock: Timestamp
  private var stream: MessageStream
  private var seen: Set<String> = []

  /// When the simulation ends.
  let end: Timestamp
  private(set) var alerts: [String: AlertRecord] = [:]
  private(set) var quarantined = 0
  private(set) var distinctReadings: [String: Int] = [:]

  init(_ fleet: Fleet) throws {
    self.fleet = fleet
    let options = fleet.options
    end = options.start.advanced(byMilliseconds: options.durationMilliseconds)
    clock = options.start
    stream = fleet.messages()
    reference = try Reference.compile(Self.files(fleet))
    engine = Engine(reference: reference)
    batch.append(.reference(files: []), at: clock)
    batch.append(.link(up: true), at: clock)
    try flush()
  }

  var truth: [TruthRecord] { stream.truth }

  var expectedReadings: [String: Int] {
    Dictionary(uniqueKeysWithValues: stream.totals.readings.map { ($0.metric, $0.count) })
  }

  private static func files(_ fleet: Fleet) throws -> [SourceFile] {
    let profiles = "\(Repository.root)/devices"
    var files = try FileBytes.list(profiles, endings: [".yaml"]).map {
      SourceFile(kind: "profile", name: $0, bytes: try FileBytes.read($0, limit: 4 << 20))
    }
    let registry = fleet.registry
    let (delay, clear) = (
      fleet.options.outageDelayMilliseconds / 1000, fleet.options.outageClearMilliseconds / 1000
    )
    let rules = "{rules: {outage.mains: {delay_s: \(delay), clear_s: \(clear)}}, routes: []}"
    for (kind, text) in [
      ("sites", registry.sites), ("devices", registry.devices), ("feeders", registry.feeders),
      ("transformers", registry.transformers), ("landlords", registry.landlords),
      ("contracts", registry.contracts), ("tariffs", fleet.tariffCSV), ("rules", rules),
    ] {
      files.append(SourceFile(kind: kind, name: kind, bytes: Array(text.utf8)))
    }
    return files
  }

  func finish() throws {
    while let message = stream.next() {
      try advance(to: message.publishAt)
      message.payload.withUnsafeBytes { payload in
        Array(message.topic.utf8).withUnsafeBytes { topic in
          batch.append(
            topic: topic, payload: payload, packet: 0, qos: 1, retained: false,
            receivedAt: message.publishAt)
        }
      }
    }
    try advance(to: end)
    try flush()
  }

  /// Lets seconds pass; each is a batch of its own, and a tick where one is due.
  private func advance(to time: Timestamp) throws {
    while clock.advanced(byMilliseconds: 1000) <= time {
      clock = clock.advanced(byMilliseconds: 1000)
      try flush()
      guard clock <= end, engine.isDue(clock) else { continue }
      batch.append(.tick, at: clock)
      try flush()
    }
  }

  private func flush() throws {
    guard !batch.isEmpty else { return }
    segment += 1
    var outcome = Outcome()
    try engine.process(batch, segment: segment, into: &outcome) { [reference] _ in reference }
    for alert in outcome.alerts { alerts[alert.id] = alert }
    for reading in outcome.readings {
      let name = MetricCatalogue.definition(of: reading.metric)?.name ?? "?"
      let identity = "\(reading.device.position) \(name) \(reading.time.milliseconds)"
      if seen.insert(identity).inserted { distinctReadings[name, default: 0] += 1 }
    }
    quarantined += outcome.quarantined.count
    batch.removeAll()
  }
}

extension Acceptance {
  /// The same through the command, a broker and the collector.
  @Suite struct FleetRunTests {
    private struct Truth: Decodable {
      let kind: String
      let expected: Bool?
      let site, subject, begin, end, price, kwh, overcharge: String?
      let publications: Int?

      var text: String {
        Incident.text(
          kind, site ?? "", subject ?? "", begin ?? "", end,
          [price, kwh, overcharge].compactMap { $0 })
      }
    }

    @Test func alertsOfASimulatedFleetAreTheTruth() async throws {
      let broker = try Broker()
      let folder = try TemporaryFolder()
      var options = Installation.Options()
      options.registry = [
        "sites", "devices", "feeders", "transformers", "landlords", "contracts",
      ].map { "\($0): fleet/\($0).csv" }
      options.tariffs = ["fleet/tariffs.csv"]
      // Time passes 600 times as fast for the fleet, but not for the collector, which measures
      // silence by its own clock.
      options.rules = ["device.silent: {enabled: false}"]
      let installation = try Installation(broker: broker.url, options, folder: folder)
      let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970) * 1000)
      let start = now.advanced(byMilliseconds: -14_400_000).description
      let fleet = [
        "--seed", "11", "--sites", "20", "--start", start, "--duration", "14400", "--speed", "600",
        "--outages", "15", "--silent", "0", "--overpriced", "500",
      ]
      func simulate(_ more: String...) async throws {
        let program = try Program(
          ["simulate", "--config", installation.configuration] + fleet + more, in: folder)
        #expect(try await program.end(withinSeconds: 120) == 0, "\(program.errors)")
      }
      try await simulate("--files", "\(folder.path)/fleet")
      let collector = try await installation.startConnected()
      try await simulate("--truth", "\(folder.path)/truth")

      let text = try String(contentsOfFile: "\(folder.path)/truth", encoding: .utf8)
      let truth = try text.split(separator: "\n").map {
        try JSONDecoder().decode(Truth.self, from: Data($0.utf8))
      }
      let published = try #require(truth.compactMap(\.publications).first)
      try await installation.stores(published)
      #expect(installation.totals.messages == Int64(published))
      // A contract is judged from the month on in which the collector learns of it.
      let month = YearMonth(containing: now, offsetSeconds: 28_800).start(offsetSeconds: 28_800)
      let expected = Set(
        truth.filter { one in
          let isContract = one.subject?.hasPrefix("CT-") == true
          return one.expected == true && (!isContract || one.begin ?? "" >= month.description)
        }.map { $0.text })
      #expect(expected.count > 15)
      // The last outage may be over 20 s after the last message only.
      func found() async throws -> [String] {
        try await installation.alerts().map { Incident($0).text }
      }
      try? await eventually("the alerts", withinSeconds: 30) { try await Set(found()) == expected }
      let alerts = try await found()
      #expect(Set(alerts).subtracting(expected) == [])
      #expect(expected.subtracting(alerts) == [])
      #expect(alerts.count == expected.count)
      #expect(try await collector.stop() == 0)
      #expect(try await installation.verify() == "")
    }
  }
}
