import SiteModel

/// What one seller really charged above the cap: a prepaid meter by the price it shows, or a
/// contract by the price agreed in it.
struct SellerTruth: Sendable {
  /// A stretch above the cap within one month.
  private struct Run: Sendable {
    var begin: Timestamp
    /// In 1e-8 yuan/kWh.
    var top: Int64
    /// In 1e-4 kWh.
    var energy: Int128 = 0
    /// In 1e-12 yuan.
    var overcharge: Int128 = 0
  }

  /// What a reading changed.
  struct Change {
    /// The price is new, or the reading stands beside the end of a month.
    var isTurn: Bool
    var ended: [TruthRecord]
  }

  private let subject: String
  private let site: String
  private let agreedPrice: Int64?
  /// Milliseconds between two readings.
  private let interval: Int64
  private var run: Run?
  private var month: YearMonth
  private var price: Int64 = 0
  private var readAt: Timestamp?
  /// In 0.01 kWh.
  private var register: Int64 = 0

  /// A meter that shows its price.
  private init(meter: Plan.Device, _ plan: Plan) {
    (subject, site, agreedPrice) = (meter.name, plan.sites[meter.site].name, nil)
    interval = plan.options.intervalMilliseconds
    month = ChinaTime.month(plan.options.start)
  }

  /// A contract; it is in force from the beginning.
  private init(_ contract: ContractPlan, _ plan: Plan) {
    (subject, site, agreedPrice) = (contract.id, plan.sites[contract.site].name, contract.price)
    interval = plan.options.intervalMilliseconds
    month = ChinaTime.month(plan.options.start)
    price = contract.price
    openIfAbove(at: month.start(offsetSeconds: ChinaTime.offsetSeconds))
  }

  /// Every seller of the known province, by its meter.
  static func all(_ plan: Plan) -> [Int: [SellerTruth]] {
    var sellers: [Int: [SellerTruth]] = [:]
    for (index, device) in plan.devices.enumerated() where device.price != nil {
      sellers[index] = [SellerTruth(meter: device, plan)]
    }
    for contract in plan.contracts {
      sellers[contract.meter, default: []].append(SellerTruth(contract, plan))
    }
    return sellers
  }

  /// Takes a reading of the meter, later than the one before.
  mutating func read(register: Int64, price shown: Int64, at time: Timestamp) -> Change {
    let price = agreedPrice ?? shown
    var ended: [TruthRecord] = []
    if let readAt {
      sell(Int128(register - self.register) * 100, from: readAt, to: time, &ended)
    } else if agreedPrice == nil {
      month = ChinaTime.month(time)
    }
    let isNew = price != self.price
    if isNew {
      self.price = price
      change(at: time, &ended)
    }
    (self.register, readAt) = (register, time)
    let monthStart = month.start(offsetSeconds: ChinaTime.offsetSeconds)
    let monthEnd = month.next.start(offsetSeconds: ChinaTime.offsetSeconds)
    let isBeside = time.since(monthStart) <= interval || monthEnd.since(time) <= interval
    return Change(isTurn: isNew || isBeside, ended: ended)
  }

  /// A run that goes on; nil while the price is within the cap.
  var openRecord: TruthRecord? { run.map { record($0, end: nil) } }

  /// Spreads energy evenly over time and splits it at month ends, rounded half to even at 4
  /// decimals.
  private mutating func sell(
    _ energy: Int128, from: Timestamp, to: Timestamp, _ ended: inout [TruthRecord]
  ) {
    var used: Int128 = 0
    var monthEnd = month.next.start(offsetSeconds: ChinaTime.offsetSeconds)
    while monthEnd < to {
      let usedAtEnd = Self.share(
        energy, Int128(monthEnd.since(from)), of: Int128(to.since(from)))
      charge(usedAtEnd - used)
      used = usedAtEnd
      turnMonth(at: monthEnd, &ended)
      monthEnd = month.next.start(offsetSeconds: ChinaTime.offsetSeconds)
    }
    charge(energy - used)
    if monthEnd == to { turnMonth(at: monthEnd, &ended) }
  }

  private mutating func charge(_ energy: Int128) {
    run?.energy += energy
    run?.overcharge += energy * Int128(price - SamplePrice.cap)
  }

  private mutating func turnMonth(at monthEnd: Timestamp, _ ended: inout [TruthRecord]) {
    month = month.next
    guard let run else { return }
    ended.append(record(run, end: monthEnd))
    self.run = nil
    openIfAbove(at: monthEnd)
  }

  private mutating func change(at time: Timestamp, _ ended: inout [TruthRecord]) {
    if price > SamplePrice.cap {
      let top = max(run?.top ?? price, price)
      if run == nil { openIfAbove(at: time) }
      run?.top = top
    } else if let run {
      ended.append(record(run, end: time))
      self.run = nil
    }
  }

  private mutating func openIfAbove(at time: Timestamp) {
    if price > SamplePrice.cap { run = Run(begin: time, top: price) }
  }

  private func record(_ run: Run, end: Timestamp?) -> TruthRecord {
    TruthRecord(
      kind: "price.cap_exceeded", isExpected: true, site: site, subject: subject,
      begin: run.begin, end: end,
      price: TruthPrice(
        price: ExactDecimal(significand: Int128(run.top), exponent: -8).normalized,
        cap: ExactDecimal(significand: Int128(SamplePrice.cap), exponent: -8).normalized,
        energy: ExactDecimal(significand: run.energy, exponent: -4).normalized,
        overcharge: ExactDecimal(significand: run.overcharge, exponent: -12).normalized))
  }

  private static func share(_ energy: Int128, _ part: Int128, of whole: Int128) -> Int128 {
    let (quotient, rest) = (energy * part).quotientAndRemainder(dividingBy: whole)
    let isUp = 2 * rest > whole || (2 * rest == whole && quotient % 2 != 0)
    return quotient + (isUp ? 1 : 0)
  }
}
