import SiteModel
import Tariffs

/// Watches what transferred power costs: `price.cap_exceeded` and `price.tariff_missing`.
///
/// A price is judged against the cap of the month in which it is in force. Energy between two
/// register readings is sold at the price that was in force when the interval began.
struct PriceWatch: Sendable {
  /// A register as it was last read.
  struct Register: Sendable, Equatable {
    var value: ExactDecimal
    var time: Timestamp
  }

  /// A province and month without a table.
  struct Missing: Sendable, Equatable {
    var province: String
    var month: YearMonth
    var openedAt: Timestamp
    var subject: String
    var site: String
  }

  var sellers: [PriceSeller] = []
  var registers: [String: Register] = [:]
  var missing: [Missing] = []
  /// The next instant at which a month or a contract begins or ends.
  var nextBoundary = Timestamp(milliseconds: .max)
  private var sellersOfMeter: [String: [Int]] = [:]
  private var isMeterSold: [Bool] = []
  private var dirty: Set<Int> = []

  init() {}

  /// Whether the energy of a device is worth taking.
  func isSold(_ device: DeviceIndex) -> Bool {
    let position = Int(device.position)
    return position < isMeterSold.count && isMeterSold[position]
  }

  /// Remembers whether a device that is heard for the first time is a sold meter.
  mutating func bind(_ device: DeviceIndex, name: String) {
    let position = Int(device.position)
    while isMeterSold.count <= position { isMeterSold.append(false) }
    isMeterSold[position] = sellersOfMeter[name] != nil
  }

  /// Takes the price that a meter shows.
  mutating func observePrice(_ reading: Reading, _ step: DetectionStep) {
    let name = step.devices.name(of: reading.device)
    let known = sellersOfMeter[name]?.first { sellers[$0].contract.isEmpty }
    let index = known ?? add(seller(showingPrice: name, reading.device, step))
    if known == nil { bind(reading.device, name: name) }
    let changed = sellers[index].state(
      reading.value, at: reading.time, source: "journal \(step.place)",
      offsetSeconds: step.context.rules.offsetSeconds)
    if changed { dirty.insert(index) }
  }

  /// Takes the energy register of a sold meter.
  mutating func observeEnergy(_ reading: Reading, _ step: DetectionStep) {
    let name = step.devices.name(of: reading.device)
    guard let affected = sellersOfMeter[name] else { return }
    let before = registers[name]
    if let before, reading.time <= before.time { return }
    registers[name] = Register(value: reading.value, time: reading.time)
    // A register that fell was replaced, reset or rolled over: no figure can be made of that.
    guard let before, reading.value > before.value else { return }
    for index in affected {
      do {
        try sellers[index].sell(
          try reading.value.subtracting(before.value), from: before.time, to: reading.time,
          offsetSeconds: step.context.rules.offsetSeconds)
      } catch {
        sellers[index].isIncomplete = true
      }
      dirty.insert(index)
    }
  }

  /// True when `tick` would change something.
  func isDue(_ now: Timestamp) -> Bool { now >= nextBoundary }

  /// Lets months and contracts begin and end.
  mutating func tick(_ step: DetectionStep) {
    guard step.now >= nextBoundary else { return }
    adoptContracts(step)
    let month = YearMonth(containing: step.now, offsetSeconds: step.context.rules.offsetSeconds)
    for index in sellers.indices where sellers[index].contract.isEmpty {
      // A meter's month ends by time; the next begins only with its word.
      let isOver = sellers[index].accounts.last.map { $0.month < month } ?? false
      if isOver, sellers[index].close() { dirty.insert(index) }
    }
    restoreIndexes(step.devices)
  }

  /// Takes new contracts and tariffs: everything is judged anew.
  mutating func contextChanged(_ step: DetectionStep, into findings: inout [Finding]) {
    adoptContracts(step)
    let contracts = Set(step.context.registry.contracts.map(\.id))
    for index in sellers.indices {
      dirty.insert(index)
      if !sellers[index].contract.isEmpty {
        if !contracts.contains(sellers[index].contract) { sellers[index].end(at: step.now) }
      } else if let site = step.context.registry.devices[sellers[index].meter]?.site {
        sellers[index].site = site
        sellers[index].landlord = step.context.registry.sites[site]?.landlord ?? ""
      }
    }
    let solved = missing.filter { !isMissing($0, step.context) }
    missing = missing.filter { !solved.contains($0) }
    for entry in solved { findings.append(finding(entry, .ended(at: step.now), step)) }
    restoreIndexes(step.devices)
  }

  /// Whether somebody still waits for a table.
  private func isMissing(_ entry: Missing, _ context: SiteContext) -> Bool {
    context.cap(province: entry.province, month: entry.month) == nil
      && sellers.contains { seller in
        context.province(ofSite: seller.site) == entry.province
          && seller.accounts.contains { $0.month == entry.month && !$0.rows.isEmpty }
      }
  }

  /// Judges every seller that changed since the last time.
  mutating func flush(_ step: DetectionStep, into findings: inout [Finding]) {
    guard !dirty.isEmpty else { return }
    for index in dirty.sorted() { judge(index, step, into: &findings) }
    dirty.removeAll(keepingCapacity: true)
  }

  /// Rebuilds what is derived, after a snapshot was read or sellers changed.
  mutating func restoreIndexes(_ devices: DeviceTable) {
    sellersOfMeter = [:]
    for index in sellers.indices where !sellers[index].meter.isEmpty {
      sellersOfMeter[sellers[index].meter, default: []].append(index)
    }
    for position in 0..<devices.count {
      let device = DeviceIndex(Int32(position))
      bind(device, name: devices.name(of: device))
    }
  }

  private mutating func add(_ seller: PriceSeller) -> Int {
    sellers.append(seller)
    if !seller.meter.isEmpty {
      sellersOfMeter[seller.meter, default: []].append(sellers.count - 1)
    }
    return sellers.count - 1
  }

  private func seller(
    showingPrice name: String, _ device: DeviceIndex, _ step: DetectionStep
  ) -> PriceSeller {
    let site = step.facts(of: device).site
    return PriceSeller(
      meter: name, contract: "", site: site,
      landlord: step.context.registry.sites[site]?.landlord ?? "")
  }

  private mutating func adoptContracts(_ step: DetectionStep) {
    let offset = step.context.rules.offsetSeconds
    let month = YearMonth(containing: step.now, offsetSeconds: offset)
    var next = month.next.start(offsetSeconds: offset)
    let known = Dictionary(
      sellers.indices.map { (sellers[$0].contract, $0) }, uniquingKeysWith: { first, _ in first })
    for contract in step.context.registry.contracts {
      for instant in [contract.from, contract.until].compactMap({ $0 }) where instant > step.now {
        next = min(next, instant)
      }
      guard contract.from <= step.now else { continue }
      let index =
        known[contract.id]
        ?? add(
          PriceSeller(
            meter: contract.meter, contract: contract.id, site: contract.site,
            landlord: contract.landlord))
      adopt(contract, at: index, month: month, step)
    }
    nextBoundary = next
  }

  private mutating func adopt(
    _ contract: Contract, at index: Int, month: YearMonth, _ step: DetectionStep
  ) {
    let offset = step.context.rules.offsetSeconds
    sellers[index].until = contract.until
    (sellers[index].site, sellers[index].landlord) = (contract.site, contract.landlord)
    sellers[index].meter = contract.meter
    if let price = sellers[index].price, price != contract.unitPrice {
      sellers[index].correct(contract.unitPrice, source: contract.source)
      dirty.insert(index)
    }
    if let until = contract.until, until <= step.now {
      if sellers[index].close() { dirty.insert(index) }
      return
    }
    let start = max(contract.from, month.start(offsetSeconds: offset))
    let changed =
      sellers[index].price == nil
      ? sellers[index].state(
        contract.unitPrice, at: start, source: contract.source, offsetSeconds: offset)
      : sellers[index].roll(to: month, offsetSeconds: offset)
    if changed { dirty.insert(index) }
  }
}
