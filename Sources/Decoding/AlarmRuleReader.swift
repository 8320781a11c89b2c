import SiteModel

// The `alarms` of a profile: a table of codes, the words of a level and those of a state.
extension PlanReader {
  mutating func readAlarms() {
    guard let alarms = section.section("alarms") else { return }
    let codes = memberNodes(alarms, "code")
    if codes.isEmpty { alarms.report("code", "is missing") }
    let needsCode = alarms.flag("needs_code", default: false)
    let (tables, classes) = readClasses(alarms)
    let (severity, severityWords) = readSeverity(alarms)
    let (states, constant) = readStates(alarms)
    let key = labelNodes(alarms, "key")
    let object = labelNodes(alarms, "object")
    let text = labelNodes(alarms, "text")
    alarms.finish()
    shape.alarm = AlarmRule(
      codes: codes, needsCode: needsCode, tables: tables, classes: classes,
      severity: severity, severityWords: severityWords, states: states,
      constantState: constant, key: key, object: object, text: text)
  }

  /// Places of a text about an alarm; they may stand outside the record.
  private mutating func labelNodes(_ alarms: ConfigSection, _ key: String) -> [Int32] {
    alarms.texts(key).map { node($0, alarms, key) }
  }

  /// The rows of `match` and `table`, or of each member of `tables`.
  private mutating func readClasses(_ alarms: ConfigSection) -> ([CodeTable], [AlarmClass]) {
    var classes: [AlarmClass] = []
    let members = alarms.has("tables") ? alarms.sections("tables") : [alarms]
    let tables = members.map { member in
      var codes: [(code: String, position: Int32)] = []
      let rows = rows(member)
      for code in rows?.keys ?? [] {
        guard let row = rows?.section(code) else { continue }
        codes.append((code, Int32(classes.count)))
        classes.append(readClass(row))
      }
      let table = codeTable(member, codes)
      if member !== alarms { member.finish() }
      return table
    }
    return (tables, classes)
  }

  /// `{ alarm: mains.lost, severity_by: { "01": critical }, severity: major, delay_s: 180 }`.
  func readClass(_ row: ConfigSection) -> AlarmClass {
    let alarm = row.text("alarm")
    if !alarm.isEmpty, !Self.isDotted(alarm) {
      row.report("alarm", "found '\(alarm)', expected dotted lower-case words")
    }
    let severity = readSeverityWord(row, "severity")
    let beginnings = row.section("severity_by")
    let by = (beginnings?.keys ?? []).compactMap { beginning in
      beginnings.flatMap { readSeverityWord($0, beginning) }.map { (Array(beginning.utf8), $0) }
    }
    // What the device does itself before it raises the alarm: said for the reader's sake only.
    _ = row.integer("delay_s", default: 0, in: 0...86_400)
    _ = row.optionalText("threshold")
    row.finish()
    return AlarmClass(alarm: alarm, severity: severity, severityByBeginning: by)
  }

  /// `severity: { path: AlarmLevel, words: { "1": critical }, cleared: [CLEARED] }`.
  private mutating func readSeverity(_ alarms: ConfigSection) -> (node: Int32, words: Int32) {
    guard let severity = alarms.section("severity") else { return (-1, -1) }
    let node = memberNode(severity, "path")
    let words = newWords()
    let table = severity.section("words")
    if table == nil { severity.report("words", "is missing") }
    for word in table?.keys ?? [] {
      guard let table, let value = readSeverityWord(table, word),
        let position = Severity.allCases.firstIndex(of: value)
      else { continue }
      insert(word, in: words, value: Int32(position), table, word)
    }
    for word in severity.texts("cleared") {
      insert(word, in: words, value: AlarmRule.clearedWord, severity, "cleared")
    }
    severity.finish()
    return (node, words)
  }

  /// `state: { path: AlarmFlag, raised: [BEGIN], cleared: [END] }`, a list of such, or one word for
  /// every record.
  private mutating func readStates(_ alarms: ConfigSection) -> ([StateRule], EventState) {
    guard let value = alarms.value("state") else {
      alarms.report("state", "is missing")
      return ([], .raised)
    }
    if case .scalar = value.content {
      let options = EventState.allCases.map(\.rawValue)
      let word = alarms.choice("state", of: options)
      return ([], EventState(rawValue: word) ?? .raised)
    }
    let states = alarms.sections("state").map { state in
      let node = memberNode(state, "path")
      let words = newWords()
      for (position, option) in EventState.allCases.enumerated() {
        for word in state.texts(option.rawValue) {
          insert(word, in: words, value: Int32(position), state, option.rawValue)
        }
      }
      state.finish()
      return StateRule(node: node, words: words)
    }
    return (states, .raised)
  }

  private func readSeverityWord(_ place: ConfigSection, _ key: String) -> Severity? {
    guard place.has(key) else { return nil }
    return Severity(rawValue: place.choice(key, of: Severity.allCases.map(\.rawValue)))
  }

  private static func isDotted(_ text: String) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty
        && part.utf8.allSatisfy {
          (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_")
        }
    }
  }
}
