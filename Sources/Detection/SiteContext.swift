import SiteModel
import Tariffs

/// The reference data as detection needs it: every rule, registry row and price that a judgement
/// may rest on. It is replaced as a whole when any of it changes.
public final class SiteContext: Sendable {
  /// The rules.
  public let rules: DetectionRules
  /// Sites, devices and contracts.
  public let registry: Registry
  /// Price caps.
  public let tariffs: TariffTable
  /// Contracts by the meter that counts them.
  let contractsByMeter: [String: [Contract]]
  /// Sites that have a device whose voltages show the whole supply.
  let sitesWithSupplyMeter: Set<String>

  /// A context from its parts.
  public init(rules: DetectionRules, registry: Registry, tariffs: TariffTable) {
    self.rules = rules
    self.registry = registry
    self.tariffs = tariffs
    contractsByMeter = Dictionary(
      grouping: registry.contracts.filter { !$0.meter.isEmpty }, by: \.meter)
    sitesWithSupplyMeter = Set(
      registry.devices.values.filter { $0.role == .master || $0.role == .supervision }
        .map(\.site))
  }

  /// What the registry says of a device, boiled down for the hot path.
  func facts(of device: String, silentAfter profile: Int64?) -> DeviceFacts {
    let registered = registry.devices[device]
    let silentAfter =
      registered?.silentAfterSeconds.map { Int64($0) * 1000 } ?? profile
      ?? rules.silence.standardMilliseconds
    guard let registered else {
      return DeviceFacts(
        site: "", isRegistered: false, showsSupply: true, claimsSupply: true,
        silentAfter: silentAfter)
    }
    let isSub = registered.role == .sub
    let isSupply = registered.role == .master || registered.role == .supervision
    let isOnlyMeter = !isSub && !sitesWithSupplyMeter.contains(registered.site)
    return DeviceFacts(
      site: registered.site, isRegistered: true, showsSupply: isSupply || isOnlyMeter,
      claimsSupply: !isSub, silentAfter: silentAfter)
  }

  /// The province whose cap applies to a device's site.
  func province(ofSite site: String) -> String {
    let known = registry.sites[site]?.province ?? ""
    return known.isEmpty ? rules.price.province : known
  }

  /// Name of a site for people; the code when it has none.
  func siteName(_ site: String) -> String {
    let name = registry.sites[site]?.name ?? ""
    return name.isEmpty ? site : name
  }
}

/// What detection needs to know of one device.
struct DeviceFacts: Sendable, Equatable {
  /// Its site; empty when it is not registered.
  var site: String
  /// Whether a registry names it.
  var isRegistered: Bool
  /// Whether its phase voltages show the supply of the whole site.
  var showsSupply: Bool
  /// Whether its own statement about mains counts for the site.
  var claimsSupply: Bool
  /// Silence in milliseconds after which it counts as silent.
  var silentAfter: Int64
}
