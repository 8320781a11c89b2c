import SiteModel

/// The operator's spreadsheets of a simulated fleet, as CSV texts with the product's headings. No
/// cell needs quotes.
public struct RegistryText: Sendable, Equatable {
  /// `site,name,region,province,transformer,landlord`
  public let sites: String
  /// `device,site,hardware,role,address,parent,gateway,ct,pt,silent_after_s`
  public let devices: String
  /// `feeder,name`
  public let feeders: String
  /// `transformer,name,feeder`
  public let transformers: String
  /// `landlord,name`
  public let landlords: String
  /// `contract,site,landlord,meter,unit_price,from,until`
  public let contracts: String

  static let province = "示例省"
  static let unknownProvince = "无表省"

  init(_ plan: Plan) {
    sites = Self.table(
      "site,name,region,province,transformer,landlord", plan.sites.enumerated().map(Self.site))
    let devices = plan.devices.map { Self.device($0, plan) }
    self.devices = Self.table(
      "device,site,hardware,role,address,parent,gateway,ct,pt,silent_after_s", devices)
    let transformers = (plan.sites.count + 4) / 5
    let feeders = (transformers + 9) / 10
    self.feeders = Self.table("feeder,name", (0..<feeders).map { "FD-\($0 + 1),示例馈线\($0 + 1)" })
    self.transformers = Self.table(
      "transformer,name,feeder",
      (0..<transformers).map { "TR-\($0 + 1),示例台区\($0 + 1),FD-\($0 / 10 + 1)" })
    let owners = plan.sites.filter(\.hasLandlord).map { "LL-\($0.name),示例物业 \($0.name)" }
    landlords = Self.table("landlord,name", owners)
    let year = ChinaTime.month(plan.options.start).year
    contracts = Self.table(
      "contract,site,landlord,meter,unit_price,from,until",
      plan.contracts.map { contract in
        let site = plan.sites[contract.site].name
        let price = ExactDecimal(significand: Int128(contract.price), exponent: -8).normalized
        return "\(contract.id),\(site),LL-\(site),\(plan.devices[contract.meter].name),\(price),"
          + "\(year)-01-01,"
      })
  }

  private static func table(_ heading: String, _ rows: [String]) -> String {
    ([heading] + rows).joined(separator: "\n") + "\n"
  }

  private static func site(_ index: Int, _ site: Plan.Site) -> String {
    let words: [Hardware: String] = [
      .baseStation: "基站", .indoor: "室分", .smartPole: "智慧杆塔", .powerTerminal: "电力5G终端",
    ]
    let province = site.isInUnknownProvince ? unknownProvince : province
    let landlord = site.hasLandlord ? "LL-" + site.name : ""
    return "\(site.name),示例\(words[site.kind] ?? "") \(site.name),示例市示例\(index % 5 + 1)区,"
      + "\(province),TR-\(index / 5 + 1),\(landlord)"
  }

  private static func device(_ device: Plan.Device, _ plan: Plan) -> String {
    let compression = Int64(plan.options.timeCompression)
    // The collector counts silence by its own clock, which compressed time leaves behind.
    let silence = plan.options.silentAfterMilliseconds / 1000
    let seconds = max(1, (silence + compression - 1) / compression)
    return "\(device.name),\(plan.sites[device.site].name),\(device.hardware.rawValue),"
      + "\(device.role.rawValue),,\(device.parent),\(device.gateway),\(device.ct),1,\(seconds)"
  }
}

/// The invented tariff table of 示例省.
enum SampleTariff {
  static func csv(_ options: FleetOptions) -> String {
    let first = ChinaTime.month(options.start)
    let last = ChinaTime.month(
      options.start.advanced(byMilliseconds: options.durationMilliseconds))
    let lines = rows.map { row in
      let price = ExactDecimal(significand: Int128(row.price), exponent: -8)
      return "\(RegistryText.province),,\(first),\(last.next),工商业,\(row.scheme),\(row.voltage),"
        + "\(row.period),\(price),示例文件〔\(first.year)〕1号,\(first)-01,true"
    }
    let heading =
      "province,area,from,to,user_class,scheme,voltage_class,period,price,document,published,sample"
    return (["# SAMPLE 示例数据，非官方电价", heading] + lines).joined(separator: "\n") + "\n"
  }

  /// The row of the cap among rows that a wrong choice would take.
  private static let rows: [(scheme: String, voltage: String, period: String, price: Int64)] = [
    ("单一制", "不满1千伏", "尖峰", SamplePrice.sharp),
    ("单一制", "不满1千伏", "高峰", SamplePrice.cap),
    ("单一制", "不满1千伏", "平", 62_000_000),
    ("单一制", "不满1千伏", "低谷", 31_000_000),
    ("单一制", "不满1千伏", "深谷", 18_000_000),
    ("单一制", "1-10千伏", "高峰", 91_000_000),
    ("两部制", "1-10千伏", "高峰", 83_000_000),
  ]
}
