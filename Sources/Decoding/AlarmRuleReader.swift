import SiteModel

// The `alarms` of a profile: a table of codes, the words of a level and those of a state.
extension PlanReader {
  mutating func readAlarms() {
    guard let alarms = section.section("alarms") else { return }
    let code = memberNode(alarms, "code")
    let (table, classes) = readClasses(alarms)
    let (severity, severityWords) = readSeverity(alarms)
    let (state, stateWords, constant) = readState(alarms)
    alarms.finish()
    plan.alarm = AlarmRule(
      code: code, table: table, classes: classes, severity: severity,
      severityWords: severityWords, state: state, stateWords: stateWords, constantState: constant)
  }

  private mutating func readClasses(_ alarms: ConfigSection) -> (CodeTable, [AlarmClass]) {
    var classes: [AlarmClass] = []
    var codes: [(code: String, position: Int32)] = []
    let rows = alarms.section("table")
    if rows == nil { alarms.report("table", "is missing") }
    for code in rows?.keys ?? [] {
      guard let row = rows?.section(code) else { continue }
      let alarm = row.text("alarm")
      if !alarm.isEmpty, !Self.isDotted(alarm) {
        row.report("alarm", "found '\(alarm)', expected dotted lower-case words")
      }
      let severity = readSeverityWord(row, "severity")
      row.finish()
      codes.append((code, Int32(classes.count)))
      classes.append(AlarmClass(alarm: alarm, severity: severity))
    }
    return (codeTable(alarms, codes), classes)
  }

  /// `severity: { path: AlarmLevel, words: { "1": critical } }`.
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
    severity.finish()
    return (node, words)
  }

  /// `state: { path: AlarmFlag, raised: [BEGIN], cleared: [END] }`, or one word for every record.
  private mutating func readState(
    _ alarms: ConfigSection
  ) -> (node: Int32, words: Int32, constant: EventState) {
    guard let value = alarms.value("state") else {
      alarms.report("state", "is missing")
      return (-1, -1, .raised)
    }
    if case .scalar = value.content {
      let options = EventState.allCases.map(\.rawValue)
      let word = alarms.choice("state", of: options)
      return (-1, -1, EventState(rawValue: word) ?? .raised)
    }
    let state = ConfigSection(value, log: log)
    let node = memberNode(state, "path")
    let words = newWords()
    for (position, option) in EventState.allCases.enumerated() {
      for word in state.texts(option.rawValue) {
        insert(word, in: words, value: Int32(position), state, option.rawValue)
      }
    }
    state.finish()
    return (node, words, .raised)
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
