import Protocols
import SiteModel

/// Turns what follows from Sparkplug messages into readings, events and sightings.
struct SparkplugTaking {
  /// Alarm class of the events that tell that a node or device came or went.
  static let linkAlarm = "device.link"

  let profiles: [DeviceProfile]
  /// The profile of a message, by its position; of what time brings, the first Sparkplug one.
  let profile: Int

  /// Adds one step to the batch.
  func take(
    _ step: SparkplugStep, _ directory: inout DeviceDirectory, _ devices: inout DeviceTable,
    _ batch: inout DecodedBatch
  ) {
    switch step {
    case .heard(let name, let time):
      guard let place = place(name, &directory, &devices, &batch) else { return }
      batch.sightings.append(
        Sighting(device: directory.entries[place].device, profile: profile, receivedAt: time))
    case .values(let values): take(values, &directory, &devices, &batch)
    case .link(let name, let link, let time, let word):
      guard let place = place(name, &directory, &devices, &batch) else { return }
      batch.events.append(
        DeviceEvent(
          device: directory.entries[place].device, alarm: Self.linkAlarm, code: word,
          state: link == .online ? .online : .offline,
          severity: link == .online ? .info : .major, time: time))
    case .fault(let name, let fault):
      let device = name.flatMap { place($0, &directory, &devices, &batch) }
      batch.reject(Rejection(fault, device: device.map { directory.entries[$0].device }))
    case .ignored(let count): batch.ignoredCount += count
    case .command(let command): batch.commands.append(command)
    }
  }

  /// The same of a step that time brings, or the link, so that there is no message at hand; its
  /// topic is told as the filter of all messages of the node or device.
  func takeWaiting(
    _ step: SparkplugStep, _ directory: inout DeviceDirectory, _ devices: inout DeviceTable,
    _ batch: inout DecodedBatch
  ) {
    switch step {
    case .fault(let name, _): batch.waitingTopic = name.flatMap(SparkplugTopic.filter)
    case .values(let values): batch.waitingTopic = SparkplugTopic.filter(of: values.owner)
    default: break
    }
    take(step, &directory, &devices, &batch)
    batch.waitingTopic = nil
  }

  private func take(
    _ values: SparkplugValues, _ directory: inout DeviceDirectory, _ devices: inout DeviceTable,
    _ batch: inout DecodedBatch
  ) {
    guard let place = place(values.owner, &directory, &devices, &batch) else { return }
    let taking = PointTaking(
      model: profiles[profile], profile: profile, speaker: Int32(place),
      receivedAt: values.receivedAt, isRetained: false)
    taking.take(
      values.points, mayMapNothing: !values.mustBeKnown, &directory, &devices, &batch)
  }

  /// Position of a node or device in the directory; nil when it has no name that can be taken.
  private func place(
    _ name: String, _ directory: inout DeviceDirectory, _ devices: inout DeviceTable,
    _ batch: inout DecodedBatch
  ) -> Int? {
    var copy = name
    let place = copy.withUTF8 {
      directory.position(of: UnsafeRawBufferPointer($0), in: &devices)
    }
    if place >= 0 { return Int(place) }
    batch.reject(
      Rejection(
        reason: .noDevice, found: "the name '\(name.prefix(60))'",
        expected: "group, node and device of together at most \(DeviceTable.nameLimit) bytes"
          + " without control characters (or the device table is full)"))
    return nil
  }
}
