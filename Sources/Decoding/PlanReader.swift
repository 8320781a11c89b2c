import SiteModel

/// Reads the parts of a profile that say how a payload is taken apart.
struct PlanReader {
  let section: ConfigSection
  let log: ProblemLog
  var plan: ProfilePlan
  /// Number of the next list of words.
  private var nextWords: Int32 = 0
  private var readMetrics: [Metric: String] = [:]

  init(_ section: ConfigSection, log: ProblemLog) {
    self.section = section
    self.log = log
    var records: FieldPath?
    if let text = section.optionalText("records") {
      records = FieldPath(text)
      if records == nil { section.report("records", PlanReader.pathText(text)) }
    }
    plan = ProfilePlan(tree: FieldTree(records: records))
    plan.zoneSeconds = Self.zone(section)
  }

  /// Reads `device`; the name of the capture, or empty when it is a path.
  mutating func readDevice(topics: [TopicPattern]) -> String {
    let text = section.text("device", default: "{device}")
    guard text.hasPrefix("{"), text.hasSuffix("}") else {
      plan.device = node(text, section, "device")
      return ""
    }
    let name = String(text.dropFirst().dropLast())
    for topic in topics where !topic.captures.contains(name) {
      section.report("device", "topic '\(topic.text)' has no {\(name)}")
    }
    return name
  }

  /// Reads everything else.
  mutating func readAll() {
    readFilters("skip", keeps: false)
    readFilters("only", keeps: true)
    readTimes()
    readMetricTable()
    readNamedValues()
    readAlarms()
    let isEmpty = plan.rules.isEmpty && plan.namedValues == nil && plan.alarm == nil
    if isEmpty {
      log.add(section.node.problem("maps nothing: metrics, values or alarms is missing"))
    }
    for node in plan.tree.nodes where node.isRead && (node.hasChildren || node.isList) {
      log.add(
        section.node.problem(
          "'\(node.path)' is read as a value, and other paths lead through it"))
    }
  }

  private mutating func readFilters(_ key: String, keeps: Bool) {
    guard let fields = section.section(key) else { return }
    for path in fields.keys {
      let words = newWords()
      for word in fields.texts(path) { insert(word, in: words, value: 0, fields, path) }
      let node = node(path, fields, path)
      plan.filters.append(MemberFilter(node: node, words: words, keeps: keeps))
    }
  }

  private mutating func readTimes() {
    let formats = TimeFormat.allCases.map(\.rawValue)
    for time in section.sections("time") {
      let format = TimeFormat(rawValue: time.choice("format", of: formats)) ?? .auto
      let path = time.text("path")
      time.finish()
      if !path.isEmpty {
        plan.times.append(TimeRule(node: node(path, time, "path"), format: format))
      }
    }
  }

  private mutating func readMetricTable() {
    guard let value = section.value("metrics") else { return }
    if case .scalar("catalogue") = value.content { return readCatalogue() }
    let table = ConfigSection(value, log: log)
    for path in table.keys {
      guard let row = table.section(path) else {
        table.report(path, "found nothing, expected { metric: … }")
        continue
      }
      guard let rule = readRule(row) else { continue }
      let node = node(path, table, path)
      if let other = readMetrics.updateValue(path, forKey: rule.metric) {
        row.report("metric", "the same metric is read from '\(other)'")
      }
      checkIsInRecord(node, table, path)
      plan.tree.setRule(Int32(plan.rules.count), at: node)
      plan.rules.append(rule)
    }
  }

  /// Every catalogue name is a key of the record, in the catalogue's unit.
  private mutating func readCatalogue() {
    for definition in MetricCatalogue.all {
      guard let node = plan.tree.insert(FieldPath(key: definition.name)) else { continue }
      plan.tree.setRule(Int32(plan.rules.count), at: node)
      plan.rules.append(rule(for: definition))
    }
  }

  private mutating func readNamedValues() {
    guard let values = section.section("values") else { return }
    let name = memberNode(values, "name")
    let value = memberNode(values, "value")
    var positions: [(code: String, position: Int32)] = []
    let rows = values.section("table")
    if rows == nil { values.report("table", "is missing") }
    for code in rows?.keys ?? [] {
      guard let row = rows?.section(code), let rule = readRule(row) else {
        continue
      }
      positions.append((code, Int32(plan.rules.count)))
      plan.rules.append(rule)
    }
    let table = codeTable(values, positions)
    values.finish()
    plan.namedValues = NamedValueRule(name: name, value: value, table: table)
  }
}

// Small parts of several keys.
extension PlanReader {
  /// A new list of words.
  mutating func newWords() -> Int32 {
    nextWords += 1
    return nextWords
  }

  /// Adds a word to a list; a word that is there already is a problem.
  mutating func insert(
    _ word: String, in words: Int32, value: Int32, _ place: ConfigSection, _ key: String
  ) {
    if plan.words.find(word, in: words) >= 0 {
      place.report(key, "'\(word)' is given twice")
    } else {
      plan.words.insert(word, in: words, value: value)
    }
  }

  /// The table of codes of a section that has the key `match`.
  mutating func codeTable(
    _ place: ConfigSection, _ codes: [(code: String, position: Int32)]
  ) -> CodeTable {
    let match = place.choice("match", of: ["exact", "suffix"], default: "exact")
    let words = newWords()
    for row in codes { insert(row.code, in: words, value: row.position, place, "table") }
    let lengths = Set(codes.map(\.code.utf8.count)).sorted(by: >)
    return CodeTable(words: words, endings: match == "suffix" ? lengths : [])
  }

  /// The node of a path that must stand in the record itself.
  mutating func memberNode(_ place: ConfigSection, _ key: String) -> Int32 {
    let path = place.text(key)
    if path.isEmpty { return 0 }
    let node = node(path, place, key)
    checkIsInRecord(node, place, key)
    return node
  }

  /// The node of any path; the document's own after a problem.
  mutating func node(_ text: String, _ place: ConfigSection, _ key: String) -> Int32 {
    guard let path = FieldPath(text) else {
      place.report(key, Self.pathText(text))
      return 0
    }
    guard let node = plan.tree.insert(path) else {
      place.report(key, "'\(text)' has a [*] that the records path does not have")
      return 0
    }
    return node
  }

  func checkIsInRecord(_ node: Int32, _ place: ConfigSection, _ key: String) {
    if plan.tree.nodes[Int(node)].level != plan.tree.levels.count - 1 {
      place.report(key, "stands outside the records, expected a path within them")
    }
  }

  private static func pathText(_ text: String) -> String {
    "found '\(text)', expected a path such as data.items[*].value"
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
