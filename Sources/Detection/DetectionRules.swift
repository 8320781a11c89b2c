import SiteModel
import Tariffs

/// The adjustable part of detection. The defaults are starting points of the field, not law.
public struct DetectionRules: Sendable, Equatable {
  /// `outage.mains`: a site lost its mains supply.
  public struct Mains: Sendable, Equatable {
    /// How long mains must be lost before it is an outage. Default 180 s, the delay of the FSU
    /// signal dictionary (China Tower, 2016) for 交流输入停电.
    public var delayMilliseconds: Int64 = 180_000
    /// How long mains must be back before the outage is over. Default 20 s.
    public var clearMilliseconds: Int64 = 20_000
    /// A phase below this counts as dead. Default 90 V, the threshold of the same dictionary.
    public var voltageBelow: ExactDecimal = "90"
    /// Severity of the alert.
    public var severity = Severity.critical
  }

  /// `device.silent`: a device stopped reporting.
  public struct Silence: Sendable, Equatable {
    /// Whether it is watched at all.
    public var isOn = true
    /// Whether devices that are in no registry are watched too.
    public var includesUnregistered = true
    /// Silence that is allowed when neither registry nor profile says so. Default 900 s.
    public var standardMilliseconds: Int64 = 900_000
    /// Severity of the alert.
    public var severity = Severity.minor
  }

  /// `price.cap_exceeded` and `price.tariff_missing`.
  public struct Price: Sendable, Equatable {
    /// Province of devices whose site is unknown; empty means that they are not judged.
    public var province = ""
    /// Severity of an exceeded cap.
    public var severity = Severity.major
    /// Severity of a missing tariff table.
    public var missingSeverity = Severity.minor
    /// Which row of the tariff table is the cap.
    public var cap = CapRule()
  }

  /// The histories of device alarms.
  public struct Alarms: Sendable, Equatable {
    /// How long a device that states all its open alarms anew may take for it; alarms that it did
    /// not repeat by then have ended. Default 60 s.
    public var rebuildWindowMilliseconds: Int64 = 60_000
  }

  /// `outage.site_down`: a device says that its site is out of service.
  public struct SiteDown: Sendable, Equatable {
    /// Whether such alarms become incidents of their site.
    public var isOn = true
    /// The alarm classes that say so. Default `service.down` (基站退服) and `lvd1.open` (一级低压脱离),
    /// behind which the base station has no power: operators count both as 退服.
    public var alarms: Set<String> = ["service.down", "lvd1.open"]
    /// Severity of the alert.
    public var severity = Severity.critical
  }

  /// `device.identity`: a message spoke for another device than it may.
  public struct Identity: Sendable, Equatable {
    /// Whether it is reported; such messages are refused in any case.
    public var isOn = true
    /// How long nothing of the kind must have come before it is over. Default 24 h.
    public var quietMilliseconds: Int64 = 86_400_000
    /// Severity of the alert.
    public var severity = Severity.major
  }

  /// Mains outages.
  public var mains = Mains()
  /// Silent devices.
  public var silence = Silence()
  /// Prices of transferred power.
  public var price = Price()
  /// Sites out of service.
  public var siteDown = SiteDown()
  /// Devices that speak for others.
  public var identity = Identity()
  /// Histories of device alarms.
  public var alarms = Alarms()
  /// Seconds by which local wall time is ahead of UTC. Default 28 800 (UTC+8, no summer time).
  public var offsetSeconds = 28_800

  /// The defaults.
  public init() {}
}

extension DetectionRules {
  /// Reads the `rules` section of the configuration; problems go to the section's log.
  public init(_ section: ConfigSection?) {
    self.init()
    guard let section else { return }
    if let part = section.section("outage.mains") { mains.read(part) }
    if let part = section.section("device.silent") { silence.read(part) }
    if let part = section.section("price") { price.read(part) }
    if let part = section.section("outage.site_down") { siteDown.read(part) }
    if let part = section.section("device.identity") { identity.read(part) }
    if let part = section.section("alarms") { alarms.read(part) }
    section.finish()
  }
}

extension DetectionRules.Mains {
  fileprivate mutating func read(_ part: ConfigSection) {
    delayMilliseconds = part.milliseconds("delay_s", default: delayMilliseconds)
    clearMilliseconds = part.milliseconds("clear_s", default: clearMilliseconds)
    voltageBelow = part.decimal("voltage_below_v") ?? voltageBelow
    severity = part.severity(default: severity)
    part.finish()
  }
}

extension DetectionRules.Silence {
  fileprivate mutating func read(_ part: ConfigSection) {
    isOn = part.flag("enabled", default: isOn)
    includesUnregistered = part.flag("include_unregistered", default: includesUnregistered)
    standardMilliseconds = part.milliseconds("silent_after_s", default: standardMilliseconds)
    severity = part.severity(default: severity)
    part.finish()
  }
}

extension DetectionRules.SiteDown {
  fileprivate mutating func read(_ part: ConfigSection) {
    isOn = part.flag("enabled", default: isOn)
    if part.has("alarms") { alarms = Set(part.texts("alarms")) }
    severity = part.severity(default: severity)
    part.finish()
  }
}

extension DetectionRules.Identity {
  fileprivate mutating func read(_ part: ConfigSection) {
    isOn = part.flag("enabled", default: isOn)
    quietMilliseconds = part.milliseconds("quiet_s", default: quietMilliseconds)
    severity = part.severity(default: severity)
    part.finish()
  }
}

extension DetectionRules.Alarms {
  fileprivate mutating func read(_ part: ConfigSection) {
    rebuildWindowMilliseconds = part.milliseconds(
      "rebuild_window_s", default: rebuildWindowMilliseconds)
    part.finish()
  }
}

extension DetectionRules.Price {
  fileprivate mutating func read(_ part: ConfigSection) {
    province = part.text("province", default: province)
    severity = part.severity(default: severity)
    cap.userClass = part.text("user_class", default: cap.userClass)
    cap.scheme = part.text("scheme", default: cap.scheme)
    cap.voltageClass = part.text("voltage_class", default: cap.voltageClass)
    cap.period = part.text("period", default: cap.period)
    part.finish()
  }
}

extension ConfigSection {
  /// A duration in whole seconds, up to 30 days, as milliseconds.
  fileprivate func milliseconds(_ key: String, default standard: Int64) -> Int64 {
    Int64(integer(key, default: Int(standard / 1000), in: 0...2_592_000)) * 1000
  }

  /// The key `severity`.
  fileprivate func severity(default standard: Severity) -> Severity {
    let words = Severity.allCases.map(\.rawValue)
    let word = choice("severity", of: words, default: standard.rawValue)
    return Severity(rawValue: word) ?? standard
  }
}
