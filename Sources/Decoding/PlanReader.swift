import SiteModel

/// Reads the parts of a profile that say how a payload is taken apart.
struct PlanReader {
  /// Most shapes of message in one profile.
  static let shapeLimit = 64

  /// The mapping that is read at present: the profile, or one of its `messages`.
  private(set) var section: ConfigSection
  private(set) var log: ProblemLog
  var plan = ProfilePlan()
  /// The shape that is read at present.
  var shape = MessageShape(tree: FieldTree(records: nil))
  private let profile: ConfigSection
  /// Tables that several shapes use.
  let tables: ConfigSection?
  /// Tables that several profiles use.
  let shared: SharedTables
  private var topics: [TopicPattern] = []
  /// Path of the device's name that all shapes have in common; empty when the topic names it.
  private var devicePath = ""
  /// True while one of the `messages` is read.
  private var isMessage = false
  /// Number of the next list of words.
  private var nextWords: Int32 = 0

  init(_ section: ConfigSection, shared: SharedTables, log: ProblemLog) {
    (self.section, profile, self.log, self.shared) = (section, section, log, shared)
    tables = section.section("tables")
    plan.zoneSeconds = Self.zone(section)
  }

  /// Reads `device`; the name of the capture, or empty when it is a path.
  mutating func readDevice(topics: [TopicPattern]) -> String {
    self.topics = topics
    if !section.has("device"), isNamedByEveryMessage { return "" }
    let text = section.text("device", default: "{device}")
    if let name = capture(text, "device") { return name }
    devicePath = text
    return ""
  }

  /// Reads everything else.
  mutating func readAll() {
    if let text = section.optionalText("gateway") {
      plan.gateway = capture(text, "gateway") ?? ""
      if plan.gateway.isEmpty {
        section.report("gateway", "found '\(text)', expected a capture such as {gateway}")
      }
    }
    readAssembly()
    if section.has("messages") {
      readMessages()
    } else {
      let known = log.problems.count
      readShapes()
      // A row with a mistake is none that is missing.
      let hasMistakes = log.problems.count > known
      if plan.rules.isEmpty, plan.shapes.allSatisfy(\.mapsNothing), !hasMistakes {
        log.add(profile.node.problem("maps nothing: metrics, values or alarms is missing"))
      }
    }
    tables?.finish()
  }

  /// The name in `{name}`, which every topic must have; nil when `text` is something else.
  func capture(_ text: String, _ key: String) -> String? {
    guard text.hasPrefix("{"), text.hasSuffix("}") else { return nil }
    let name = String(text.dropFirst().dropLast())
    if name.contains(where: { "{}/".contains($0) }) { return nil }
    for topic in topics where !topic.captures.contains(name) {
      section.report(key, "topic '\(topic.text)' has no {\(name)}")
    }
    return name
  }

  private var isNamedByEveryMessage: Bool {
    let messages = section.sections("messages")
    return !messages.isEmpty && messages.allSatisfy { $0.has("device") }
  }

  private mutating func readMessages() {
    for key in Self.shapeKeys where profile.has(key) {
      profile.report(key, "stands beside messages, expected it in one of them")
    }
    isMessage = true
    for message in profile.sections("messages") {
      section = message
      readShapes()
      message.finish()
    }
    (section, isMessage) = (profile, false)
  }

  static let shapeKeys = [
    "records", "when", "skip", "only", "time", "also", "sub_device", "metrics", "values", "alarms",
  ]

  /// The shapes of one mapping: one for each path of its `records`, or one without any.
  private mutating func readShapes() {
    let (place, problems) = (section, log)
    let texts = section.texts("records")
    readShape(records: texts.first)
    for text in texts.dropFirst() {
      // The same keys are read once more; their problems are known already.
      log = ProblemLog()
      section = ConfigSection(place.node, log: log)
      readShape(records: text)
      for problem in log.problems where !problems.problems.contains(problem) {
        problems.add(problem)
      }
      (section, log) = (place, problems)
    }
  }

  private mutating func readShape(records text: String?) {
    var records: FieldPath?
    if let text, text != "$" {
      records = FieldPath(text)
      if records == nil { section.report("records", PlanReader.pathText(text)) }
    }
    shape = MessageShape(tree: FieldTree(records: records))
    shape.conditions = conditions(section, "when")
    readShapeDevice()
    readFields()
    let readsMetrics = shape.tree.nodes.contains { $0.rule >= 0 }
    shape.mapsNothing = !readsMetrics && shape.namedValues == nil && shape.alarm == nil
    plan.shapes.append(shape)
    if plan.shapes.count == Self.shapeLimit + 1 {
      section.report("records", "makes more than \(Self.shapeLimit) shapes of message")
    }
  }

  private mutating func readShapeDevice() {
    if isMessage, let path = section.optionalText("device") {
      shape.device = node(path, section, "device")
    } else if !devicePath.isEmpty {
      shape.device = node(devicePath, section, "device")
    }
    let also = section.texts("also")
    if !also.isEmpty, shape.device >= 0, plan.gateway.isEmpty {
      section.report("also", "expected only where the topic names the device or its gateway")
    }
    shape.also = also.map { node($0, section, "also") }
    shape.subDevice = section.texts("sub_device").map { template($0) }
  }

  /// `"{fsu}/{DeviceId}"`: captures of the topics where there is one of the name, else fields.
  private mutating func template(_ text: String) -> NameTemplate {
    var pieces: [NameTemplate.Piece] = []
    for (position, part) in text.split(separator: "{", omittingEmptySubsequences: false)
      .enumerated()
    {
      let ends = part.split(separator: "}", omittingEmptySubsequences: false)
      if position > 0, ends.count == 2 {
        let name = String(ends[0])
        let isCapture = !topics.isEmpty && topics.allSatisfy { $0.captures.contains(name) }
        pieces.append(isCapture ? .capture(name) : .field(node(name, section, "sub_device")))
      } else if position > 0 || ends.count > 1 {
        section.report("sub_device", "found '\(text)', expected a name such as {unit}/{DeviceId}")
      }
      if let rest = ends.last, !rest.isEmpty { pieces.append(.text(Array(rest.utf8))) }
    }
    return NameTemplate(pieces: pieces)
  }

  /// A new list of words.
  mutating func newWords() -> Int32 {
    nextWords += 1
    return nextWords
  }

  private static func zone(_ section: ConfigSection) -> Int {
    let text = section.text("zone", default: "+08:00")
    let digits = text.utf8.dropFirst().filter { $0 != UInt8(ascii: ":") }.map { Int($0) - 48 }
    let signs: [Character: Int] = ["+": 1, "-": -1]
    if let first = text.first, let sign = signs[first], text.utf8.count == 6,
      digits.count == 4, digits.allSatisfy({ (0...9).contains($0) }),
      digits[0] * 10 + digits[1] <= 14, digits[2] < 6
    {
      return sign * ((digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3]) * 60
    }
    section.report("zone", "found '\(text)', expected hours and minutes such as +08:00")
    return 0
  }
}
