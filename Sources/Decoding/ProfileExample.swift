import SiteModel

/// A message and what must come out of it, kept in the profile that it explains.
struct ProfileExample: Sendable {
  /// One object that must come out; only the words that are given are compared.
  struct Expectation: Sendable {
    let place: ConfigNode
    let fields: [(key: String, value: String)]
  }

  /// Time of receipt of an example that gives none.
  static let standardTime = "2026-03-01T08:00:00Z"

  let place: ConfigNode
  let name: String
  let topic: String
  let payload: [UInt8]
  let receivedAt: Timestamp
  let isRetained: Bool
  /// Transformer ratios and gateways by device.
  let registry: Registry
  let expectations: [Expectation]

  /// The examples of a profile; a profile must have at least one.
  static func read(
    _ section: ConfigSection, topics: [TopicPattern], log: ProblemLog
  ) -> [ProfileExample] {
    let examples = section.sections("examples").map { ProfileExample($0, topics: topics, log: log) }
    if examples.isEmpty { section.report("examples", "is missing, expected at least one") }
    return examples
  }

  private init(_ section: ConfigSection, topics: [TopicPattern], log: ProblemLog) {
    place = section.node
    name = section.text("name")
    topic = section.text("topic")
    payload = Self.payload(section)
    isRetained = section.flag("retained", default: false)
    registry = Self.registry(section)
    expectations = Self.expectations(section, log: log)
    let time = section.text("received", default: Self.standardTime)
    let instant = Timestamp(parsing: time, offsetSeconds: 0)
    if instant == nil {
      section.report("received", "found '\(time)', expected a time such as \(Self.standardTime)")
    }
    receivedAt = instant ?? Timestamp(milliseconds: 0)
    let bytes = Array(topic.utf8)
    let isOwn = topics.contains { pattern in
      bytes.withUnsafeBytes { pattern.match($0, capture: "") } != nil
    }
    if !isOwn, !topic.isEmpty, !topics.isEmpty {
      section.report("topic", "'\(topic)' matches none of the profile's topics")
    }
    section.finish()
  }

  private static func payload(_ section: ConfigSection) -> [UInt8] {
    let text = section.optionalText("payload")
    let hex = section.optionalText("payload_hex")
    if (text == nil) == (hex == nil) {
      section.report("payload", "expected either payload or payload_hex")
    }
    if let text { return Array(text.utf8) }
    let digits = (hex ?? "").filter { !$0.isWhitespace }
    var bytes: [UInt8] = []
    var rest = Substring(digits)
    while !rest.isEmpty {
      guard rest.count >= 2, let byte = UInt8(rest.prefix(2), radix: 16) else {
        section.report("payload_hex", "found '\(rest.prefix(20))', expected pairs of hex digits")
        return []
      }
      bytes.append(byte)
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  private static func registry(_ section: ConfigSection) -> Registry {
    var registry = Registry()
    guard let devices = section.section("registry") else { return registry }
    for name in devices.keys {
      guard let row = devices.section(name) else { continue }
      registry.devices[name] = Device(
        id: name, site: "", hardware: .meter, role: .equipment,
        address: row.text("address", default: ""),
        ctRatio: row.decimal("ct_ratio") ?? ExactDecimal(1),
        ptRatio: row.decimal("pt_ratio") ?? ExactDecimal(1),
        gateway: row.text("gateway", default: ""), model: row.text("model", default: ""))
      row.finish()
    }
    return registry
  }

  private static let words = [
    "kind", "device", "metric", "value", "unit", "time", "quality", "alarm", "state", "severity",
    "code", "key", "object", "reason", "part", "text",
  ]

  private static func expectations(_ section: ConfigSection, log: ProblemLog) -> [Expectation] {
    if section.value("expect") == nil {
      section.report("expect", "is missing, expected a list (write [] when nothing comes out)")
    }
    return section.sections("expect").map { object in
      let fields = words.compactMap { word in
        object.optionalText(word).map { (key: word, value: $0) }
      }
      if !fields.contains(where: { $0.key == "kind" }) { object.report("kind", "is missing") }
      object.finish()
      return Expectation(place: object.node, fields: fields)
    }
  }
}
