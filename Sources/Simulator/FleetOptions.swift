import SiteModel

/// What a simulated fleet is like. Every figure has a default and a limit; ``validate()`` names
/// each one that is beyond it.
public struct FleetOptions: Sendable, Equatable {
  /// Source of all chance: the same options give the same bytes. Default 1.
  public var seed: UInt64 = 1
  /// How many sites, 1…20 000. Default 100.
  public var sites = 100
  /// Simulated instant of the beginning, a whole second of 2000…2100.
  public var start = Timestamp(milliseconds: 1_772_323_200_000)
  /// Simulated length, up to 366 days. Default one day.
  public var durationMilliseconds: Int64 = 86_400_000
  /// Simulated seconds that pass in one real second, 1…100 000. Default 1.
  public var timeCompression = 1

  /// Every device reports in this interval: whole seconds, up to an hour. Default 60 s.
  public var intervalMilliseconds: Int64 = 60_000
  /// How many of ten sites are base stations, indoor systems (室分), smart poles (智慧杆塔) and power
  /// terminals (电力5G终端); the four sum up to 10. Default 4, 3, 2, 1.
  public var kindsOfTenSites = [4, 3, 2, 1]

  /// Mains outages in all, each at a site that has no other fault while there are enough sites.
  /// Default 10.
  public var outages = 10
  /// Share of outages that end before the delay and must not alert, permille. Default 250.
  public var shortOutagePermille = 250
  /// Longest outage. Default 2 hours.
  public var longestOutageMilliseconds: Int64 = 7_200_000
  /// Delay of the collector's `outage.mains` rule, which outages keep clear of. Default 180 s.
  public var outageDelayMilliseconds: Int64 = 180_000
  /// Clearing delay of the same rule. Default 20 s.
  public var outageClearMilliseconds: Int64 = 20_000

  /// Devices that stop reporting once, each at a site of its own without outages; every other one
  /// comes back. Default 5.
  public var silentDevices = 5
  /// Silence that the registry allows every device; at least three intervals. Default 300 s.
  public var silentAfterMilliseconds: Int64 = 300_000

  /// Share of indoor and pole sites that buy from a landlord through a prepaid meter, permille.
  /// Default 500.
  public var landlordPermille = 500
  /// Share of landlords whose meter charges more than the cap, permille; half of them from the
  /// beginning, half from some later moment. Default 200.
  public var overpricedPermille = 200
  /// Share of landlords that charge exactly the cap, permille. Default 100.
  public var atCapPermille = 100
  /// Share of contracts whose price is above the cap, permille. Default 100.
  public var overpricedContractPermille = 100
  /// Whether the last landlord is in a province that the tariff table does not know. Default true.
  public var hasProvinceWithoutTariff = true

  /// Share of messages that are published twice, permille. Default 5.
  public var duplicatePermille = 5
  /// Share of messages that are published late and out of order, permille; never two in a row, nor
  /// the first that tells of a change of mains or price. Default 5.
  public var latePermille = 5
  /// Longest delay of a late message. Default 10 minutes.
  public var longestDelayMilliseconds: Int64 = 600_000

  /// When set, faults come in rounds of this length instead of once: in each round one site loses
  /// mains, a device of another falls silent, and a landlord raises the price. Default none.
  public var round: FaultRound?

  /// The defaults.
  public init() {}

  /// Most sites.
  public static let siteLimit = 20_000
  /// Most planned faults: outages or rounds.
  public static let faultLimit = 100_000
}

/// When the faults of a round begin and end, in milliseconds from the round's beginning.
public struct FaultRound: Sendable, Equatable {
  /// Length of a round, whole seconds. Default one minute.
  public var lengthMilliseconds: Int64 = 60_000
  /// The mains outage. Default 8 s … 30 s.
  public var outage: Range<Int64> = 8_000..<30_000
  /// The device's silence. Default 15 s … 40 s.
  public var silence: Range<Int64> = 15_000..<40_000
  /// The price above the cap. Default 5 s … 50 s.
  public var overprice: Range<Int64> = 5_000..<50_000

  /// The defaults.
  public init() {}
}

extension FleetOptions {
  /// A fleet to look at: few sites that report every two seconds, and faults within the first
  /// minute and in every minute after it. The collector's rules should be: outage delay 5 s, clear
  /// 3 s; the registry allows 10 s of silence.
  public static func demo(seed: UInt64 = 1, start: Timestamp) -> FleetOptions {
    var options = FleetOptions()
    options.seed = seed
    options.sites = 12
    options.start = Timestamp(milliseconds: start.milliseconds / 1000 * 1000)
    options.intervalMilliseconds = 2_000
    options.outages = 0
    options.outageDelayMilliseconds = 5_000
    options.outageClearMilliseconds = 3_000
    options.silentDevices = 0
    options.silentAfterMilliseconds = 10_000
    options.landlordPermille = 1000
    options.overpricedPermille = 0
    options.overpricedContractPermille = 0
    options.hasProvinceWithoutTariff = false
    options.longestDelayMilliseconds = 4_000
    options.round = FaultRound()
    return options
  }
}
