import SiteModel

/// Furnishes sites one by one: the devices that such a site has, their topics and prices.
struct FleetBuilder {
  private let options: FleetOptions
  private let faults: FaultPlan
  private(set) var sites: [Plan.Site] = []
  private(set) var devices: [Plan.Device] = []
  private(set) var sources: [Plan.Source] = []
  private(set) var contracts: [ContractPlan] = []
  private var random: RandomSource
  /// The prepaid meters, in the order of the sites.
  private var prepaid: [Int] = []
  private var baseStations = 0

  init(_ options: FleetOptions, _ faults: FaultPlan) {
    (self.options, self.faults) = (options, faults)
    random = RandomSource(seed: Noise.bits(options.seed, 2))
  }

  mutating func addSite(_ index: Int) {
    let kind = kind(ofSite: index)
    let mayBuy = kind == .indoor || kind == .smartPole
    let hasLandlord = random.happens(permille: options.landlordPermille) && mayBuy
    sites.append(
      Plan.Site(
        name: Self.siteName(index), kind: kind, key: Noise.bits(options.seed, Int64(index) + 1000),
        isInUnknownProvince: false, hasLandlord: hasLandlord,
        outages: faults.outages[index] ?? []))
    let firstDevice = devices.count
    switch kind {
    case .baseStation: addBaseStation(index)
    case .indoor: addIndoor(index)
    case .smartPole: addDevice(index, "P1", .smartPole, .master, [.smartPole])
    default: addPowerTerminal(index)
    }
    if hasLandlord { addPrepaidMeter(index, parent: devices[firstDevice].name) }
    if let spans = faults.silences[index] {
      let silent = firstDevice + random.below(devices.count - firstDevice)
      devices[silent].silences = spans
    }
  }

  /// Decides what depends on all sites together: the prices.
  mutating func finish() {
    let foreign = options.hasProvinceWithoutTariff ? prepaid.last : nil
    for (number, meter) in prepaid.enumerated() {
      devices[meter].price = price(number, isCoarse: isCoarse(number))
      if meter == foreign {
        moveAbroad(devices[meter].site)
      } else {
        addContract(number, meter)
      }
    }
    for number in 0..<rounds where !prepaid.isEmpty {
      let meter = prepaid[number % prepaid.count]
      guard let round = options.round else { return }
      let start = options.start.milliseconds + Int64(number) * round.lengthMilliseconds
      devices[meter].price?.spans.append(
        (start + round.overprice.lowerBound)..<(start + round.overprice.upperBound))
    }
  }

  private var rounds: Int {
    options.round.map { Int(options.durationMilliseconds / $0.lengthMilliseconds) } ?? 0
  }

  static func siteName(_ index: Int) -> String {
    let digits = String(index + 1)
    return "SIM-" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }

  /// Deals ten sites at a time, so that even a small fleet has every kind.
  private func kind(ofSite index: Int) -> Hardware {
    let kinds: [Hardware] = [.baseStation, .indoor, .smartPole, .powerTerminal]
    var hand: [Hardware] = []
    var left = options.kindsOfTenSites
    while hand.count < 10 {
      for place in 0..<4 where left[place] > 0 {
        hand.append(kinds[place])
        left[place] -= 1
      }
    }
    return hand[index % 10]
  }
}

extension FleetBuilder {
  private mutating func addBaseStation(_ index: Int) {
    let shapes: [Shape] = [.acrelMeter, .lorawanThreePhase, .genericJSON]
    let shape = shapes[baseStations % 3]
    baseStations += 1
    let ct = shape == .acrelMeter && random.below(2) == 0 ? 20 : 1
    addDevice(index, "M1", .meter, .master, [shape], ct: ct)
    addDevice(index, "F1", .fsu, .supervision, [.fsuData, .fsuAlarm])
    addDevice(index, "B1", .baseStation, .equipment, [.baseStationStatus])
  }

  private mutating func addIndoor(_ index: Int) {
    addDevice(index, "M1", .indoor, .master, [.edgeloggerPower])
    addDevice(index, "U1", .indoor, .equipment, [.indoorUnit])
  }

  private mutating func addPowerTerminal(_ index: Int) {
    addDevice(index, "T1", .powerTerminal, .master, [.sgccTerminal])
    addDevice(index, "C1", .powerTerminal, .equipment, [.powerCPE])
    let parent = devices[devices.count - 2].name
    addDevice(index, "N1", .meter, .sub, [.neuron], parent: parent)
  }

  private mutating func addPrepaidMeter(_ index: Int, parent: String) {
    let isCoarse = isCoarse(prepaid.count)
    prepaid.append(devices.count)
    addDevice(
      index, "S1", .meter, .sub, [isCoarse ? .elemeterEnvelope : .prepaidSubmeter],
      ct: isCoarse ? 10 : 1, parent: parent)
  }

  /// Every fourth landlord has the model whose price shows two decimals.
  private func isCoarse(_ number: Int) -> Bool { number % 4 == 3 }

  private mutating func addDevice(
    _ site: Int, _ suffix: String, _ hardware: Hardware, _ role: DeviceRole, _ shapes: [Shape],
    ct: Int = 1, parent: String = ""
  ) {
    let name = sites[site].name + "-" + suffix
    let device = devices.count
    devices.append(
      Plan.Device(
        name: name, site: site, hardware: hardware, role: role, ct: ct, parent: parent,
        gateway: Self.gateway(shapes[0], site: sites[site].name)))
    for shape in shapes {
      let key = Noise.bits(sites[site].key, Int64(sources.count))
      sources.append(
        Plan.Source(
          device: device, shape: shape, topic: Self.topic(shape, name, site: sites[site].name),
          key: key, first: firstMessage(shape, site, key)))
    }
  }

  private func firstMessage(_ shape: Shape, _ site: Int, _ key: UInt64) -> Int64? {
    if shape == .fsuAlarm { return sites[site].outages.first?.lowerBound }
    let offset = Int64(key % UInt64(options.intervalMilliseconds))
    return options.start.milliseconds + (shape.hasMilliseconds ? offset : offset / 1000 * 1000)
  }

  /// Who speaks for the devices of a shape; empty when they do themselves.
  private static func gateway(_ shape: Shape, site: String) -> String {
    switch shape {
    case .edgeloggerPower, .elemeterEnvelope: site + "-G"
    case .sgccTerminal: site + "-T"
    default: ""
    }
  }

  private static func topic(_ shape: Shape, _ name: String, site: String) -> String {
    switch shape {
    case .genericJSON: "uplink/\(name)/json"
    case .acrelMeter: "acrel/\(name)/up"
    case .lorawanThreePhase: "application/power/device/\(name)/event/up"
    case .edgeloggerPower: "device/power/up/\(gateway(shape, site: site))"
    case .elemeterEnvelope:
      "v1/user/sim/\(gateway(shape, site: site))/elemeter_info/details/post"
    case .prepaidSubmeter: "prepaid/\(name)/report"
    case .fsuData: "fsu/\(name)/data"
    case .fsuAlarm: "fsu/\(name)/alarm"
    case .baseStationStatus: "bts/\(name)/status"
    case .indoorUnit: "indoor/\(name)/telemetry"
    case .smartPole: "pole/\(name)/report"
    case .sgccTerminal:
      "sgcc/\(gateway(shape, site: site))/collect/notify/spont/all/ADC/\(name)"
    case .powerCPE: "cpe/\(name)/status"
    case .neuron: "neuron/modbus/\(name)"
    }
  }
}

extension FleetBuilder {
  private mutating func price(_ number: Int, isCoarse: Bool) -> PriceSchedule {
    let above = isCoarse ? SamplePrice.aboveCoarse : SamplePrice.above
    let raised = above[random.below(above.count)]
    let below = SamplePrice.below[random.below(SamplePrice.below.count)]
    let chance = random.below(1000)
    let begin = options.start.milliseconds
    var schedule = PriceSchedule(normal: below, raised: raised, spans: [])
    guard options.round == nil else { return schedule }
    if chance < options.overpricedPermille {
      let later =
        begin + options.durationMilliseconds / 8
        + random.within(0...(options.durationMilliseconds / 4))
      schedule.spans = [(chance % 2 == 0 ? begin : later)..<Int64.max]
    } else if chance < options.overpricedPermille + options.atCapPermille {
      schedule = PriceSchedule(normal: SamplePrice.cap, raised: raised, spans: [])
    }
    return schedule
  }

  private mutating func addContract(_ number: Int, _ meter: Int) {
    let isAbove = random.happens(permille: options.overpricedContractPermille)
    let prices = isAbove ? SamplePrice.above : SamplePrice.below + [SamplePrice.cap]
    contracts.append(
      ContractPlan(
        id: "CT-" + sites[devices[meter].site].name, site: devices[meter].site, meter: meter,
        price: prices[random.below(prices.count)]))
  }

  private mutating func moveAbroad(_ site: Int) {
    let known = sites[site]
    sites[site] = Plan.Site(
      name: known.name, kind: known.kind, key: known.key, isInUnknownProvince: true,
      hasLandlord: known.hasLandlord, outages: known.outages)
  }
}
