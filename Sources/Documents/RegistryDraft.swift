import SiteModel

/// A registry while it is read: the rows so far, and where each stands.
struct RegistryDraft {
  let log: ProblemLog
  let offsetSeconds: Int
  private(set) var registry = Registry()
  /// The row of each code, by kind.
  private(set) var rows: [RegistryFile.Kind: [String: TableRow]] = [:]

  /// Kinds with a file that could not be read: nothing can be said about references to them.
  var unread: Set<RegistryFile.Kind> = []

  init(log: ProblemLog, offsetSeconds: Int) {
    (self.log, self.offsetSeconds) = (log, offsetSeconds)
  }

  /// Adds a row; one whose code is empty, wrong or taken is reported and left out.
  mutating func add(_ row: TableRow, of kind: RegistryFile.Kind) {
    let code = row.requiredText(kind.key)
    guard !code.isEmpty else { return }
    if let earlier = rows[kind]?[code] {
      row.report(kind.key, "'\(code)' is already given at \(earlier.place)")
      return
    }
    guard kind != .devices || registry.devices.count < DeviceTable.limit else {
      row.report(kind.key, "is one too many, expected at most \(DeviceTable.limit) devices")
      return
    }
    rows[kind, default: [:]][code] = row
    switch kind {
    case .sites: registry.sites[code] = site(row, code)
    case .devices: registry.devices[code] = device(row, code)
    case .feeders: registry.feeders[code] = Feeder(id: code, name: row.text("name"))
    case .transformers:
      registry.transformers[code] = Transformer(
        id: code, name: row.text("name"), feeder: row.text("feeder"))
    case .landlords: registry.landlords[code] = Landlord(id: code, name: row.text("name"))
    case .contracts:
      if let contract = contract(row, code) { registry.contracts.append(contract) }
    }
  }

  private func site(_ row: TableRow, _ code: String) -> Site {
    Site(
      id: code, name: row.text("name"), region: row.text("region"),
      province: row.requiredText("province"), transformer: row.text("transformer"),
      landlord: row.text("landlord"))
  }

  private func device(_ row: TableRow, _ code: String) -> Device {
    let hardware = row.required("hardware", row.choice("hardware", of: Self.hardware)) ?? .meter
    return Device(
      id: code, site: row.requiredText("site"), hardware: hardware,
      role: role(row, hardware: hardware), address: row.text("address"),
      parent: row.text("parent"), ctRatio: row.ratio("ct"), ptRatio: row.ratio("pt"),
      silentAfterSeconds: row.integer("silent_after_s", in: 1...2_592_000),
      gateway: row.text("gateway"), model: row.text("model"))
  }

  /// The stated role; a device other than a meter has one by its kind.
  private func role(_ row: TableRow, hardware: Hardware) -> DeviceRole {
    if let role = row.choice("role", of: Self.roles) { return role }
    switch hardware {
    case .fsu: return .supervision
    case .meter:
      if row.isEmpty("role") {
        row.report("role", "is empty, expected master (关口表) or sub (分表) for a meter")
      }
      return .equipment
    default: return .equipment
    }
  }

  private func contract(_ row: TableRow, _ code: String) -> Contract? {
    let price = row.required(
      "unit_price", row.decimal("unit_price", in: .zero...RegistryFiles.priceLimit))
    let from = row.required("from", row.day("from"))?.instant(offsetSeconds: offsetSeconds)
    // The file names the last day; the model, the first instant after it.
    let until = row.day("until")?.instant(offsetSeconds: offsetSeconds)
      .advanced(byMilliseconds: 86_400_000)
    let (site, landlord) = (row.requiredText("site"), row.requiredText("landlord"))
    let meter = row.text("meter")
    guard let price, let from else { return nil }
    if let until, until <= from {
      row.report("until", expected: "a day that is not before the first")
      return nil
    }
    return Contract(
      id: code, site: site, landlord: landlord, meter: meter, unitPrice: price, from: from,
      until: until, source: row.place)
  }

  private static let hardware: [(word: String, value: Hardware)] = [
    ("base_station", .baseStation), ("基站", .baseStation), ("indoor", .indoor), ("室分", .indoor),
    ("smart_pole", .smartPole), ("智慧杆塔", .smartPole), ("power_terminal", .powerTerminal),
    ("电力5G终端", .powerTerminal), ("meter", .meter), ("电表", .meter), ("fsu", .fsu), ("动环", .fsu),
  ]

  private static let roles: [(word: String, value: DeviceRole)] = [
    ("master", .master), ("关口表", .master), ("sub", .sub), ("分表", .sub),
    ("supervision", .supervision), ("动环", .supervision), ("equipment", .equipment),
    ("设备", .equipment),
  ]
}

// What can be checked only when everything was read.
extension RegistryDraft {
  /// Reports every reference to something that is not there.
  func checkReferences() {
    for (code, site) in registry.sites {
      check(.sites, code, "transformer", site.transformer, in: .transformers)
      check(.sites, code, "landlord", site.landlord, in: .landlords)
    }
    for (code, device) in registry.devices {
      check(.devices, code, "site", device.site, in: .sites)
      check(.devices, code, "parent", device.parent, in: .devices)
    }
    for (code, transformer) in registry.transformers {
      check(.transformers, code, "feeder", transformer.feeder, in: .feeders)
    }
    for contract in registry.contracts {
      check(.contracts, contract.id, "site", contract.site, in: .sites)
      check(.contracts, contract.id, "landlord", contract.landlord, in: .landlords)
      check(.contracts, contract.id, "meter", contract.meter, in: .devices)
    }
  }

  private func check(
    _ kind: RegistryFile.Kind, _ code: String, _ column: String, _ target: String,
    in targets: RegistryFile.Kind
  ) {
    guard !target.isEmpty, !unread.contains(targets), rows[targets]?[target] == nil else { return }
    rows[kind]?[code]?.report(column, expected: "a \(targets.key) of the \(targets.rawValue) file")
  }

  /// Reports every meter that stands above itself, once a circle.
  func checkParents() {
    var settled: Set<String> = []
    for start in registry.devices.keys.sorted() {
      var path: [String] = []
      var onPath: Set<String> = []
      var current = start
      while !current.isEmpty, !settled.contains(current), onPath.insert(current).inserted {
        path.append(current)
        current = registry.devices[current]?.parent ?? ""
      }
      if onPath.contains(current), let first = path.firstIndex(of: current) {
        let circle = path[first...].prefix(8).joined(separator: " → ")
        rows[.devices]?[current]?.report("parent", "the meters stand in a circle: \(circle) → …")
      }
      settled.formUnion(onPath)
    }
  }

  /// Puts the contracts into the order of their numbers, and reports those that overlap for a meter
  /// and those whose meter stands at another site.
  mutating func checkContracts() {
    registry.contracts.sort { $0.id < $1.id }
    for contract in registry.contracts {
      if let meter = registry.devices[contract.meter], meter.site != contract.site {
        rows[.contracts]?[contract.id]?
          .report(
            "meter",
            "'\(contract.meter)' stands at site '\(meter.site)', "
              + "expected a meter of site '\(contract.site)'")
      }
    }
    let metered = registry.contracts.filter { !$0.meter.isEmpty }
    for contracts in Dictionary(grouping: metered, by: \.meter).values {
      let sorted = contracts.sorted { $0.from < $1.from }
      var reach = sorted[0]
      for next in sorted.dropFirst() {
        if reach.until.map({ next.from < $0 }) ?? true {
          rows[.contracts]?[next.id]?
            .report("from", "overlaps contract '\(reach.id)' for the same meter at \(reach.source)")
        }
        if let end = reach.until, next.until.map({ $0 > end }) ?? true { reach = next }
      }
    }
  }
}
