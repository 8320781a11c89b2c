import SiteModel

// The fields of one shape of message.
extension PlanReader {
  mutating func readFields() {
    readFilters("skip", keeps: false)
    readFilters("only", keeps: true)
    readTimes()
    readMetricTable()
    readNamedValues()
    readAlarms()
    for node in shape.tree.nodes where node.isRead && (node.hasChildren || node.isList) {
      log.add(
        section.node.problem(
          "'\(node.path)' is read as a value, and other paths lead through it"))
    }
  }

  /// `when: { event.domain: [fault], eventList: present }`.
  mutating func conditions(_ place: ConfigSection, _ key: String) -> [DocumentCondition] {
    guard let fields = place.section(key) else { return [] }
    return fields.keys.compactMap { text in
      var words: Int32 = -1
      if case .scalar("present")? = fields.value(text)?.content {
        // Any value will do.
      } else {
        words = newWords()
        for word in fields.texts(text) { insert(word, in: words, value: 0, fields, text) }
      }
      let condition = FieldPath(text).flatMap { DocumentCondition($0, words: words) }
      if condition == nil { fields.report(text, "expected a path from the document, without [*]") }
      return condition
    }
  }

  private mutating func readFilters(_ key: String, keeps: Bool) {
    guard let fields = section.section(key) else { return }
    for path in fields.keys {
      let words = newWords()
      for word in fields.texts(path) { insert(word, in: words, value: 0, fields, path) }
      let node = node(path, fields, path)
      shape.filters.append(MemberFilter(node: node, words: words, keeps: keeps))
    }
  }

  private mutating func readTimes() {
    let formats = TimeFormat.allCases.map(\.rawValue)
    for time in section.sections("time") {
      let format = TimeFormat(rawValue: time.choice("format", of: formats)) ?? .auto
      let path = time.text("path")
      let isOfBegin = time.choice("of", of: ["any", "begin"], default: "any") == "begin"
      time.finish()
      if !path.isEmpty {
        shape.times.append(
          TimeRule(node: node(path, time, "path"), format: format, isOfBegin: isOfBegin))
      }
    }
  }

  private mutating func readMetricTable() {
    guard let value = section.value("metrics") else { return }
    if case .scalar("catalogue") = value.content { return readCatalogue() }
    var readMetrics: [Metric: String] = [:]
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
      shape.tree.setRule(Int32(plan.rules.count), at: node)
      plan.rules.append(rule)
    }
  }

  /// Every catalogue name is a key of the record, in the catalogue's unit.
  private mutating func readCatalogue() {
    for definition in MetricCatalogue.all {
      guard let node = shape.tree.insert(FieldPath(key: definition.name)) else { continue }
      shape.tree.setRule(Int32(plan.rules.count), at: node)
      plan.rules.append(rule(for: definition))
    }
  }

  private mutating func readNamedValues() {
    guard let values = section.section("values") else { return }
    let names = memberNodes(values, "name")
    let places = memberNodes(values, "value")
    if names.isEmpty { values.report("name", "is missing") }
    if places.isEmpty { values.report("value", "is missing") }
    var positions: [(code: String, position: Int32)] = []
    let rows = rows(values)
    for code in rows?.keys ?? [] {
      guard let row = rows?.section(code), let rule = readRule(row) else { continue }
      if rule.instance > 0, shape.subDevice.isEmpty {
        row.report("instance", "expected only where sub_device says whose value it is")
      }
      positions.append((code, Int32(plan.rules.count)))
      plan.rules.append(rule)
    }
    let table = codeTable(values, positions)
    values.finish()
    shape.namedValues = NamedValueRule(names: names, values: places, table: table)
  }
}

// Small parts of several keys.
extension PlanReader {
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

  /// The rows of `table`: a mapping, or the name of one of the profile's `tables`.
  func rows(_ place: ConfigSection) -> ConfigSection? {
    guard let value = place.value("table") else {
      place.report("table", "is missing")
      return nil
    }
    guard case .scalar(let name) = value.content else { return ConfigSection(value, log: log) }
    // Asked for through the profile's own reader, so that a table that nobody uses is noticed.
    if let rows = tables?.value(name) ?? shared.tables[name] {
      return ConfigSection(rows, log: log)
    }
    place.report("table", "found '\(name)', expected rows or the name of a table")
    return nil
  }

  /// The table of codes of a section that has the key `match`.
  mutating func codeTable(
    _ place: ConfigSection, _ codes: [(code: String, position: Int32)]
  ) -> CodeTable {
    let options = CodeTable.Match.allCases
    let match = place.choice("match", of: options.map(\.rawValue), default: "exact")
    let words = newWords()
    for row in codes { insert(row.code, in: words, value: row.position, place, "table") }
    return CodeTable(
      words: words, match: CodeTable.Match(rawValue: match) ?? .exact,
      withoutLast: place.integer("without_last", default: 0, in: 0...Decoder.codeLimit),
      lengths: Set(codes.map(\.code.utf8.count)).sorted(by: >))
  }

  /// The node of a path that must stand in the record itself.
  mutating func memberNode(_ place: ConfigSection, _ key: String) -> Int32 {
    let path = place.text(key)
    if path.isEmpty { return 0 }
    let node = node(path, place, key)
    checkIsInRecord(node, place, key)
    return node
  }

  /// The nodes of one path or several; each must stand in the record itself.
  mutating func memberNodes(_ place: ConfigSection, _ key: String) -> [Int32] {
    place.texts(key).map { path in
      let node = node(path, place, key)
      checkIsInRecord(node, place, key)
      return node
    }
  }

  /// The node of any path; the document's own after a problem.
  mutating func node(_ text: String, _ place: ConfigSection, _ key: String) -> Int32 {
    guard let path = FieldPath(text) else {
      place.report(key, Self.pathText(text))
      return 0
    }
    guard let node = shape.tree.insert(path) else {
      place.report(key, "'\(text)' has a [*] that the records path does not have")
      return 0
    }
    return node
  }

  func checkIsInRecord(_ node: Int32, _ place: ConfigSection, _ key: String) {
    if shape.tree.nodes[Int(node)].level != shape.tree.levels.count - 1 {
      place.report(key, "stands outside the records, expected a path within them")
    }
  }

  static func pathText(_ text: String) -> String {
    "found '\(text)', expected a path such as data.items[*].value"
  }
}
