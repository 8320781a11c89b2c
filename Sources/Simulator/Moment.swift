import SiteModel

/// What a source has counted so far.
struct Counters: Sendable {
  /// When it last measured, in milliseconds since the epoch; nil before the first time.
  var measuredAt: Int64?
  /// Energy since the beginning, in W·ms: every power holds from the previous measurement on.
  var energy: Int64 = 0
  /// Energy of the second counter (a pole's charger), in W·ms.
  var secondEnergy: Int64 = 0
  /// What was charged against the balance, in 1e-10 yuan.
  var spent: Int64 = 0
  /// Whether the latest message was published late.
  var wasLate = false
  /// Messages so far.
  var serial: Int64 = 0

  /// W·ms in a hundredth of a kWh.
  static let centikilowattHour: Int64 = 36_000_000
  /// W·ms in a Wh.
  static let wattHour: Int64 = 3_600_000
}

/// One measurement of one source: all that its message says.
struct Moment {
  let source: Plan.Source
  let device: Plan.Device
  let site: Plan.Site
  let time: Timestamp
  /// The outage that is going on; nil with mains.
  let outage: Range<Int64>?
  /// What the meter's terminals see, behind its current transformers.
  let supply: Supply
  /// The energy register in 0.01 kWh, behind the transformers; in Wh for a pole.
  let register: Int64
  /// The charger's register of a pole, in Wh.
  let chargerRegister: Int64
  let chargerWatts: Int
  /// Dimming of a pole's lamp in %.
  let lampDimming: Int
  /// Price in 1e-8 yuan/kWh; 0 for a device that charges nothing.
  let price: Int64
  /// Balance in 0.01 yuan.
  let balance: Int64
  let serial: Int64

  /// Battery voltage in 0.01 V.
  var batteryVoltage: Int {
    guard let outage else {
      return Battery.floatCentivolts + Noise.value(site.key ^ 0xBA, time.milliseconds, amplitude: 3)
    }
    let endurance = 7_200_000 + Int64(Noise.bits(site.key, 5) % 10_800_000)
    return Battery.voltage(after: time.milliseconds - outage.lowerBound, of: endurance)
  }

  /// The rectifier's load in 0.1 A.
  var loadCurrent: Int { Load.watts(site, time) * 1000 / batteryVoltage }

  /// Air temperature in 0.1 °C at the site, `rise` warmer than outdoors.
  func temperature(rise: Int) -> Int {
    Curve.temperature.value(at: ChinaTime.millisecondOfDay(time)) + rise
      + Noise.drift(site.key ^ 0x7E, time.milliseconds, knot: 3_600_000, amplitude: 25)
  }

  /// Relative humidity in %.
  var humidity: Int {
    52 + Noise.drift(site.key ^ 0x4D, time.milliseconds, knot: 7_200_000, amplitude: 18)
  }

  /// A wandering figure of this source.
  func drift(_ kind: UInt64, amplitude: Int) -> Int {
    Noise.drift(source.key ^ kind, time.milliseconds, knot: 600_000, amplitude: amplitude)
  }
}

extension Moment {
  /// Measures at `time` and moves the counters on.
  init(_ plan: Plan, _ source: Plan.Source, _ counters: inout Counters, at time: Int64) {
    self.source = source
    device = plan.devices[source.device]
    site = plan.sites[device.site]
    self.time = Timestamp(milliseconds: time)
    outage = site.outage(at: time)
    let isPowered = outage == nil
    let isPole = source.shape == .smartPole
    lampDimming =
      isPole && isPowered ? Curve.lamp.stepValue(at: ChinaTime.millisecondOfDay(self.time)) : 0
    chargerWatts = isPole && isPowered ? Load.chargerWatts(source.key, self.time) : 0
    supply =
      isPowered
      ? Self.supply(
        source, device, site, self.time, extra: Load.lampWatts(dimming: lampDimming) + chargerWatts)
      : .dead
    price = device.price?.price(at: time) ?? 0

    let elapsed = time - (counters.measuredAt ?? time)
    let before = counters.energy / Counters.centikilowattHour
    counters.measuredAt = time
    counters.energy += Int64(supply.watts) * elapsed
    counters.secondEnergy += Int64(chargerWatts) * elapsed
    counters.serial += 1
    let sold = counters.energy / Counters.centikilowattHour - before
    counters.spent += sold * Int64(device.ct) * price
    let unit = isPole ? Counters.wattHour : Counters.centikilowattHour
    register = Self.initialRegister(source.key) + counters.energy / unit
    chargerRegister =
      Self.initialRegister(source.key ^ 0xE5) + counters.secondEnergy / Counters.wattHour
    balance = Self.balance(source.key, spent: counters.spent)
    serial = counters.serial
  }

  /// What the meter saw before the simulation began.
  static func initialRegister(_ key: UInt64) -> Int64 {
    100_000 + Int64(Noise.mixed(key) & 0x3F_FFFF)
  }

  /// The account is filled up by 500 yuan whenever it is empty.
  private static func balance(_ key: UInt64, spent: Int64) -> Int64 {
    let first = 2_000 + Int64(key >> 16 & 0x7FFF)
    let left = (first - spent / 100_000_000) % 50_000
    return left < 0 ? left + 50_000 : left
  }

  private static func supply(
    _ source: Plan.Source, _ device: Plan.Device, _ site: Plan.Site, _ time: Timestamp, extra: Int
  ) -> Supply {
    let watts = (Load.watts(site, time) + extra) / device.ct
    let supply = Supply(watts: watts, key: source.key, time: time.milliseconds)
    switch source.shape {
    case .smartPole, .prepaidSubmeter, .elemeterEnvelope, .neuron: return supply.singlePhase
    default: return supply
    }
  }
}
