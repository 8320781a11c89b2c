import Detection
import Documents
import Foundation
import MQTT
import Notifiers
import SiteModel
import Storage

/// The configuration file, read and checked. Paths in it are relative to the file itself.
public struct Settings: Sendable {
  /// The configuration file as the user named it.
  public var file: String
  /// Name of this collector, also its MQTT client id.
  public var node: String
  /// The SQLite file.
  public var database: String
  /// The link to the broker.
  public var mqtt: MQTTSettings
  /// Name under which edge nodes know this collector as a Sparkplug host; nil, the default, for
  /// none.
  public var sparkplugHost: String?
  /// Folders and files with device profiles.
  public var profiles: [String]
  /// Registry files: kind (`sites`, `devices`, …) and path.
  public var registry: [(kind: String, path: String)]
  /// Tariff files.
  public var tariffs: [String]
  /// How messages are grouped and kept.
  public var storage: StorageSettings
  /// The `rules` section as it stands; the engine compiles it.
  public var rules: ConfigNode
  /// Where alerts go.
  public var channels: [ChannelSettings]
  /// Least severe log line that is written: `debug`, `info`, `warning` or `error`. Default `info`.
  public var logLevel: String
}

/// The `mqtt` section.
public struct MQTTSettings: Sendable {
  /// Where the section begins in the file.
  public var line = 0
  /// Broker addresses, tried in turn.
  public var brokers: [BrokerURL] = []
  /// Topic filters; empty takes those of the profiles.
  public var subscriptions: [String] = []
  /// File with the user name; nil for none.
  public var usernameFile: String?
  /// File with the password; nil for none.
  public var passwordFile: String?
  /// PEM file of the authorities that sign the broker's certificate.
  public var caFile: String?
  /// PEM file of the client's certificate.
  public var certificateFile: String?
  /// PEM file of the client's key.
  public var keyFile: String?
  /// How long the broker keeps the session of an absent collector. Default 7 days.
  public var sessionExpirySeconds = 604_800
  /// Most unacknowledged messages that the broker may send under MQTT 5. Default 5000.
  public var receiveMaximum = 5000
  /// Longest pause on the link, in seconds. Default 60.
  public var keepAliveSeconds = 60
  /// How long a broker may take to answer CONNECT, in seconds. Default 10.
  public var connectTimeoutSeconds = 10
  /// Topic of the retained online/offline status; nil takes `sitewatt/<node>/status`.
  public var statusTopic: String?
  /// Whether the broker's `$SYS` counters are watched. Default true.
  public var watchesBroker = true
}

/// The `storage` section.
public struct StorageSettings: Sendable {
  /// Most messages per transaction. Default 5000.
  public var batchMessages = 5000
  /// Most payload bytes per transaction. Default 8 MiB.
  public var batchBytes = 8 << 20
  /// Longest payload that is decoded, in bytes; a longer one is quarantined. Default 256 KiB.
  public var payloadLimit = 256 << 10
  /// `full`: every commit survives a power cut. `normal`: only a crash of the process. Default
  /// full.
  public var synchronous = "full"
  /// Largest database file in MiB; nil, the default, for none.
  public var maxSizeMiB: Int?
  /// Messages after which the engine's state is saved, which bounds the replay after a crash.
  public var snapshotMessages = 200_000
  /// Days that things are kept; for ever by default.
  public var retention = RetentionSettings()
  /// Metrics with stored hourly figures. Default the registers of energy.
  public var rollupHour = MetricPatterns.energy
  /// Metrics with stored daily figures. Default all.
  public var rollupDay = MetricPatterns.all
}

/// The `retention` part of the `storage` section, in days (0…36 500); 0 is for ever.
public struct RetentionSettings: Sendable {
  /// Samples as they were measured.
  public var rawDays = 0
  /// Hourly figures.
  public var hourlyDays = 0
  /// Daily figures.
  public var dailyDays = 0
  /// Messages as they were received.
  public var journalDays = 0
}

/// One element of the `notify` list.
public struct ChannelSettings: Sendable {
  /// Its name.
  public var name: String
  /// `webhook` or `log`.
  public var type: String
  /// Least urgent severity that it is sent.
  public var leastSeverity: Severity
  /// Kinds that it is sent, by their beginnings; empty for all.
  public var kinds: [String]
  /// How the webhook is called; nil for the log.
  public var webhook: WebhookOptions?
  /// Where it stands in the file.
  public var line: Int
}

extension Settings {
  /// Reads and checks a configuration file; all problems at once.
  public static func load(_ file: String) throws(Problems) -> Settings {
    let log = ProblemLog()
    let settings = try inspect(file, log: log)
    try log.throwIfAny()
    return settings
  }

  /// Reads as much of a configuration file as it can, and notes what is wrong; throws when it is no
  /// YAML. After a problem the settings are good only for finding further ones.
  public static func inspect(
    _ file: String, log: ProblemLog
  ) throws(Problems) -> Settings {
    let bytes = try FileBytes.read(file, limit: 4 << 20)
    return Settings(try YAMLDocument.parse(bytes, file: file), file: file, log: log)
  }

  private init(_ root: ConfigNode, file: String, log: ProblemLog) {
    let section = ConfigSection(root, log: log)
    let folder = (file as NSString).deletingLastPathComponent
    let resolve: (String) -> String = { path in
      path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
    }
    self.file = file
    node = section.text("node", default: "sitewatt")
    if !Self.isPlainName(node) {
      section.report("node", "found '\(node)', expected letters, digits, '-' or '_' (1 to 64)")
    }
    database = resolve(section.text("database"))
    mqtt = MQTTSettings(section.section("mqtt"), in: section, resolve: resolve)
    sparkplugHost = Self.sparkplugHost(section.section("sparkplug"))
    profiles = section.texts("profiles").map(resolve)
    if profiles.isEmpty { section.report("profiles", "expected at least one folder or file") }
    registry = []
    if let part = section.section("registry") {
      for kind in ["sites", "devices", "feeders", "transformers", "landlords", "contracts"] {
        for path in part.texts(kind) { registry.append((kind, resolve(path))) }
      }
      part.finish()
    }
    tariffs = section.texts("tariffs").map(resolve)
    storage = StorageSettings(section.section("storage"))
    rules = section.value("rules") ?? ConfigNode(file: file, line: root.line, content: .null)
    _ = DetectionRules(ConfigSection(rules, log: log))
    channels = section.sections("notify").map { ChannelSettings($0, resolve: resolve) }
    for (index, channel) in channels.enumerated()
    where channels[..<index].contains(where: { $0.name == channel.name }) {
      log.add(
        Problem(
          file: file, line: channel.line, text: "notify: name '\(channel.name)' is given twice"))
    }
    logLevel = section.choice(
      "log_level", of: ["debug", "info", "warning", "error"], default: "info")
    section.finish()
  }

  private static func sparkplugHost(_ section: ConfigSection?) -> String? {
    guard let section else { return nil }
    let name = section.text("host_id")
    if !name.isEmpty, !isPlainName(name) {
      section.report("host_id", "found '\(name)', expected letters, digits, '-' or '_' (1 to 64)")
    }
    section.finish()
    return name
  }

  private static func isPlainName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
          || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
      }
  }
}

extension MQTTSettings {
  fileprivate init(
    _ section: ConfigSection?, in parent: ConfigSection, resolve: (String) -> String
  ) {
    guard let section else {
      parent.report("mqtt", "is missing")
      return
    }
    line = section.node.line
    for node in section.list("brokers") {
      guard case .scalar(let text) = node.content else {
        section.report("brokers", "found \(node.found), expected a mqtt:// or mqtts:// URL")
        continue
      }
      do { brokers.append(try BrokerURL(parsing: text)) } catch {
        section.report("brokers", error.text)
      }
    }
    if section.list("brokers").isEmpty {
      section.report("brokers", "expected at least one mqtt:// or mqtts:// URL")
    }
    subscriptions = section.texts("subscriptions")
    usernameFile = section.optionalText("username_file").map(resolve)
    passwordFile = section.optionalText("password_file").map(resolve)
    caFile = section.optionalText("ca_file").map(resolve)
    certificateFile = section.optionalText("certificate_file").map(resolve)
    keyFile = section.optionalText("key_file").map(resolve)
    if (certificateFile == nil) != (keyFile == nil) {
      section.report("key_file", "certificate_file and key_file belong together")
    }
    sessionExpirySeconds = section.integer(
      "session_expiry_s", default: sessionExpirySeconds, in: 60...4_294_967_294)
    receiveMaximum = section.integer("receive_maximum", default: receiveMaximum, in: 1...32_767)
    keepAliveSeconds = section.integer("keep_alive_s", default: keepAliveSeconds, in: 5...3600)
    connectTimeoutSeconds = section.integer(
      "connect_timeout_s", default: connectTimeoutSeconds, in: 1...120)
    statusTopic = section.optionalText("status_topic")
    watchesBroker = section.flag("watch_broker", default: watchesBroker)
    section.finish()
  }
}

extension StorageSettings {
  fileprivate init(_ section: ConfigSection?) {
    guard let section else { return }
    batchMessages = section.integer("batch_messages", default: batchMessages, in: 1...32_767)
    batchBytes = section.integer("batch_kib", default: batchBytes >> 10, in: 64...65_536) << 10
    payloadLimit =
      section.integer("payload_limit_kib", default: payloadLimit >> 10, in: 1...16_384) << 10
    synchronous = section.choice("synchronous", of: ["full", "normal"], default: synchronous)
    if section.has("max_size_mib") {
      maxSizeMiB = section.integer("max_size_mib", default: nil, in: 1...16_777_216)
    }
    snapshotMessages = section.integer(
      "snapshot_messages", default: snapshotMessages, in: 1000...10_000_000)
    retention = RetentionSettings(section.section("retention"))
    if let rollups = section.section("rollups") {
      rollupHour = Self.patterns(rollups, "hour", default: rollupHour)
      rollupDay = Self.patterns(rollups, "day", default: rollupDay)
      rollups.finish()
    }
    section.finish()
  }

  private static func patterns(
    _ section: ConfigSection, _ key: String, default standard: MetricPatterns
  ) -> MetricPatterns {
    guard section.has(key) else { return standard }
    let patterns = MetricPatterns(section.texts(key))
    for pattern in patterns.unmatched {
      section.report(key, "no metric is called '\(pattern)'; '*' may end a beginning of names")
    }
    return patterns
  }
}

extension RetentionSettings {
  fileprivate init(_ section: ConfigSection?) {
    guard let section else { return }
    rawDays = section.integer("raw_days", default: rawDays, in: 0...36_500)
    hourlyDays = section.integer("hourly_days", default: hourlyDays, in: 0...36_500)
    dailyDays = section.integer("daily_days", default: dailyDays, in: 0...36_500)
    journalDays = section.integer("journal_days", default: journalDays, in: 0...36_500)
    section.finish()
  }
}

extension ChannelSettings {
  fileprivate init(_ section: ConfigSection, resolve: (String) -> String) {
    line = section.node.line
    name = section.text("name")
    type = section.choice("type", of: ["webhook", "log"])
    let words = Severity.allCases.map(\.rawValue)
    leastSeverity =
      Severity(rawValue: section.choice("min_severity", of: words, default: "info")) ?? .info
    kinds = section.texts("kinds")
    if type == "webhook" { webhook = Self.webhook(section, resolve) }
    section.finish()
  }

  private static func webhook(
    _ section: ConfigSection, _ resolve: (String) -> String
  ) -> WebhookOptions {
    var options = WebhookOptions(url: Secret(section.text("url")))
    if let path = section.optionalText("secret_file").map(resolve) {
      do throws(Problems) {
        options.secret = Secret(try FileBytes.secret(path))
      } catch {
        section.report("secret_file", error.all.map(\.text).joined(separator: "; "))
      }
    }
    options.timeoutMilliseconds =
      Int64(section.integer("timeout_s", default: 10, in: 1...120)) * 1000
    options.authorityFile = section.optionalText("ca_file").map(resolve)
    for problem in options.validate() { section.report("url", problem) }
    return options
  }
}
