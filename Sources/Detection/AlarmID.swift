import SiteModel

/// The lasting identity of an alarm's occurrences. A digest stands for key, object and code, which
/// may be long.
struct AlarmID {
  private let alarm: String

  init(_ name: AlarmName, _ step: DetectionStep) {
    let device = step.devices.name(of: DeviceIndex(name.device))
    let parts = [name.key, name.object, name.code].joined(separator: "\u{1F}")
    let digest = Digest.hex(Digest.sha256(Array(parts.utf8))).prefix(16)
    alarm = "\(device)/\(digest)"
  }

  /// The id of the occurrence that was first heard of at an instant.
  func occurrence(_ firstSeen: Timestamp) -> String { "\(alarm)/\(firstSeen.milliseconds)" }
}

extension AlarmEpisode {
  /// What is told of it.
  func record(_ device: DeviceIndex, _ id: AlarmID) -> AlarmRecord {
    AlarmRecord(
      id: id.occurrence(firstSeen), device: device, alarm: alarm, code: code, key: key,
      object: object, text: text, severity: severity, highestSeverity: highestSeverity,
      raisedAt: begin, acknowledgedAt: acknowledged.time, clearedAt: end, endedBy: endedBy,
      repeats: repeats, changes: changes, flags: flags)
  }
}
