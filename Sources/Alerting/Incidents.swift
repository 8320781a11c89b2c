import SiteModel

/// The open incidents and the numbering of the outbox. An incident is raised once and cleared once,
/// whatever is repeated; what merely changes its facts amends the record and notifies nobody.
public struct Incidents: Sendable {
  /// Ends of incidents that are remembered, so that a repeated begin cannot open one again.
  static let memoryLimit = 100_000

  private var open: [String: AlertRecord] = [:]
  /// How an incident ended.
  private struct End: Sendable {
    var isWithdrawn: Bool
    /// How often it was withdrawn so far.
    var withdrawals: Int
  }

  /// Ids of ended incidents, newest last.
  private var ended: [String] = []
  private var ends: [String: End] = [:]
  /// Number of the next outbox row.
  public private(set) var nextNumber: Int64 = 1

  /// No incidents.
  public init() {}

  /// How many incidents are open.
  public var openCount: Int { open.count }

  /// Takes the newest form of an alert; adds the row to store and the notifications to send.
  ///
  /// An ended incident stays ended, and only its facts may still be amended or it may be withdrawn.
  /// A withdrawn one is raised anew when a further correction shows that it was right after all.
  public mutating func take(
    _ alert: AlertRecord, routes: [Route], alerts: inout [AlertRecord],
    notifications: inout [Notification]
  ) {
    let former = open[alert.id]
    let end = ends[alert.id]
    let isNew = former == nil && end?.isWithdrawn ?? true
    let round = end?.withdrawals ?? 0
    switch alert.state {
    case .open:
      guard former != alert, former != nil || isNew else { return }
      open[alert.id] = alert
    case .cleared:
      open[alert.id] = nil
      remember(alert.id, End(isWithdrawn: false, withdrawals: round))
    case .withdrawn:
      guard former != nil || end?.isWithdrawn != true else { return }
      open[alert.id] = nil
      remember(alert.id, End(isWithdrawn: true, withdrawals: round + 1))
    }
    alerts.append(alert)
    if isNew { notify("raised", round, alert, routes, &notifications) }
    if alert.state == .withdrawn || (alert.state == .cleared && (isNew || former != nil)) {
      notify(alert.state.rawValue, round, alert, routes, &notifications)
    }
  }

  private mutating func remember(_ id: String, _ end: End) {
    guard ends.updateValue(end, forKey: id) == nil else { return }
    ended.append(id)
    if ended.count > Self.memoryLimit {
      for old in ended.prefix(Self.memoryLimit / 10) { ends[old] = nil }
      ended.removeFirst(Self.memoryLimit / 10)
    }
  }

  private mutating func notify(
    _ transition: String, _ round: Int, _ alert: AlertRecord, _ routes: [Route],
    _ notifications: inout [Notification]
  ) {
    for route in routes where route.takes(alert) {
      let key = Self.key(alert.id, transition, round, route.channel)
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

  /// The idempotency key of a notification: a digest, so that it is short plain ASCII. `round`
  /// tells how often the incident was withdrawn before.
  static func key(
    _ id: String, _ transition: String, _ round: Int, _ channel: String
  ) -> String {
    let parts = [id, transition, channel] + (round > 0 ? [String(round)] : [])
    let text = parts.joined(separator: "\n")
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
    for id in ended {
      writer.text(id)
      writer.byte(ends[id]?.isWithdrawn == true ? 1 : 0)
      writer.signed(Int64(ends[id]?.withdrawals ?? 0))
    }
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
    for _ in 0..<(try reader.count(ofSize: 3)) {
      let id = try reader.text()
      let isWithdrawn = try reader.byte() == 1
      remember(id, End(isWithdrawn: isWithdrawn, withdrawals: Int(try reader.signed())))
    }
  }
}
