import SiteModel

/// What one model of device says, and how: topics and payloads mapped to the metric catalogue and
/// to alarms. It is compiled from a YAML file of `devices/`, whose README explains the format.
public final class DeviceProfile: Sendable {
  /// Unique name, lower-case words joined by dashes.
  public let name: String
  /// Name for people, in Chinese.
  public let titleZH: String
  /// Name for people, in English.
  public let titleEN: String
  /// Kind of equipment; nil when any kind may use it.
  public let hardware: Hardware?
  /// Seconds without a message after which a device of this model counts as silent.
  public let silentAfterSeconds: Int
  /// The file it was read from.
  public let file: String

  /// The MQTT subscription filters of its topics: `uplink/+/json`.
  public var topicFilters: [String] { topics.map(\.filter) }

  let line: Int
  /// What its messages are written in: one protocol, or several document formats.
  let wire: [WireProtocol]
  let topics: [TopicPattern]
  /// Capture of the topics that names the device; empty when the payload does.
  let deviceCapture: String
  let plan: ProfilePlan
  let examples: [ProfileExample]

  /// Compiles a profile file. Every problem goes to `log`; when there is any, the profile must not
  /// be used. `tables` are those that it may use besides its own.
  public init(_ node: ConfigNode, tables: SharedTables = SharedTables(), log: ProblemLog) {
    let section = ConfigSection(node, log: log)
    name = Self.name(section)
    let title = section.section("title")
    titleZH = title?.text("zh") ?? ""
    titleEN = title?.text("en") ?? ""
    title?.finish()
    if title == nil { section.report("title", "is missing, expected { zh: …, en: … }") }
    hardware = Self.hardware(section)
    silentAfterSeconds = section.integer("silent_after_s", default: nil, in: 10...2_678_400)
    (file, line) = (node.file, node.line)
    topics = Self.topics(section)
    wire = WireProtocol.read(section)
    var reader = PlanReader(section, shared: tables, log: log)
    // The standard fixes which levels of a topic name the node and the device.
    deviceCapture = wire[0] == .sparkplug ? "" : reader.readDevice(topics: topics)
    if wire[0].isDocument { reader.readAll() } else { reader.readPoints(wire[0]) }
    plan = reader.plan
    if plan.meter != nil, deviceCapture.isEmpty {
      section.report("device", "must be a {name} of the topics, for frames only have addresses")
    }
    examples = ProfileExample.read(section, topics: topics, log: log)
    section.finish()
  }

  /// Reports profiles that cannot be used side by side: equal names, and equal topic patterns.
  public static func checkTogether(_ profiles: [DeviceProfile], log: ProblemLog) {
    var names: [String: DeviceProfile] = [:]
    var filters: [String: DeviceProfile] = [:]
    for profile in profiles {
      if let other = names.updateValue(profile, forKey: profile.name) {
        log.add(profile.problem("profile '\(profile.name)' is also defined in \(other.file)"))
      }
      for topic in profile.topics {
        guard let other = filters.updateValue(profile, forKey: topic.filter) else { continue }
        log.add(
          profile.problem(
            "topic pattern '\(topic.text)' matches the same topics as one of '\(other.name)'"))
      }
    }
  }

  func problem(_ text: String) -> Problem { Problem(file: file, line: line, text: text) }

  private static func name(_ section: ConfigSection) -> String {
    let name = section.text("profile")
    let isName = name.utf8.allSatisfy { byte in
      (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-")
    }
    if !isName {
      section.report("profile", "found '\(name)', expected lower-case words joined by dashes")
    }
    return name
  }

  private static func hardware(_ section: ConfigSection) -> Hardware? {
    let options = ["any"] + Hardware.allCases.map(\.rawValue)
    return Hardware(rawValue: section.choice("hardware", of: options))
  }

  private static func topics(_ section: ConfigSection) -> [TopicPattern] {
    let texts = section.texts("topics")
    if texts.isEmpty, !section.has("topics") { section.report("topics", "is missing") }
    return texts.compactMap { text in
      if let pattern = TopicPattern(text) { return pattern }
      section.report(
        "topics",
        "found '\(text)', expected levels between slashes, each a fixed text, + or {name}, "
          + "and # only at the end")
      return nil
    }
  }
}
