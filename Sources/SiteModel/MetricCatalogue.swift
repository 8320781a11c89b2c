/// All metrics that SiteWatt knows. The names follow the product's design page; the numbers are
/// stored, so a row may be added but never renumbered or renamed.
public enum MetricCatalogue {
  /// Every definition, in the order of the numbers.
  public static let all: [MetricDefinition] = rows.map(definition).sorted { $0.metric < $1.metric }

  /// The definition of a metric; nil for a number that is not in the catalogue.
  public static func definition(of metric: Metric) -> MetricDefinition? {
    let index = Int(metric.number)
    return index < byNumber.count ? byNumber[index] : nil
  }

  /// The metric with this dotted name.
  public static func metric(named name: String) -> Metric? { byName[name] }

  private static let byName = Dictionary(
    uniqueKeysWithValues: all.map { ($0.name, $0.metric) })

  private static let byNumber: [MetricDefinition?] = {
    var table = [MetricDefinition?](
      repeating: nil, count: Int(all.map(\.metric.number).max() ?? 0) + 1)
    for row in all { table[Int(row.metric.number)] = row }
    return table
  }()

  typealias Row = (
    number: UInt16, name: String, unit: String, kind: MetricKind, low: ExactDecimal,
    high: ExactDecimal
  )

  private static func definition(_ row: Row) -> MetricDefinition {
    MetricDefinition(
      metric: Metric(number: row.number), name: row.name, unit: Unit(row.unit), kind: row.kind,
      plausible: row.low...row.high)
  }

  private static let rows: [Row] =
    energy + voltage + current + power + money + battery + security + environment + network
    + poles + supervision + texts + meters

  // Ranges are wide on purpose: they separate a broken value from a surprising one.
  private static let energy: [Row] =
    [(1, "energy.active.import.total", "kWh", .register, "0", "10000000000")]
    + (1...8).map {
      (UInt16(1 + $0), "energy.active.import.rate\($0)", "kWh", .register, "0", "10000000000")
    }
    + [
      (10, "energy.active.export.total", "kWh", .register, "0", "10000000000"),
      (11, "energy.reactive.import.total", "kvarh", .register, "0", "10000000000"),
      (12, "energy.reactive.export.total", "kvarh", .register, "0", "10000000000"),
      (13, "ev.energy", "kWh", .register, "0", "10000000000"),
    ]

  private static let voltage: [Row] = [
    (20, "voltage.a", "V", .gauge, "0", "500"),
    (21, "voltage.b", "V", .gauge, "0", "500"),
    (22, "voltage.c", "V", .gauge, "0", "500"),
    (23, "voltage.dc", "V", .gauge, "0", "1000"),
  ]

  private static let current: [Row] = [
    (30, "current.a", "A", .gauge, "-10000", "10000"),
    (31, "current.b", "A", .gauge, "-10000", "10000"),
    (32, "current.c", "A", .gauge, "-10000", "10000"),
    (33, "current.neutral", "A", .gauge, "-10000", "10000"),
    (34, "current.dc", "A", .gauge, "-10000", "10000"),
    (35, "leakage.current", "mA", .gauge, "0", "30000"),
  ]

  private static let power: [Row] = {
    var rows: [Row] = []
    let quantities = [("active", "kW"), ("reactive", "kvar"), ("apparent", "kVA")]
    for (group, (quantity, unit)) in quantities.enumerated() {
      for (index, part) in ["total", "a", "b", "c"].enumerated() {
        let low: ExactDecimal = quantity == "apparent" ? "0" : "-100000"
        let number = UInt16(40 + group * 4 + index)
        rows.append((number, "power.\(quantity).\(part)", unit, .gauge, low, "100000"))
      }
    }
    for (index, part) in ["total", "a", "b", "c"].enumerated() {
      rows.append((UInt16(52 + index), "power_factor.\(part)", "1", .gauge, "-1", "1"))
    }
    rows.append((56, "frequency", "Hz", .gauge, "40", "70"))
    rows.append((57, "lamp.power", "kW", .gauge, "0", "100"))
    return rows
  }()

  private static let money: [Row] = [
    (60, "price.energy", "yuan/kWh", .gauge, "0", "100"),
    (61, "prepaid.balance", "yuan", .gauge, "-1000000", "100000000"),
    (62, "prepaid.energy_left", "kWh", .gauge, "-1000000", "100000000"),
    (63, "prepaid.purchase_count", "1", .counter, "0", "65535"),
  ]

  private static let battery: [Row] = [
    (70, "battery.voltage", "V", .gauge, "0", "1000"),
    (71, "battery.current", "A", .gauge, "-10000", "10000"),
    (72, "battery.soc", "%", .gauge, "0", "100"),
    (73, "battery.temperature", "°C", .gauge, "-60", "150"),
    (74, "mains.present", "state", .state, "0", "1"),
    (75, "load.fuse", "state", .state, "0", "1"),
    (76, "lvd1.open", "state", .state, "0", "1"),
    (77, "lvd2.open", "state", .state, "0", "1"),
    (78, "service.up", "state", .state, "0", "1"),
  ]

  private static let security: [Row] = [
    (90, "tamper.cover_open.count", "1", .counter, "0", "999999"),
    (91, "tamper.terminal_cover_open.count", "1", .counter, "0", "999999"),
    (92, "outage.count", "1", .counter, "0", "999999"),
    (93, "door.open", "state", .state, "0", "1"),
    (94, "flood", "state", .state, "0", "1"),
    (95, "smoke", "state", .state, "0", "1"),
  ]

  private static let environment: [Row] = [
    (100, "environment.temperature", "°C", .gauge, "-60", "100"),
    (101, "environment.humidity", "%", .gauge, "0", "100"),
    (102, "pm2_5", "µg/m³", .gauge, "0", "10000"),
    (103, "noise", "dB", .gauge, "0", "200"),
    (104, "lamp.dimming", "%", .gauge, "0", "100"),
    (105, "pole.tilt", "°", .gauge, "-180", "180"),
    (106, "ev.session", "state", .state, "0", "1"),
    (107, "illuminance", "lx", .gauge, "0", "200000"),
    (108, "pm10", "µg/m³", .gauge, "0", "10000"),
  ]

  private static let network: [Row] = [
    (120, "radio.rsrp", "dBm", .gauge, "-200", "0"),
    (121, "radio.sinr", "dB", .gauge, "-50", "60"),
    (122, "network.latency", "ms", .gauge, "0", "600000"),
    (123, "network.loss", "%", .gauge, "0", "100"),
    (124, "device.temperature", "°C", .gauge, "-60", "150"),
  ]

  /// What supervision units and network elements say of themselves and of single parts.
  private static let supervision: [Row] = [
    (400, "device.cpu", "%", .gauge, "0", "100"),
    (401, "device.memory", "%", .gauge, "0", "100"),
    (402, "voltage.ab", "V", .gauge, "0", "1000"),
    (403, "voltage.bc", "V", .gauge, "0", "1000"),
    (404, "voltage.ca", "V", .gauge, "0", "1000"),
    (405, "rectifier.current", "A", .gauge, "-10000", "10000"),
    (406, "rectifier.count", "1", .gauge, "0", "1000"),
    (407, "battery.voltage.front", "V", .gauge, "0", "1000"),
    (408, "battery.voltage.rear", "V", .gauge, "0", "1000"),
    (409, "lvd1.setting", "V", .gauge, "0", "1000"),
    (410, "lvd2.setting", "V", .gauge, "0", "1000"),
    (411, "charge.boost_setting", "V", .gauge, "0", "1000"),
    (412, "charge.float_setting", "V", .gauge, "0", "1000"),
    (413, "lock.open", "state", .state, "0", "1"),
  ]

  // A text has no range; that of its number is every number a table can have.
  private static let texts: [Row] = [
    (140, "device.model", "text", .text, "0", "4294967295"),
    (141, "device.firmware", "text", .text, "0", "4294967295"),
    (142, "sim.iccid", "text", .text, "0", "4294967295"),
  ]
}
