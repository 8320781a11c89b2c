import SiteModel

/// One occurrence of an alarm as it is remembered: more than its record tells, so that what arrives
/// late or twice finds its place.
struct AlarmEpisode: Sendable, Equatable {
  /// A later statement that the alarm goes on.
  struct Statement: Sendable, Equatable {
    var time: Timestamp
    /// True for a change, false for a further begin.
    var isChange: Bool
  }

  /// Statements, and later ends, of one occurrence whose times are remembered, the newest.
  static let statementLimit = 16
  /// Longest text in bytes.
  static let textLimit = 512

  /// The first time that was heard of it: part of its id.
  var firstSeen: Timestamp
  var key: String
  var alarm: String
  var code: String
  var object: String
  var text: String
  var severity: Severity
  var highestSeverity: Severity
  /// When text and severity were said.
  var described: Timestamp
  var begin: Timestamp?
  var end: Timestamp?
  /// Later ends without a begin in between, in order of time.
  var laterEnds: [Timestamp] = []
  var endedBy: AlarmEnd?
  var acknowledged = AlarmAcknowledgements()
  /// In order of time, not before the begin.
  var statements: [Statement] = []
  /// Whether there were more statements.
  var hasForgotten = false
  var repeats = 0
  var changes = 0
  var flags: AlarmFlags = []
  /// Number of the message that last said that it goes on.
  var message: Int64
  /// Place in the order in which occurrences ended; 0 while it goes on.
  var order: Int64 = 0
  /// An end that is nothing to tell of unless its begin comes.
  var isQuiet = false
  /// Whether its record has to be written.
  var isChanged = true

  /// An occurrence of which nothing is known but this event.
  init(_ event: DeviceEvent, message: Int64) {
    (firstSeen, described, self.message) = (event.time, event.time, message)
    (key, alarm, code, object) = (event.key, event.alarm, event.code, event.object)
    (text, severity, highestSeverity) = (Self.cut(event.text), event.severity, event.severity)
    if event.isHistorical { flags.insert(.historical) }
    if event.quality == .badTime { flags.insert(.badTime) }
  }

  /// Where it begins among the occurrences of its alarm.
  var start: Timestamp { begin ?? end ?? firstSeen }

  /// Whether a statement that the alarm goes on at an instant belongs to it or comes before it.
  func reaches(_ time: Timestamp) -> Bool {
    guard let end else { return true }
    return covers(time, end) || laterEnds.last.map { time <= $0 } ?? false
  }

  /// Whether such a statement belongs to it: at the very instant of an end a new one begins, but
  /// for the begin that an end waits for, or the begin of the same key again.
  private func covers(_ time: Timestamp, _ end: Timestamp) -> Bool {
    time < end || time == end && (begin == nil || begin == time && !key.isEmpty)
  }

  /// Whether the statement lies between its first and its latest end.
  func isAfterEnd(_ time: Timestamp) -> Bool { end.map { !covers(time, $0) } ?? false }

  /// Takes a statement that it goes on, of which ``reaches(_:)`` is true.
  mutating func goOn(_ event: DeviceEvent, message: Int64) {
    isChanged = true
    self.message = message
    if event.quality == .badTime { flags.insert(.badTime) }
    if end == nil, !event.isHistorical { flags.remove(.historical) }
    guard let begin else { return join(event) }
    let isChange = event.state == .changed
    if event.time < begin {
      note(Statement(time: begin, isChange: flags.contains(.beginUnknown)))
      setBegin(event.time, isUnknown: isChange)
    } else if event.time == begin, flags.contains(.beginUnknown), !isChange {
      setBegin(begin, isUnknown: false)
      note(Statement(time: begin, isChange: true))
    } else {
      note(Statement(time: event.time, isChange: isChange))
    }
    describe(event)
  }

  /// The begin that an end waited for.
  private mutating func join(_ event: DeviceEvent) {
    setBegin(event.time, isUnknown: event.state == .changed)
    flags.remove(.onlyEnd)
    flags.insert(.endFirst)
    if !event.key.isEmpty {
      if event.key != key { endedBy = .otherKey }
      key = event.key
    }
    (alarm, code, object) = (event.alarm, event.code, event.object)
    (severity, highestSeverity) = (event.severity, event.severity)
    (described, isQuiet) = (event.time, false)
    if !event.text.isEmpty { text = Self.cut(event.text) }
  }

  private mutating func setBegin(_ time: Timestamp, isUnknown: Bool) {
    begin = time
    if isUnknown { flags.insert(.beginUnknown) } else { flags.remove(.beginUnknown) }
  }

  private mutating func note(_ statement: Statement) {
    if statement.isChange { changes += 1 } else { repeats += 1 }
    let place = statements.firstIndex { $0.time > statement.time } ?? statements.count
    statements.insert(statement, at: place)
    guard statements.count > Self.statementLimit else { return }
    statements.removeFirst()
    hasForgotten = true
  }

  /// Counts a change that was told after its end, such as a comment.
  mutating func amend() {
    changes += 1
    isChanged = true
  }

  /// What was taken for its begin was a change after its end.
  mutating func forgetBegin() {
    (begin, changes) = (nil, changes + 1)
    flags.remove(.beginUnknown)
    flags.insert(.onlyEnd)
  }

  /// The newest words and severity count.
  private mutating func describe(_ event: DeviceEvent) {
    highestSeverity = max(highestSeverity, event.severity)
    guard event.time >= described else { return }
    (described, severity) = (event.time, event.severity)
    // A comment may leave out what the begin said.
    if event.alarm != AlarmName.unclassified { alarm = event.alarm }
    if !event.text.isEmpty { text = Self.cut(event.text) }
  }

  /// Notes an end after its end.
  mutating func noteEnd(_ time: Timestamp) {
    guard !laterEnds.contains(time) else { return }
    laterEnds.insert(time, at: laterEnds.firstIndex { $0 > time } ?? laterEnds.count)
    if laterEnds.count > Self.statementLimit { laterEnds.removeFirst() }
  }

  /// Ends it earlier than was known.
  mutating func moveEnd(to time: Timestamp) {
    if let end { noteEnd(end) }
    (end, isChanged) = (time, true)
  }

  /// Gives an occurrence that began after its end the ends that belong to that one.
  mutating func handEnds(to new: inout AlarmEpisode, from time: Timestamp) {
    let ends = laterEnds.filter { $0 >= time }
    laterEnds.removeLast(ends.count)
    (new.end, new.endedBy) = (ends.first, ends.isEmpty ? nil : .device)
    new.laterEnds = Array(ends.dropFirst())
  }

  /// Ends it at an instant that is not before its begin. What it said later becomes an occurrence
  /// of its own, which is returned; with `keepsChanges`, one of changes alone does not.
  mutating func cut(
    at time: Timestamp, by reason: AlarmEnd, keepsChanges: Bool
  ) -> AlarmEpisode? {
    isChanged = true
    let kept = statements.prefix { $0.time <= time }
    let later = statements.dropFirst(kept.count).drop { keepsChanges && $0.isChange }
    let isListed = !hasForgotten || later.count < statements.count
    statements = Array(kept)
    guard let first = later.first else {
      moveEnd(to: time)
      endedBy = reason
      return nil
    }
    var rest = self
    rest.setBegin(first.time, isUnknown: first.isChange || !isListed)
    rest.flags.remove(.onlyEnd)
    rest.firstSeen = first.time
    rest.statements = Array(later.dropFirst())
    rest.changes = rest.statements.count { $0.isChange }
    rest.repeats = rest.statements.count - rest.changes
    changes -= later.count { $0.isChange }
    repeats -= later.count { !$0.isChange }
    rest.acknowledged = acknowledged.split(from: first.time)
    (laterEnds, order) = ([], 0)
    (end, endedBy) = (time, reason)
    return rest
  }

  /// A statement came after the list had been rebuilt without it: it goes on after all.
  mutating func reopen() {
    guard endedBy == .rebuild else { return }
    (end, endedBy) = (laterEnds.first, laterEnds.isEmpty ? nil : .device)
    laterEnds = Array(laterEnds.dropFirst())
  }

  private static func cut(_ text: String) -> String {
    guard text.utf8.count > textLimit else { return text }
    var (kept, bytes) = ("", 0)
    for character in text {
      bytes += character.utf8.count
      if bytes > textLimit { break }
      kept.append(character)
    }
    return kept
  }
}
