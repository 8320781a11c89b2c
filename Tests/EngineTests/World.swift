import Alerting
import Decoding
import Detection
import Documents
import Engine
import SiteModel
import Tariffs
import Testing

/// A small world for the engine: profiles, and four editions of the reference data, by the numbers
/// 1 to 4.
struct World {
  let profiles: [DeviceProfile]
  let editions: [Int64: Reference]

  private static let flat = """
    profile: flat
    title: { zh: 平面, en: Flat }
    hardware: any
    topics: ["uplink/{device}/json"]
    silent_after_s: 600
    time:
      - { path: time, format: auto }
    metrics: catalogue
    examples:
      - name: a voltage
        topic: uplink/D-1/json
        payload: '{"time":1772352000,"voltage.a":230}'
        expect: [{ kind: reading, metric: voltage.a, value: "230" }]
    """

  private static let alarms = """
    profile: alarms
    title: { zh: 告警, en: Alarms }
    hardware: fsu
    topics: ["fsu/{device}/alarm"]
    silent_after_s: 1200
    time:
      - { path: time, format: auto }
    alarms:
      code: code
      match: suffix
      table:
        "06016001": { alarm: mains.lost, severity: critical }
        "17005001": { alarm: door.open, severity: minor }
      state:
        path: flag
        raised: [BEGIN]
        cleared: [END]
    examples:
      - name: mains lost
        topic: fsu/D-6/alarm
        payload: '{"time":1772352000,"code":"0406016001","flag":"BEGIN"}'
        expect: [{ kind: event, alarm: mains.lost, state: raised }]
    """

  init() throws {
    profiles = [try Self.profile(Self.flat), try Self.profile(Self.alarms)]
    var editions: [Int64: Reference] = [:]
    for number in 1...4 { editions[Int64(number)] = try Self.edition(number, profiles) }
    self.editions = editions
  }

  /// A new engine without any reference data.
  func engine() -> Engine {
    Engine(
      reference: Reference(
        profiles: profiles,
        context: SiteContext(
          rules: DetectionRules(), registry: Registry(), tariffs: TariffTable()), routes: []))
  }

  /// An engine that goes on from a snapshot.
  func engine(
    from snapshot: [UInt8], names: [String], texts: [String]
  ) throws -> Engine {
    let files = try Engine.activeFiles(of: snapshot)
    guard let number = files.first, let reference = editions[number] else {
      let engine = engine()
      try engine.restore(snapshot, names: names, texts: texts)
      return engine
    }
    let engine = Engine(reference: reference, activeFiles: files)
    try engine.restore(snapshot, names: names, texts: texts)
    return engine
  }

  /// Works through a batch.
  func process(_ batch: Batch, by engine: Engine, segment: Int64) throws -> Outcome {
    var outcome = Outcome()
    try engine.process(batch, segment: segment, into: &outcome) { files throws(Problems) in
      guard let number = files.first, let reference = editions[number] else {
        throw Problems([Problem(file: "edition", line: 0, text: "is unknown")])
      }
      return reference
    }
    return outcome
  }

  private static func profile(_ yaml: String) throws -> DeviceProfile {
    let log = ProblemLog()
    let profile = DeviceProfile(
      try YAMLDocument.parse(Array(yaml.utf8), file: "p.yaml"), log: log)
    try log.throwIfAny()
    return profile
  }

  private static func edition(_ number: Int, _ profiles: [DeviceProfile]) throws -> Reference {
    var registry = Registry()
    for site in 0..<4 {
      let id = "S-\(site)"
      let province = number == 1 && site == 3 ? "" : "山东"
      registry.sites[id] = Site(
        id: id, name: "站\(site)", region: "R\(site % 2)", province: province, transformer: "",
        landlord: "L-\(site)")
    }
    for device in 0..<12 where device < 8 + number {
      // From edition to edition some devices move to another site.
      let site = (device + (device % 5 == 4 ? number : 0)) % 4
      let role: [DeviceRole] = [.master, .sub, .supervision, .equipment]
      registry.devices["D-\(device)"] = Device(
        id: "D-\(device)", site: "S-\(site)", hardware: .meter, role: role[device / 3 % 4],
        silentAfterSeconds: device % 3 == 0 ? 300 * number : nil)
    }
    registry.contracts = try contracts(number)
    return Reference(
      profiles: profiles,
      context: SiteContext(
        rules: rules(number), registry: registry, tariffs: try tariffs(number)),
      routes: [
        Route(channel: "log"), Route(channel: "hook", leastSeverity: .major, kinds: ["outage."]),
      ])
  }

  private static func rules(_ number: Int) -> DetectionRules {
    var rules = DetectionRules()
    rules.mains.delayMilliseconds = number == 3 ? 0 : 180_000
    rules.silence.includesUnregistered = number != 2
    rules.price.province = number == 4 ? "山东" : ""
    return rules
  }

  private static func contracts(_ number: Int) throws -> [Contract] {
    let start = try #require(Timestamp(parsing: "2026-02-27", offsetSeconds: 28_800))
    let end = try #require(Timestamp(parsing: "2026-03-03", offsetSeconds: 28_800))
    let first = Contract(
      id: "C-1", site: "S-1", landlord: "L-1", meter: "D-3",
      unitPrice: number == 3 ? "0.90" : "1.3000", from: start, until: nil,
      source: "contracts.csv:2")
    let second = Contract(
      id: "C-2", site: "S-2", landlord: "L-2", meter: "D-4", unitPrice: "1.10000001",
      from: start, until: end, source: "contracts.csv:3")
    return number == 2 ? [second] : [first, second]
  }

  private static func tariffs(_ number: Int) throws -> TariffTable {
    var rows: [TariffRow] = []
    for month in 2...3 where number > 1 || month == 2 {
      let price = ExactDecimal(significand: Int128(100_000_000 + number * 5_000_000), exponent: -8)
      let start = try #require(YearMonth(year: 2026, month: month))
      rows.append(
        TariffRow(
          province: "山东", months: start...start, userClass: "工商业", scheme: "单一制",
          voltageClass: "不满1千伏", period: "高峰", price: price, document: "鲁-\(number)",
          published: "2026-01-0\(number)", isSample: true, file: "t.csv", line: month,
          fileSHA256: "00"))
    }
    return try TariffTable(rows: rows)
  }
}
