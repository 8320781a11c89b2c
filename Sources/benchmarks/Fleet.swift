import SiteModel

/// A seeded fleet of sites, one device each, that report 20 series in step: mains, load, battery
/// and surroundings with the resolution of real sensors. Load and temperature follow the day, the
/// phases of a site follow its mains, registers integrate the power, and now and then mains is lost
/// or a door stands open.
struct Fleet {
  /// The series: catalogue metrics and their decimals.
  static let series: [(name: String, decimals: Int)] = [
    ("voltage.a", 1), ("voltage.b", 1), ("voltage.c", 1),
    ("current.a", 2), ("current.b", 2), ("current.c", 2),
    ("power.active.total", 3), ("power.reactive.total", 3), ("power_factor.total", 3),
    ("frequency", 2), ("energy.active.import.total", 2),
    ("battery.voltage", 1), ("battery.soc", 0), ("battery.temperature", 1),
    ("mains.present", 0), ("door.open", 0),
    ("environment.temperature", 1), ("environment.humidity", 0),
    ("radio.rsrp", 0), ("device.temperature", 1),
  ]
  /// Time of the first report, 2026-03-01T00:00:00Z.
  static let start = Timestamp(milliseconds: 1_772_323_200_000)

  /// The devices' names, `F-000001` and so on.
  let names: [String]
  private var sites: [FleetSite]
  private var grid: Wander
  private var noise: Noise
  private var round: Int64 = 0
  private let interval_ms: Int64

  /// A fleet of so many devices that report every `interval_ms`.
  init(devices: Int, interval_ms: Int64 = 60_000, seed: UInt64 = 1) {
    names = (1...devices).map { number in
      let digits = String(number)
      return "F-" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
    }
    noise = Noise(seed: seed)
    // Deviation in 0.01 Hz.
    grid = Wander(deviation: 1.5, keep: 0.9)
    self.interval_ms = interval_ms
    sites = []
    for _ in 0..<devices { sites.append(FleetSite(seed: noise.bits())) }
  }

  /// Gives every device's next report: its place, its time, and the values of ``series`` in units
  /// of their last decimal. The devices are spread over the interval, each at a second of its own.
  mutating func next(_ body: (Int, Timestamp, [Int64]) throws -> Void) rethrows {
    let elapsed_ms = round * interval_ms
    round += 1
    let frequency = 5_000 + grid.next(&noise)
    let minutes = Double(interval_ms) / 60_000
    for place in sites.indices {
      let second = Int64(place) * interval_ms / Int64(sites.count) / 1_000
      let time = Self.start.advanced(byMilliseconds: elapsed_ms + second * 1_000)
      sites[place].advance(to: time, minutes: minutes, frequency: frequency)
      try body(place, time, sites[place].values)
    }
  }
}
