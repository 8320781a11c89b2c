import SiteModel

/// Keeps the truth while messages are made: what they say about mains, and when devices were heard.
struct TruthLedger: Sendable {
  private let plan: Plan
  private var records: [TruthRecord] = []
  private var totals = TruthTotals()
  private var messagesByShape = [Int](repeating: 0, count: Shape.allCases.count)
  /// What each source last said: nil nothing, true that mains is lost.
  private var claims: [Bool?]
  private var lostSources: [Int32]
  private var lostAt: [Int64]
  /// When each device was last published; `.min` before the first time.
  private var heardAt: [Int64]
  private var sellers: [Int: [SellerTruth]]
  private var missing: [YearMonth: TruthRecord] = [:]

  init(_ plan: Plan) {
    self.plan = plan
    claims = Array(repeating: nil, count: plan.sources.count)
    lostSources = Array(repeating: 0, count: plan.sites.count)
    lostAt = Array(repeating: 0, count: plan.sites.count)
    heardAt = Array(repeating: .min, count: plan.devices.count)
    sellers = SellerTruth.all(plan)
  }

  /// Takes a new message. True when its lateness would change what a collector can know: it is the
  /// first of its source, or says something new about mains or price.
  mutating func made(_ source: Int, _ moment: Moment) -> Bool {
    totals.messages += 1
    messagesByShape[Int(moment.source.shape.rawValue)] += 1
    if moment.source.shape == .fsuAlarm { totals.events += 2 }
    var isTurn = moment.serial == 1
    if moment.source.shape.witness != .none {
      let isLost = moment.outage != nil
      if claims[source] != isLost {
        isTurn = true
        claim(source, isLost, moment)
      }
    }
    if moment.price > 0, sold(moment) { isTurn = true }
    return isTurn
  }

  /// Takes a publication.
  mutating func published(isLate: Bool, isRepeated: Bool) {
    totals.publications += 1
    if isLate && !isRepeated { totals.late += 1 }
  }

  /// Takes that a device was heard.
  mutating func heard(_ device: Int, at time: Int64) {
    let before = heardAt[device]
    if before != .min, time - before >= plan.options.silentAfterMilliseconds {
      records.append(silence(device, from: before, to: time))
    }
    heardAt[device] = max(before, time)
  }

  private mutating func claim(_ source: Int, _ isLost: Bool, _ moment: Moment) {
    let site = moment.device.site
    let wasLost = claims[source] ?? false
    claims[source] = isLost
    guard wasLost != isLost else { return }
    lostSources[site] += isLost ? 1 : -1
    if isLost, lostSources[site] == 1 { lostAt[site] = moment.time.milliseconds }
    if !isLost, lostSources[site] == 0 {
      records.append(outage(site, until: moment.time.milliseconds, isOver: true))
    }
  }

  private func outage(_ site: Int, until: Int64, isOver: Bool) -> TruthRecord {
    TruthRecord(
      kind: "outage.mains",
      isExpected: until - lostAt[site] >= plan.options.outageDelayMilliseconds,
      site: plan.sites[site].name, subject: "", begin: Timestamp(milliseconds: lostAt[site]),
      end: isOver ? Timestamp(milliseconds: until) : nil)
  }

  private func silence(_ device: Int, from begin: Int64, to end: Int64?) -> TruthRecord {
    TruthRecord(
      kind: "device.silent", isExpected: true, site: plan.sites[plan.devices[device].site].name,
      subject: plan.devices[device].name, begin: Timestamp(milliseconds: begin),
      end: end.map { Timestamp(milliseconds: $0) })
  }

  /// Takes the price and register of a seller's meter; true when it must not be late.
  private mutating func sold(_ moment: Moment) -> Bool {
    let device = moment.source.device
    if moment.site.isInUnknownProvince {
      noteMissing(moment)
      return false
    }
    var isTurn = false
    for index in (sellers[device] ?? []).indices {
      let change = sellers[device]?[index].read(
        register: moment.register * Int64(moment.device.ct), price: moment.price, at: moment.time)
      records += change?.ended ?? []
      isTurn = isTurn || change?.isTurn ?? false
    }
    return isTurn
  }

  private mutating func noteMissing(_ moment: Moment) {
    let month = ChinaTime.month(moment.time)
    guard missing[month] == nil else { return }
    let start = month.start(offsetSeconds: ChinaTime.offsetSeconds)
    missing[month] = TruthRecord(
      kind: "price.tariff_missing", isExpected: true, site: "",
      subject: "\(RegistryText.unknownProvince) \(month)",
      begin: missing.isEmpty ? moment.time : start)
  }
}

extension TruthLedger {
  /// Everything up to `now`: what is over in the order of its end, then what goes on.
  func records(at now: Int64) -> [TruthRecord] {
    var all = records
    for site in plan.sites.indices where lostSources[site] > 0 {
      all.append(outage(site, until: now, isOver: false))
    }
    for device in plan.devices.indices where heardAt[device] != .min {
      if now - heardAt[device] >= plan.options.silentAfterMilliseconds {
        all.append(silence(device, from: heardAt[device], to: nil))
      }
    }
    for device in sellers.keys.sorted() {
      all += (sellers[device] ?? []).compactMap(\.openRecord)
    }
    return all + missing.sorted { $0.key < $1.key }.map(\.value)
  }

  /// How much was published so far.
  var currentTotals: TruthTotals {
    var counts: [String: Int] = [:]
    for shape in Shape.allCases {
      for metric in shape.metrics {
        counts[metric, default: 0] += messagesByShape[Int(shape.rawValue)]
      }
    }
    var result = totals
    result.readings = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
      .map { (metric: $0.key, count: $0.value) }
    return result
  }
}
