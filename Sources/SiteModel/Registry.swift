/// The kinds of equipment that report.
public enum Hardware: String, Sendable, CaseIterable {
  /// 基站
  case baseStation = "base_station"
  /// 室分: indoor distribution unit
  case indoor
  /// 智慧杆塔
  case smartPole = "smart_pole"
  /// 电力5G终端
  case powerTerminal = "power_terminal"
  /// 电表
  case meter
  /// 动环监控单元: field supervision unit of a tower site
  case fsu
}

/// What a device measures at its site.
public enum DeviceRole: String, Sendable, CaseIterable {
  /// 关口表: the meter of the whole supply; its voltages tell whether the site has mains.
  case master
  /// 分表: the meter of one tenant or landlord's sub-supply.
  case sub
  /// The site's supervision unit or rectifier; its alarms tell whether the site has mains.
  case supervision
  /// Anything else.
  case equipment
}

/// A place with equipment.
public struct Site: Sendable, Equatable {
  /// Site code (铁塔站址编码 or the owner's own).
  public var id: String
  /// Name for people.
  public var name: String
  /// Administrative region, for routing (`济南市历下区` or a code).
  public var region: String
  /// Province, as the tariff table names it.
  public var province: String
  /// Transformer that feeds it; empty when unknown.
  public var transformer: String
  /// Landlord that sells it power; empty for direct supply.
  public var landlord: String

  /// A site from its parts.
  public init(
    id: String, name: String, region: String, province: String, transformer: String,
    landlord: String
  ) {
    self.id = id
    self.name = name
    self.region = region
    self.province = province
    self.transformer = transformer
    self.landlord = landlord
  }
}

/// A registered device.
public struct Device: Sendable, Equatable {
  /// The name that topics and payloads carry.
  public var id: String
  /// Site where it stands.
  public var site: String
  /// Kind of equipment.
  public var hardware: Hardware
  /// What it measures there.
  public var role: DeviceRole
  /// Address on its bus (DL/T 645 or Modbus); empty when it has none.
  public var address: String
  /// Meter above it, for line loss; empty at the top.
  public var parent: String
  /// Current transformer ratio, 1 without one.
  public var ctRatio: ExactDecimal
  /// Voltage transformer ratio, 1 without one.
  public var ptRatio: ExactDecimal
  /// Seconds of silence after which it counts as silent; nil takes the profile's.
  public var silentAfterSeconds: Int?
  /// Device whose messages carry its values, such as a data terminal unit; empty when it speaks
  /// for itself. No other device may then speak for it.
  public var gateway: String
  /// Profile that reads its messages, where the topic leaves that open; empty for the topic's.
  public var model: String

  /// A device from its parts.
  public init(
    id: String, site: String, hardware: Hardware, role: DeviceRole, address: String = "",
    parent: String = "", ctRatio: ExactDecimal = "1", ptRatio: ExactDecimal = "1",
    silentAfterSeconds: Int? = nil, gateway: String = "", model: String = ""
  ) {
    (self.gateway, self.model) = (gateway, model)
    self.id = id
    self.site = site
    self.hardware = hardware
    self.role = role
    self.address = address
    self.parent = parent
    self.ctRatio = ctRatio
    self.ptRatio = ptRatio
    self.silentAfterSeconds = silentAfterSeconds
  }
}

/// A medium-voltage line of the grid company.
public struct Feeder: Sendable, Equatable {
  /// Feeder code.
  public var id: String
  /// Name for people.
  public var name: String

  /// A feeder from its parts.
  public init(id: String, name: String) {
    self.id = id
    self.name = name
  }
}

/// A distribution transformer (台区).
public struct Transformer: Sendable, Equatable {
  /// Transformer code.
  public var id: String
  /// Name for people.
  public var name: String
  /// Feeder that supplies it; empty when unknown.
  public var feeder: String

  /// A transformer from its parts.
  public init(id: String, name: String, feeder: String) {
    self.id = id
    self.name = name
    self.feeder = feeder
  }
}

/// Who sells power onward (转供电主体).
public struct Landlord: Sendable, Equatable {
  /// Landlord code.
  public var id: String
  /// Name for people.
  public var name: String

  /// A landlord from its parts.
  public init(id: String, name: String) {
    self.id = id
    self.name = name
  }
}

/// A contract under which a landlord sells power to a site.
public struct Contract: Sendable, Equatable {
  /// Contract number.
  public var id: String
  /// Site that buys.
  public var site: String
  /// Landlord that sells.
  public var landlord: String
  /// Meter that counts the sold energy; empty when there is none.
  public var meter: String
  /// Agreed price with tax, yuan/kWh.
  public var unitPrice: ExactDecimal
  /// First instant of the contract (local midnight).
  public var from: Timestamp
  /// First instant after the contract; nil while it has no end.
  public var until: Timestamp?
  /// File and line it was read from, as evidence.
  public var source: String

  /// A contract from its parts.
  public init(
    id: String, site: String, landlord: String, meter: String, unitPrice: ExactDecimal,
    from: Timestamp, until: Timestamp?, source: String
  ) {
    self.id = id
    self.site = site
    self.landlord = landlord
    self.meter = meter
    self.unitPrice = unitPrice
    self.from = from
    self.until = until
    self.source = source
  }
}

/// Everything that the operator's spreadsheets say; each table by its code.
public struct Registry: Sendable, Equatable {
  /// Sites by code.
  public var sites: [String: Site] = [:]
  /// Devices by name.
  public var devices: [String: Device] = [:]
  /// Feeders by code.
  public var feeders: [String: Feeder] = [:]
  /// Transformers by code.
  public var transformers: [String: Transformer] = [:]
  /// Landlords by code.
  public var landlords: [String: Landlord] = [:]
  /// Contracts in the order of their numbers.
  public var contracts: [Contract] = []

  /// An empty registry.
  public init() {}
}
