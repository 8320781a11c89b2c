import SiteModel

/// One site of the fleet and what its device reports.
struct FleetSite {
  /// The values of `Fleet.series` in units of their last decimal.
  private(set) var values = [Int64](repeating: 0, count: Fleet.series.count)

  private var noise: Noise
  private let phases: [Double]
  private let shares: [Double]
  private let fullWatts: Double
  private let warmth: Double
  private var energy: Double
  private var mains = Wander(deviation: 15, keep: 0.98)
  private var load = Wander(deviation: 0.04, keep: 0.95)
  private var factor = Wander(deviation: 6, keep: 0.97)
  private var weather = Wander(deviation: 25, keep: 0.9995)
  private var moisture = Wander(deviation: 8, keep: 0.9995)
  private var cabinet = Wander(deviation: 4, keep: 0.98)
  private var radio = Wander(deviation: 3, keep: 0.9)
  private var minutesWithoutMains = 0.0
  private var outageLeft = 0.0
  private var doorLeft = 0.0
  private var charge = 100.0

  init(seed: UInt64) {
    var noise = Noise(seed: seed)
    phases = (0..<3).map { _ in noise.normal() * 12 }
    let weights = (0..<3).map { _ in 1 + noise.normal() * 0.1 }
    let sum = weights.reduce(0, +)
    shares = weights.map { $0 / sum }
    fullWatts = 3_000 + Double(noise.below(4_000))
    warmth = noise.normal() * 20
    energy = Double(noise.below(40_000_000))
    self.noise = noise
  }

  /// Works out the report of an instant, `minutes` after the last one; `frequency` in 0.01 Hz.
  mutating func advance(to time: Timestamp, minutes: Double, frequency: Double) {
    // Local time, UTC+8.
    let hour = Double((time.milliseconds / 1_000 + 28_800) % 86_400) / 3_600
    passTime(minutes)
    let isOn = outageLeft <= 0
    let share = max(0.3, DayCurve.load(hour) + load.next(&noise))
    let watts = max(0, fullWatts * share + noise.normal() * 6)
    supply(isOn ? watts : 0, isOn: isOn, share: share, frequency: frequency)
    energy += isOn ? watts * minutes / 600 : 0
    values[10] = Int64(energy)
    surroundings(hour, share)
  }

  private mutating func passTime(_ minutes: Double) {
    outageLeft -= minutes
    doorLeft -= minutes
    // About one outage in 20 days and one visit in 10, however often the device reports.
    let chance = max(1, Int(28_800 / minutes))
    if outageLeft <= 0, noise.below(chance) == 0 { outageLeft = 10 + Double(noise.below(80)) }
    if doorLeft <= 0, noise.below(chance / 2 + 1) == 0 { doorLeft = 5 + Double(noise.below(40)) }
    minutesWithoutMains = outageLeft > 0 ? minutesWithoutMains + minutes : 0
    charge = min(100, max(10, charge + (outageLeft > 0 ? -0.25 : 0.1) * minutes))
  }

  private mutating func supply(
    _ watts: Double, isOn: Bool, share: Double, frequency: Double
  ) {
    let common = mains.next(&noise)
    let permille = min(995, 950 + 20 * (share - 0.8) + factor.next(&noise))
    let cosine = permille / 1_000
    for phase in 0..<3 {
      let decivolts = 2_310 + phases[phase] + common - share * 25 + noise.normal()
      let amperes = watts * shares[phase] / cosine / (decivolts / 10)
      values[phase] = isOn ? Int64(decivolts.rounded()) : 0
      values[3 + phase] = Int64((amperes * 100 + noise.normal() * 0.5).rounded())
    }
    values[6] = Int64(watts.rounded())
    values[7] = Int64((watts * (1 - cosine * cosine).squareRoot() / cosine).rounded())
    values[8] = isOn ? Int64(permille.rounded()) : 0
    values[9] = isOn ? Int64((frequency + noise.normal() * 0.3).rounded()) : 0
    values[14] = isOn ? 1 : 0
  }

  private mutating func surroundings(_ hour: Double, _ share: Double) {
    let air = DayCurve.temperature(hour) + warmth + weather.next(&noise)
    let inside = air + 60 + share * 80 + cabinet.next(&noise)
    let float = 535.0 - (minutesWithoutMains > 0 ? 20 + minutesWithoutMains * 0.5 : 0)
    values[11] = Int64((float + noise.normal() * 0.4).rounded())
    values[12] = Int64(charge.rounded())
    values[13] = Int64((air + 50 + cabinet.next(&noise) * 0.3).rounded())
    values[15] = doorLeft > 0 ? 1 : 0
    values[16] = Int64((air + noise.normal() * 0.5).rounded())
    let humidity = 62 - (air - 170) * 0.12 + moisture.next(&noise)
    values[17] = Int64(min(100, max(15, humidity)).rounded())
    values[18] = Int64((-92 + radio.next(&noise)).rounded())
    values[19] = Int64((inside + noise.normal() * 0.5).rounded())
  }
}

/// What a day does to a site, on straight lines between the values at full hours.
enum DayCurve {
  /// Share of the full load.
  static func load(_ hour: Double) -> Double { value(loads, hour) }

  /// Temperature of the air in 0.1 °C.
  static func temperature(_ hour: Double) -> Double { value(temperatures, hour) }

  private static func value(_ hours: [Double], _ hour: Double) -> Double {
    let place = Int(hour)
    let rest = hour - Double(place)
    return hours[place % 24] * (1 - rest) + hours[(place + 1) % 24] * rest
  }

  private static let loads = [
    0.69, 0.65, 0.62, 0.61, 0.60, 0.61, 0.65, 0.72, 0.79, 0.84, 0.87, 0.89,
    0.90, 0.89, 0.88, 0.89, 0.90, 0.91, 0.94, 0.96, 0.99, 1.00, 0.93, 0.80,
  ]
  private static let temperatures = [
    142.0, 136, 131, 127, 124, 123, 128, 140, 158, 177, 195, 210,
    222, 230, 234, 232, 224, 212, 198, 186, 176, 166, 157, 149,
  ]
}
