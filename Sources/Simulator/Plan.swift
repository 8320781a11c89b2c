import SiteModel

/// Everything that is decided before the first message: who exists, and what will go wrong when.
final class Plan: Sendable {
  /// A stretch of simulated time, in milliseconds since the epoch.
  typealias Span = Range<Int64>

  /// A site and its outages, in order.
  struct Site: Sendable {
    let name: String
    let kind: Hardware
    let key: UInt64
    let isInUnknownProvince: Bool
    let hasLandlord: Bool
    let outages: [Span]

    /// The outage at an instant; nil with mains.
    func outage(at time: Int64) -> Span? { outages.span(at: time) }
  }

  /// A device, its silences in order, and what it charges.
  struct Device: Sendable {
    let name: String
    let site: Int
    let hardware: Hardware
    let role: DeviceRole
    let ct: Int
    let parent: String
    /// Who speaks for it; empty when it does itself.
    let gateway: String
    var silences: [Span] = []
    var price: PriceSchedule?
  }

  /// One kind of message of a device.
  struct Source: Sendable {
    let device: Int
    let shape: Shape
    let topic: String
    let key: UInt64
    /// First message, in milliseconds since the epoch; nil for a source that never speaks.
    let first: Int64?
  }

  let options: FleetOptions
  let sites: [Site]
  let devices: [Device]
  let sources: [Source]
  let contracts: [ContractPlan]

  init(_ options: FleetOptions) {
    self.options = options
    let faults = FaultPlan(options)
    var builder = FleetBuilder(options, faults)
    for index in 0..<options.sites { builder.addSite(index) }
    builder.finish()
    (sites, devices, sources, contracts) =
      (builder.sites, builder.devices, builder.sources, builder.contracts)
  }

  var end: Int64 { options.start.milliseconds + options.durationMilliseconds }
}

/// What a prepaid meter charges over time, in 1e-8 yuan/kWh.
struct PriceSchedule: Sendable, Equatable {
  let normal: Int64
  let raised: Int64
  /// When the raised price is in force, in order.
  var spans: [Range<Int64>]

  func price(at time: Int64) -> Int64 { spans.span(at: time) == nil ? normal : raised }
}

extension [Range<Int64>] {
  /// The one of these stretches, which are in order and apart, that holds `time`.
  func span(at time: Int64) -> Range<Int64>? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].upperBound <= time { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].contains(time) ? self[low] : nil
  }
}

/// A contract of the registry.
struct ContractPlan: Sendable {
  let id: String
  let site: Int
  /// Position of the device that counts the energy.
  let meter: Int
  /// In 1e-8 yuan/kWh.
  let price: Int64
}

/// Invented prices in 1e-8 yuan/kWh; none is official.
enum SamplePrice {
  /// The cap: 工商业 单一制 不满1千伏 高峰.
  static let cap: Int64 = 93_000_000
  /// The 尖峰 price of the same table, which is not the cap.
  static let sharp: Int64 = 108_000_000
  static let below: [Int64] = [68_000_000, 80_000_000, 92_000_000]
  /// From the least excess that can be written, past a price that only the 尖峰 row would allow.
  static let above: [Int64] = [93_000_001, 101_000_000, 105_500_000, 120_000_000, 128_000_000]
  /// The same for a meter that shows two decimals.
  static let aboveCoarse: [Int64] = [94_000_000, 105_000_000, 128_000_000]
}
