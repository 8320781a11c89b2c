import SiteModel

/// Turns alarms of some classes into incidents of their site: `outage.site_down`. One incident goes
/// on while any device of the site has such an alarm.
struct AlarmWatch: Sendable {
  private struct Incident: Sendable {
    var begin: Timestamp
    /// The latest end so far; the incident's own when nothing is open.
    var end = Timestamp(milliseconds: .min)
    /// Ids of the alarms that go on.
    var open: Set<String> = []
  }

  /// By site, or by the device that stands alone; ended ones stay, so that a new one never has the
  /// same begin.
  private var incidents: [String: Incident] = [:]
  /// The incident that an alarm which goes on belongs to.
  private var owners: [String: String] = [:]

  /// Takes a changed history.
  mutating func take(_ alarm: AlarmRecord, _ step: DetectionStep, into findings: inout [Finding]) {
    if let key = owners[alarm.id] {
      guard alarm.state != "open" else { return }
      return close(alarm, key, step, into: &findings)
    }
    let rules = step.context.rules.siteDown
    guard rules.isOn, alarm.state == "open", rules.alarms.contains(alarm.alarm),
      let raisedAt = alarm.raisedAt
    else { return }
    open(alarm, raisedAt, step, into: &findings)
  }

  private mutating func open(
    _ alarm: AlarmRecord, _ raisedAt: Timestamp, _ step: DetectionStep,
    into findings: inout [Finding]
  ) {
    let site = step.facts(of: alarm.device).site
    let key = site.isEmpty ? "\u{1}" + step.devices.name(of: alarm.device) : site
    owners[alarm.id] = key
    if let known = incidents[key], !known.open.isEmpty {
      incidents[key]?.open.insert(alarm.id)
      return
    }
    // An alarm that goes on after all begins a new incident where the former ended.
    var begin = raisedAt
    if let former = incidents[key], begin <= former.begin { begin = max(former.begin, former.end) }
    if begin == incidents[key]?.begin { begin = begin.advanced(byMilliseconds: 1) }
    incidents[key] = Incident(begin: begin, open: [alarm.id])
    findings.append(finding(alarm, key, begin, .open, step))
  }

  private mutating func close(
    _ alarm: AlarmRecord, _ key: String, _ step: DetectionStep, into findings: inout [Finding]
  ) {
    owners[alarm.id] = nil
    guard var incident = incidents[key] else { return }
    incident.open.remove(alarm.id)
    incident.end = max(incident.end, alarm.clearedAt ?? step.now, incident.begin)
    incidents[key] = incident
    guard incident.open.isEmpty else { return }
    findings.append(finding(alarm, key, incident.begin, .ended(at: incident.end), step))
  }

  private func finding(
    _ alarm: AlarmRecord, _ key: String, _ begin: Timestamp, _ phase: Finding.Phase,
    _ step: DetectionStep
  ) -> Finding {
    let isDevice = key.hasPrefix("\u{1}")
    let subject = isDevice ? String(key.dropFirst()) : ""
    let place = isDevice ? subject : step.context.siteName(key)
    var evidence = JSONText()
    evidence.add("device", step.devices.name(of: alarm.device))
    evidence.add("alarm", alarm.id)
    for (name, text) in [("code", alarm.code), ("object", alarm.object), ("text", alarm.text)] {
      evidence.add(name, text)
    }
    evidence.add("down_at", begin.description)
    if case .ended(let end) = phase {
      evidence.add("up_at", end.description)
      evidence.add("duration_s", String(end.since(begin) / 1000))
    }
    evidence.add("journal", step.place)
    return Finding(
      kind: "outage.site_down", severity: step.context.rules.siteDown.severity,
      site: isDevice ? "" : key, subject: subject, openedAt: begin, phase: phase,
      titleZh: "\(place) 基站退服", titleEn: "\(place) is out of service", evidence: evidence)
  }
}

extension AlarmWatch {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(incidents.count))
    for (key, incident) in incidents.sorted(by: { $0.key < $1.key }) {
      writer.text(key)
      writer.time(incident.begin)
      writer.time(incident.end)
      writer.unsigned(UInt64(incident.open.count))
      for id in incident.open.sorted() { writer.text(id) }
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 4)) {
      let key = try reader.text()
      var incident = Incident(begin: try reader.time(), end: try reader.time())
      for _ in 0..<(try reader.count()) {
        let id = try reader.text()
        incident.open.insert(id)
        owners[id] = key
      }
      incidents[key] = incident
    }
  }
}
