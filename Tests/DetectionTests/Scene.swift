import Detection
import SiteModel
import Tariffs
import Testing

/// Plays a text of happenings to the detectors and writes down what they find, one line each.
///
/// A line is `TIME DEVICE METRIC VALUE …` or `TIME DEVICE ALARM raised`, with `at TIME` at the end
/// when it happened earlier than it was received, `retained` for a retained copy and `unheard`
/// when somebody else says it of the device; or `TIME
/// tick`, `TIME link up`, `TIME clock SECONDS`, `TIME adopt`, `TIME DEVICE dispute NAME`. Before an
/// `adopt` stand the reference data: `site`, `device`, `contract`, `tariff`, `remove` and `rule`
/// lines. After an alarm may stand `key=`, `code=`, `object=`, `text=`, `severity=`, `historical`,
/// `bad_time` and `no_time`; histories of alarms are written down too after `show alarms`. A time
/// is `10:03:00` of 2026-03-01 or `2026-03-02T10:03:00`, local to +08:00. `#` begins a comment.
final class Scene {
  private let restarts: Bool
  private var reference = SceneReference()
  private var devices = DeviceTable()
  private var detector = Detector(context: SceneReference().context)
  private var findings: [Finding] = []
  private var entry = 0
  private var showsAlarms = false
  private(set) var lines: [String] = []

  /// A scene in which, if `restarts`, the detectors are written and read again after every line.
  init(restarts: Bool) { self.restarts = restarts }

  /// Plays a text to its end.
  func play(_ text: String) throws {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ").map(String.init)
      if try reference.take(words) { continue }
      if words == ["show", "alarms"] {
        showsAlarms = true
        continue
      }
      let now = try SceneTime.read(try #require(words.first))
      try happen(Array(words.dropFirst()), now)
      detector.flush(devices: devices, at: moment(now), into: &findings)
      let shown = String(SceneTime.shown(now))
      lines += findings.map { "\(shown) \(SceneText.line($0))" }
      findings.removeAll()
      let alarms = detector.takeAlarms()
      if showsAlarms { lines += alarms.map { "\(shown) \(SceneText.line($0, devices))" } }
      if restarts { try restart() }
    }
  }

  private func moment(_ now: Timestamp) -> Detector.Moment {
    entry += 1
    return Detector.Moment(now: now, segment: 1, entry: entry)
  }

  private func happen(_ words: [String], _ now: Timestamp) throws {
    switch (words.first, words.dropFirst().first) {
    case ("tick", nil): tick(now)
    case ("link", let state?): detector.link(isUp: state == "up", at: now)
    case ("clock", let seconds?):
      detector.clockStepped(by: try #require(Int64(seconds)) * 1000)
    case ("adopt", nil):
      detector.adopt(reference.context, devices: devices, at: moment(now), into: &findings)
    case (let name?, "dispute"): try dispute(name, try #require(words.last), now)
    default: try speak(words, now)
    }
  }

  /// A message on the topic of a device, or of none (`-`), names another one.
  private func dispute(_ name: String, _ claimed: String, _ now: Timestamp) throws {
    let device = name == "-" ? nil : try index(of: name)
    let dispute = SpeakerDispute(
      device: device, topic: "t/\(name)", claimed: claimed, expected: name)
    detector.observe(
      Detector.Message(
        speakers: [], readings: [], events: [], disputes: [dispute], isRetained: false),
      devices: devices, at: moment(now), into: &findings)
  }

  /// A tick is announced by `isDue` exactly when it changes something.
  private func tick(_ now: Timestamp) {
    let before = bytes()
    let isDue = detector.isDue(now)
    if !isDue { detector.rest(now) }
    detector.tick(devices: devices, at: moment(now), into: &findings)
    let hasChanged = bytes() != before || !findings.isEmpty
    #expect(isDue == hasChanged, "isDue at \(SceneTime.shown(now))")
  }

  private func speak(_ words: [String], _ now: Timestamp) throws {
    var words = words
    let isRetained = words.last == "retained"
    if isRetained { words.removeLast() }
    let isHeard = words.last != "unheard"
    if !isHeard { words.removeLast() }
    var time = now
    if words.count > 2, words[words.count - 2] == "at" {
      time = try SceneTime.read(words.removeLast())
      words.removeLast()
    }
    let device = try index(of: words.removeFirst())
    var (readings, events): ([Reading], [DeviceEvent]) = ([], [])
    while !words.isEmpty {
      if !events.isEmpty, try describe(&events[events.count - 1], words[0]) {
        words.removeFirst()
        continue
      }
      guard words.count >= 2 else { break }
      let (name, value) = (words.removeFirst(), words.removeFirst())
      if let state = EventState(rawValue: value) {
        events.append(
          DeviceEvent(
            device: device, alarm: name, code: "", state: state, severity: .major, time: time))
      } else if name == "time" {
        time = try SceneTime.read(value)
      } else {
        let metric = try #require(MetricCatalogue.metric(named: name), "\(name)")
        let number = try ExactDecimal(parsing: value)
        readings.append(Reading(device: device, metric: metric, time: time, value: number))
      }
    }
    detector.observe(
      Detector.Message(
        speakers: isHeard ? [(device, Int64(0))] : [], readings: readings[...], events: events[...],
        isRetained: isRetained),
      devices: devices, at: moment(now), into: &findings)
  }

  /// A word about an alarm; false when it is about something else.
  private func describe(_ event: inout DeviceEvent, _ word: String) throws -> Bool {
    let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
    switch (parts[0], parts.count) {
    case ("key", 2): event.key = parts[1]
    case ("code", 2): event.code = parts[1]
    case ("object", 2): event.object = parts[1]
    case ("text", 2): event.text = parts[1]
    case ("severity", 2): event.severity = try #require(Severity(rawValue: parts[1]))
    case ("at", 2): event.time = try SceneTime.read(parts[1])
    case ("historical", 1): event.isHistorical = true
    case ("bad_time", 1): event.quality = .badTime
    case ("no_time", 1): event.quality = .retained
    default: return false
    }
    return true
  }

  private func index(of name: String) throws -> DeviceIndex {
    let index = devices.index(of: name)
    return try #require(index)
  }

  private func bytes() -> [UInt8] {
    var writer = ByteWriter()
    detector.write(to: &writer)
    return writer.bytes
  }

  /// Goes on with a detector that was written and read again.
  private func restart() throws {
    let before = bytes()
    detector = try before.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      let read = try Detector(context: detector.context, devices: devices, from: &reader)
      #expect(reader.isAtEnd)
      return read
    }
    #expect(bytes() == before)
  }
}

/// Times of a scene: local, on 2026-03-01 unless said otherwise.
enum SceneTime {
  static func read(_ text: String) throws -> Timestamp {
    let full = text.contains("-") ? text : "2026-03-01T" + text
    return try #require(Timestamp(parsing: full, offsetSeconds: 28_800), "\(text)")
  }

  static func shown(_ time: Timestamp) -> Substring {
    let text = time.localText(offsetSeconds: 28_800)
    return text.hasPrefix("2026-03-01 ") ? text.dropFirst(11) : text.dropFirst(5)
  }
}

/// What a finding looks like in `expected.txt`.
enum SceneText {
  private static let keys = [
    "province", "month", "contract", "device", "landlord", "cap", "document", "price",
    "price_source", "kwh", "overcharge", "withdrawn_because", "incomplete",
  ]

  static func line(_ finding: Finding) -> String {
    let about = [finding.site, finding.subject].filter { !$0.isEmpty }.joined(separator: "/")
    let begin = SceneTime.shown(finding.openedAt)
    let phase =
      switch finding.phase {
      case .open: "open"
      case .ended(let end): "ended \(SceneTime.shown(end))"
      case .withdrawn(let at): "withdrawn \(SceneTime.shown(at))"
      }
    let facts = finding.kind.hasPrefix("price.") ? keys.compactMap { fact($0, finding) } : []
    return (["\(finding.kind) \(about) from \(begin) \(phase)"] + facts).joined(separator: " ")
  }

  static func line(_ alarm: AlarmRecord, _ devices: DeviceTable) -> String {
    let names = [alarm.alarm, alarm.code, alarm.key, alarm.object].filter { !$0.isEmpty }
    var line = "alarm \(devices.name(of: alarm.device)) \(names.joined(separator: " "))"
    line += " from " + (alarm.raisedAt.map { String(SceneTime.shown($0)) } ?? "?")
    if let cleared = alarm.clearedAt, let reason = alarm.endedBy {
      line += " to \(SceneTime.shown(cleared)) by \(reason.rawValue)"
    } else {
      line += " " + alarm.state
    }
    if let seen = alarm.acknowledgedAt { line += " acknowledged \(SceneTime.shown(seen))" }
    line += " \(alarm.severity)"
    if alarm.highestSeverity != alarm.severity { line += "<\(alarm.highestSeverity)" }
    if alarm.repeats > 0 { line += " repeats=\(alarm.repeats)" }
    if alarm.changes > 0 { line += " changes=\(alarm.changes)" }
    if !alarm.text.isEmpty { line += " text=\(alarm.text)" }
    return ([line] + alarm.flags.words).joined(separator: " ")
  }

  private static func fact(_ key: String, _ finding: Finding) -> String? {
    let text = finding.evidence.text
    guard let start = text.firstRange(of: "\"\(key)\":\"")?.upperBound,
      let end = text[start...].firstIndex(of: "\"")
    else { return nil }
    return "\(key)=\(text[start..<end])"
  }
}
