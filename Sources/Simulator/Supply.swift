import SiteModel

/// What a three-phase meter sees at one moment, at the resolution of real sensors.
struct Supply: Sendable {
  /// In 0.1 V.
  var volts: SIMD3<Int32> = .zero
  /// In 0.01 A.
  var amps: SIMD3<Int32> = .zero
  /// In W, of all phases.
  var watts = 0
  /// In 0.001.
  var powerFactor = 1000
  /// In 0.01 Hz.
  var frequency = 5000

  /// No voltage and no load: the mains is lost.
  static let dead = Supply()

  /// A supply that delivers `watts` at an instant; `key` makes it this meter's own.
  init(watts: Int, key: UInt64, time: Int64) {
    self.watts = watts
    powerFactor = 978 + Noise.drift(key ^ 7, time, knot: 900_000, amplitude: 12)
    frequency = 5000 + Noise.drift(0x5048, time, knot: 20_000, amplitude: 4)
    var rest = 1000
    for phase in 0..<3 {
      let own = key ^ UInt64(phase + 1)
      let base = 2306 + Int(Noise.bits(own, 0) % 21) - 10
      let slow = Noise.drift(own, time, knot: 1_800_000, amplitude: 35)
      let quick = Noise.value(own, time, amplitude: 2)
      let voltage = base + slow + quick - min(60, watts / 900)
      volts[phase] = Int32(voltage)
      let share = phase < 2 ? 333 + Noise.value(own, -1, amplitude: 25) : rest
      rest -= share
      amps[phase] = Int32(watts * share * 1000 / (voltage * powerFactor))
    }
  }

  private init() {}

  /// The same load on one phase alone.
  var singlePhase: Supply {
    var single = self
    single.amps[0] = Int32(watts * 1_000_000 / max(1, Int(volts[0]) * powerFactor))
    return single
  }
}

/// Loads of the simulated sites, in W.
enum Load {
  /// What the site draws without lamp and charger.
  static func watts(_ site: Plan.Site, _ time: Timestamp) -> Int {
    let curve: Curve
    let (least, spread): (Int, UInt64)
    switch site.kind {
    case .baseStation: (curve, least, spread) = (.traffic, 2600, 1800)
    case .indoor: (curve, least, spread) = (.office, 600, 700)
    case .smartPole: (curve, least, spread) = (.traffic, 260, 180)
    default: (curve, least, spread) = (.homes, 4200, 9000)
    }
    let full = least + Int(Noise.bits(site.key, 3) % spread)
    let permille = curve.value(at: ChinaTime.millisecondOfDay(time))
    let wander = Noise.drift(site.key ^ 0x4C, time.milliseconds, knot: 240_000, amplitude: 30)
    let noise = Noise.value(site.key ^ 0x4E, time.milliseconds, amplitude: 6)
    return full * permille * (1000 + wander + noise) / 1_000_000
  }

  /// Power of a pole's lamp at a dimming in %.
  static func lampWatts(dimming: Int) -> Int { 120 * dimming / 100 }

  /// Power of a pole's charger; 0 between sessions.
  static func chargerWatts(_ key: UInt64, _ time: Timestamp) -> Int {
    let slot = time.milliseconds / 5_400_000
    let isTaken = Noise.bits(key ^ 0xE5, slot) % 4 == 0
    return isTaken && time.milliseconds % 5_400_000 < 3_900_000 ? 7_040 : 0
  }
}
