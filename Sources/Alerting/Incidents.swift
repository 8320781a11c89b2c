import SiteModel

/// The open incidents and the numbering of the outbox. An incident is raised once and cleared once,
/// whatever is repeated; what merely changes its facts amends the record and notifies nobody.
public struct Incidents: Sendable {
  /// Ends of incidents that are remembered, so that a repeated begin cannot open one again.
  static let memoryLimit = 100_000

  private var open: [String: AlertRecord] = [:]
  /// Ids of ended incidents, newest last.
  private var ended: [String] = []
  private var endedSet: Set<String> = []
  /// Number of the next outbox row.
  private var nextNumber: Int64 = 1

  /// No incidents.
  public init() {}

  /// How many incidents are open.
  public var openCount: Int { open.count }

  /// Takes the newest form of an alert; adds the row to store and the notifications to send.
  public mutating func take(
    _ alert: AlertRecord, routes: [Route], alerts: inout [AlertRecord],
    notifications: inout [Notification]
  ) {
    let wasOpen = open[alert.id] != nil
    let hadEnded = endedSet.contains(alert.id)
    if alert.state == .open {
      guard open[alert.id] != alert, !hadEnded else { return }
      open[alert.id] = alert
    } else {
      open[alert.id] = nil
      remember(alert.id)
    }
    if let index = alerts.lastIndex(where: { $0.id == alert.id }) {
      alerts[index] = alert
    } else {
      alerts.append(alert)
    }
    if !wasOpen && !hadEnded { notify("raised", alert, routes, &notifications) }
    if alert.state != .open && !hadEnded {
      notify(alert.state.rawValue, alert, routes, &notifications)
    } else if alert.state == .withdrawn {
      notify(alert.state.rawValue, alert, routes, &notifications)
    }
  }

  private mutating func remember(_ id: String) {
    guard endedSet.insert(id).inserted else { return }
    ended.append(id)
    if ended.count > Self.memoryLimit {
      for old in ended.prefix(Self.memoryLimit / 10) { endedSet.remove(old) }
      ended.removeFirst(Self.memoryLimit / 10)
    }
  }

  private mutating func notify(
    _ transition: String, _ alert: AlertRecord, _ routes: [Route],
    _ notifications: inout [Notification]
  ) {
    for route in routes where route.takes(alert) {
      let key = Self.key(alert.id, transition, route.channel)
      var body = JSONText()
      body.add("version", Int64(1))
      body.add("number", nextNumber)
      body.add("key", key)
      body.add("transition", transition)
      body.raw("alert", alert.json)
      notifications.append(
        Notification(number: nextNumber, channel: route.channel, key: key, body: body.text))
      nextNumber += 1
    }
  }

  /// The idempotency key of a notification: a digest, so that it is short plain ASCII.
  static func key(_ id: String, _ transition: String, _ channel: String) -> String {
    let text = [id, transition, channel].joined(separator: "\n")
    return String(Digest.hex(Digest.sha256(Array(text.utf8))).prefix(32))
  }
}

extension AlertRecord {
  /// The alert as a JSON object in the words of the `alerts` command.
  public var json: String {
    var json = JSONText()
    json.add("id", id)
    json.add("kind", kind)
    json.add("severity", severity.rawValue)
    json.add("site", site)
    json.add("region", region)
    json.add("subject", subject)
    json.add("opened_at", openedAt.description)
    if let clearedAt {
      json.add("cleared_at", clearedAt.description)
    } else {
      json.addNull("cleared_at")
    }
    json.add("state", state.rawValue)
    json.add("title", titleZh)
    json.add("title_en", titleEn)
    json.raw("evidence", evidence)
    return json.text
  }
}

extension Incidents {
  /// Writes everything that must outlive a restart.
  public func write(to writer: inout ByteWriter) {
    writer.signed(nextNumber)
    writer.unsigned(UInt64(open.count))
    for (_, alert) in open.sorted(by: { $0.key < $1.key }) {
      for text in [alert.id, alert.kind, alert.severity.rawValue, alert.site, alert.region] {
        writer.text(text)
      }
      writer.text(alert.subject)
      writer.time(alert.openedAt)
      for text in [alert.titleZh, alert.titleEn, alert.evidence] { writer.text(text) }
    }
    writer.unsigned(UInt64(ended.count))
    for id in ended { writer.text(id) }
  }

  /// The incidents as they were written.
  public init(from reader: inout ByteReader) throws(CorruptBytes) {
    nextNumber = try reader.signed()
    for _ in 0..<(try reader.count(ofSize: 10)) {
      let id = try reader.text()
      let kind = try reader.text()
      let severity = Severity(rawValue: try reader.text()) ?? .info
      open[id] = AlertRecord(
        id: id, kind: kind, severity: severity, site: try reader.text(),
        region: try reader.text(), subject: try reader.text(), openedAt: try reader.time(),
        clearedAt: nil, state: .open, titleZh: try reader.text(), titleEn: try reader.text(),
        evidence: try reader.text())
    }
    for _ in 0..<(try reader.count()) { remember(try reader.text()) }
  }
}
