import SiteModel

/// What a field of an unknown payload probably is, by its name and one value.
struct MetricGuess: Equatable {
  /// Name in the catalogue.
  var metric: String
  /// What the payload probably means.
  var unit: String
  /// Factor that makes the value plausible; nil for 1.
  var scale: String?
  /// True when name and value leave little doubt.
  var isSure: Bool

  /// Nil for a name that says nothing. `path` is the field's path as in profiles.
  init?(path: String, sample: String) {
    let names = Self.names(of: path)
    guard let found = names.lazy.compactMap({ Self.table[$0] ?? Self.phased($0) }).first,
      let metric = MetricCatalogue.metric(named: found.metric),
      let definition = MetricCatalogue.definition(of: metric)
    else { return nil }
    (self.metric, unit) = (found.metric, definition.unit.name)
    (scale, isSure) = (nil, found.isSure)
    if definition.kind == .text { return }
    guard let value = try? ExactDecimal(parsing: sample) else {
      isSure = false
      return
    }
    scale(value, to: definition)
  }

  /// Finds a power of ten that brings a value where such values usually are.
  private mutating func scale(_ value: ExactDecimal, to definition: MetricDefinition) {
    guard let usual = Self.usual.first(where: { metric.hasPrefix($0.metric) })?.range else {
      if !definition.plausible.contains(value) { isSure = false }
      return
    }
    for (exponent, text) in [(0, nil), (-1, "0.1"), (-2, "0.01"), (-3, "0.001")] as [(Int, String?)]
    {
      let scaled = ExactDecimal(
        significand: value.significand, exponent: value.exponent + exponent)
      guard usual.contains(scaled) || value == .zero else { continue }
      scale = text
      return
    }
    isSure = false
  }

  /// The last part of a path, and the last two and three together, without anything but letters and
  /// digits: `data.voltage.a` gives `voltagea`, `datavoltagea` and `a`, the most telling first.
  private static func names(of path: String) -> [String] {
    let parts = path.replacing("[*]", with: "").split(separator: ".").map { part in
      String(part.lowercased().unicodeScalars.filter { $0.properties.isAlphabetic || isDigit($0) })
    }
    let ends = [2, 3, 1].map { parts.suffix($0).joined() }
    // `a` alone says nothing.
    return ends.filter { $0.count > 1 || parts.count == 1 }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private typealias Entry = (metric: String, isSure: Bool)

  /// Where values are expected in operation, narrower than what is plausible.
  private static let usual: [(metric: String, range: ClosedRange<ExactDecimal>)] = [
    ("voltage.dc", "10"..."900"), ("voltage.", "80"..."300"), ("frequency", "45"..."65"),
    ("power_factor.", "-1"..."1"), ("environment.temperature", "-40"..."90"),
    ("environment.humidity", "1"..."100"), ("battery.soc", "0"..."100"),
  ]

  /// Quantities of three phases: beginnings of a name, before or after `a`, `b`, `c` (or 1, 2, 3).
  private static func phased(_ name: String) -> Entry? {
    for (words, metric, isSure) in quantities {
      for word in words {
        for (phase, signs) in zip(
          ["a", "b", "c"], [["a", "1", "l1"], ["b", "2", "l2"], ["c", "3", "l3"]])
        {
          for sign in signs {
            let spellings = [
              "\(word)\(sign)", "\(sign)\(word)", "\(word)phase\(sign)", "phase\(sign)\(word)",
            ]
            if spellings.contains(name) || (word.count > 1 && name == "\(word)\(sign)n") {
              return ("\(metric).\(phase)", isSure)
            }
          }
        }
      }
    }
    return nil
  }

  private static let quantities: [([String], String, Bool)] = [
    (["u", "v", "volt", "voltage", "vol", "电压"], "voltage", true),
    (["i", "curr", "current", "amp", "电流"], "current", true),
    (["p", "activepower", "power", "watt"], "power.active", false),
    (["q", "reactivepower"], "power.reactive", false),
    (["s", "apparentpower"], "power.apparent", false),
    (["pf", "cos", "powerfactor", "cosphi"], "power_factor", true),
  ]

  private static let table: [String: Entry] = {
    let rows: [(String, Bool, [String])] = [
      (
        "energy.active.import.total", true,
        [
          "kwh", "totalkwh", "kwhtotal", "epi", "epim", "energyimport", "importenergy",
          "positiveactive", "positiveactiveenergy", "forwardactiveenergy", "activeenergy",
          "impep", "totalenergy", "energytotal", "电量", "总电量", "正向有功总电能",
        ]
      ),
      ("energy.active.import.total", false, ["ep", "energy", "imp", "wh", "eptotal"]),
      (
        "energy.active.export.total", true,
        ["epe", "expep", "energyexport", "exportenergy", "reverseactiveenergy", "反向有功总电能"]
      ),
      ("energy.reactive.import.total", false, ["eql", "eqi", "kvarh", "reactiveenergy"]),
      (
        "power.active.total", false,
        ["p", "kw", "pt", "psum", "ptotal", "power", "activepower", "totalpower", "功率"]
      ),
      ("power.reactive.total", false, ["q", "kvar", "qsum", "reactivepower"]),
      ("power.apparent.total", false, ["kva", "ssum", "apparentpower"]),
      ("power_factor.total", true, ["pf", "cos", "cosphi", "powerfactor", "功率因数"]),
      ("frequency", true, ["f", "fr", "freq", "frequency", "hz", "频率"]),
      ("voltage.a", false, ["u", "v", "volt", "voltage", "电压"]),
      ("current.a", false, ["i", "curr", "current", "amp", "电流"]),
      ("current.neutral", true, ["in", "i0", "currentn", "neutralcurrent"]),
      ("leakage.current", false, ["leakage", "leakagecurrent", "residualcurrent", "漏电流"]),
      ("voltage.dc", true, ["udc", "vdc", "dcvoltage", "voltagedc", "dcv"]),
      ("current.dc", true, ["idc", "dccurrent", "currentdc", "dci"]),
      ("environment.temperature", false, ["t", "temp", "temperature", "tem", "温度"]),
      ("environment.humidity", true, ["rh", "hum", "humi", "humidity", "湿度"]),
      ("battery.soc", true, ["soc", "batterysoc", "batsoc"]),
      ("battery.voltage", true, ["vbat", "batv", "batteryvoltage", "ubat", "batvoltage"]),
      ("battery.current", true, ["ibat", "bati", "batterycurrent"]),
      ("radio.rsrp", true, ["rsrp"]), ("radio.sinr", true, ["sinr"]),
      ("pm2_5", true, ["pm25"]), ("pm10", true, ["pm10"]), ("noise", false, ["noise", "db"]),
      ("illuminance", false, ["lux", "illuminance"]),
      ("prepaid.balance", false, ["balance", "remain", "余额"]),
      ("price.energy", false, ["price", "unitprice", "电价"]),
      ("door.open", false, ["door", "dooropen", "门磁"]), ("smoke", false, ["smoke", "烟感"]),
      ("flood", false, ["flood", "water", "水浸"]),
      ("device.firmware", false, ["fw", "firmware", "version", "ver"]),
      ("device.model", false, ["model"]), ("sim.iccid", true, ["iccid"]),
    ]
    var table: [String: Entry] = [:]
    for (metric, isSure, names) in rows {
      for name in names { table[name] = (metric, isSure) }
    }
    return table
  }()
}
