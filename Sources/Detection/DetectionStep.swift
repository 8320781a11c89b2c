import SiteModel

/// What every detector needs to know of the moment: the instant, the place in the journal, and the
/// reference data.
struct DetectionStep {
  /// The collector's time of receipt, or of the tick.
  let now: Timestamp
  /// Segment of the journal in which the cause stands.
  let segment: Int64
  /// Position of the cause in its segment.
  let entry: Int
  let context: SiteContext
  let devices: DeviceTable
  let known: FactsTable

  /// Where in the journal the cause stands: `<segment>/<entry>`.
  var place: String { "\(segment)/\(entry)" }

  /// What the registry says of a device.
  func facts(of device: DeviceIndex) -> DeviceFacts {
    known.facts(of: device) ?? context.facts(of: devices.name(of: device), silentAfter: nil)
  }
}

/// The registry's word on every device that was heard of: a cache, not state.
final class FactsTable {
  private var rows: [DeviceFacts?] = []

  func has(_ device: DeviceIndex) -> Bool { facts(of: device) != nil }

  func facts(of device: DeviceIndex) -> DeviceFacts? {
    let position = Int(device.position)
    return position < rows.count ? rows[position] : nil
  }

  func set(_ device: DeviceIndex, _ facts: DeviceFacts) {
    let position = Int(device.position)
    while rows.count <= position { rows.append(nil) }
    rows[position] = facts
  }
}
