import SiteModel

/// A message, or a part of one, that spoke for another device than its topic or gateway may.
public struct SpeakerDispute: Sendable, Equatable {
  /// The device that the topic names, when it is known.
  public var device: DeviceIndex?
  /// The topic.
  public var topic: String
  /// What was found: the name that was claimed.
  public var claimed: String
  /// What would have been taken.
  public var expected: String

  /// A dispute from its parts.
  public init(device: DeviceIndex?, topic: String, claimed: String, expected: String) {
    (self.device, self.topic, self.claimed, self.expected) = (device, topic, claimed, expected)
  }
}

/// Watches that devices speak only for themselves: `device.identity`. One incident a device, or a
/// topic that names none, goes on until nothing of the kind has come for some time.
struct IdentityWatch: Sendable {
  /// Incidents at a time; what is more is in the quarantine only.
  static let limit = 10_000
  /// Bytes of a topic or name that are told.
  static let textLimit = 256

  private struct Incident: Sendable {
    var begin: Timestamp
    var latest: Timestamp
    var count: Int64 = 0
    var topic: String
    var claimed: String
    var expected: String
  }

  private var incidents: [String: Incident] = [:]

  /// Takes a dispute.
  mutating func take(
    _ dispute: SpeakerDispute, _ step: DetectionStep, into findings: inout [Finding]
  ) {
    guard step.context.rules.identity.isOn else { return }
    let topic = Self.cut(dispute.topic)
    let name = dispute.device.map { step.devices.name(of: $0) } ?? topic
    if var known = incidents[name] {
      known.count += 1
      known.latest = max(known.latest, step.now)
      incidents[name] = known
      return
    }
    guard incidents.count < Self.limit else { return }
    let incident = Incident(
      begin: step.now, latest: step.now, count: 1, topic: topic,
      claimed: Self.cut(dispute.claimed), expected: Self.cut(dispute.expected))
    incidents[name] = incident
    findings.append(finding(name, incident, .open, step))
  }

  /// True when `tick` would change something.
  func isDue(_ now: Timestamp, quiet: Int64) -> Bool {
    incidents.values.contains { now.since($0.latest) >= quiet }
  }

  /// Lets time pass.
  mutating func tick(_ step: DetectionStep, into findings: inout [Finding]) {
    let quiet = step.context.rules.identity.quietMilliseconds
    let over = incidents.filter { step.now.since($0.value.latest) >= quiet }
    for (name, incident) in over.sorted(by: { $0.key < $1.key }) {
      incidents[name] = nil
      let end = max(incident.begin, incident.latest)
      findings.append(finding(name, incident, .ended(at: end), step))
    }
  }

  /// Moves times of receipt when the collector's clock was set; a begin stays, being an identity.
  mutating func shift(by milliseconds: Int64) {
    for name in incidents.keys {
      guard let latest = incidents[name]?.latest else { continue }
      incidents[name]?.latest = latest.advanced(byMilliseconds: milliseconds)
    }
  }

  private func finding(
    _ name: String, _ incident: Incident, _ phase: Finding.Phase, _ step: DetectionStep
  ) -> Finding {
    let site = step.devices.find(name).map { step.facts(of: $0).site } ?? ""
    var evidence = JSONText()
    evidence.add("topic", incident.topic)
    evidence.add("found", incident.claimed)
    evidence.add("expected", incident.expected)
    evidence.add("first_at", incident.begin.description)
    if case .ended = phase {
      evidence.add("last_at", incident.latest.description)
      evidence.add("count", incident.count)
    }
    evidence.add("journal", step.place)
    return Finding(
      kind: "device.identity", severity: step.context.rules.identity.severity, site: site,
      subject: name, openedAt: incident.begin, phase: phase,
      titleZh: "\(name) 的报文冒用其他设备的身份",
      titleEn: "Messages of \(name) speak for another device", evidence: evidence)
  }

  private static func cut(_ text: String) -> String {
    String(decoding: text.utf8.prefix(textLimit), as: UTF8.self)
  }
}

extension IdentityWatch {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(incidents.count))
    for (name, incident) in incidents.sorted(by: { $0.key < $1.key }) {
      writer.text(name)
      writer.time(incident.begin)
      writer.time(incident.latest)
      writer.signed(incident.count)
      for text in [incident.topic, incident.claimed, incident.expected] { writer.text(text) }
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 7)) {
      let name = try reader.text()
      let begin = try reader.time()
      let latest = try reader.time()
      let count = try reader.signed()
      let topic = try reader.text()
      let claimed = try reader.text()
      incidents[name] = Incident(
        begin: begin, latest: latest, count: count, topic: topic, claimed: claimed,
        expected: try reader.text())
    }
  }
}
