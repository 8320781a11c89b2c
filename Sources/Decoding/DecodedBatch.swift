import SiteModel

/// A message of a device was recognized, whether or not anything in it could be taken.
public struct Sighting: Sendable, Equatable {
  /// The device that spoke.
  public var device: DeviceIndex
  /// The profile that read it, by its position in the decoder's list.
  public var profile: Int
  /// The time of receipt.
  public var receivedAt: Timestamp

  /// A sighting from its parts.
  public init(device: DeviceIndex, profile: Int, receivedAt: Timestamp) {
    self.device = device
    self.profile = profile
    self.receivedAt = receivedAt
  }
}

/// What a device is asked for: published once the batch that caused it is stored, and only live.
public struct DeviceCommand: Sendable, Equatable {
  /// The MQTT topic.
  public var topic: String
  /// The bytes of the message.
  public var payload: [UInt8]

  /// A command from its parts.
  public init(topic: String, payload: [UInt8]) {
    (self.topic, self.payload) = (topic, payload)
  }
}

/// What came out of the messages of one commit group; its memory is used again and again.
public struct DecodedBatch: Sendable {
  /// Most rejections that one message may add; the rest is only counted.
  public static let rejectionLimit = 100

  /// Measured values in the order of messages and of members within a message.
  public internal(set) var readings: [Reading] = []
  /// Values of the readings of text metrics: such a reading's value is a position here.
  public internal(set) var texts: [String] = []
  /// Values that tell of the past, which the device had kept: stored, and not judged.
  public internal(set) var historical: [Reading] = []
  /// What is to be told to devices once the batch is stored.
  public internal(set) var commands: [DeviceCommand] = []
  /// Alarms in the same order.
  public internal(set) var events: [DeviceEvent] = []
  /// What was not taken, in the same order.
  public internal(set) var rejections: [Rejection] = []
  /// Who spoke; once per message and device, when a message has its devices' members together.
  public internal(set) var sightings: [Sighting] = []
  /// Fields and list members that no profile maps.
  public internal(set) var ignoredCount = 0
  /// Rejections beyond ``rejectionLimit``.
  public internal(set) var suppressedRejectionCount = 0

  /// Topic of what waited and is taken now; nil while it is that of the message at hand.
  var waitingTopic: String?
  /// Where the present message's rejections begin.
  private var firstRejection = 0

  /// An empty batch.
  public init() {}

  /// Forgets everything and keeps the memory.
  public mutating func removeAll() {
    readings.removeAll(keepingCapacity: true)
    historical.removeAll(keepingCapacity: true)
    commands.removeAll(keepingCapacity: true)
    texts.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
    rejections.removeAll(keepingCapacity: true)
    sightings.removeAll(keepingCapacity: true)
    (ignoredCount, suppressedRejectionCount, firstRejection) = (0, 0, 0)
  }

  /// One sighting for each run of members of the same device.
  mutating func noteSpeaker(_ sighting: Sighting) {
    if sightings.last != sighting { sightings.append(sighting) }
  }

  /// Leaves only the first of equal rejections of the present message.
  mutating func removeRepeatedRejections() {
    guard rejections.count - firstRejection > 1 else { return }
    var kept: [Rejection] = []
    for rejection in rejections[firstRejection...] where !kept.contains(rejection) {
      kept.append(rejection)
    }
    rejections.replaceSubrange(firstRejection..., with: kept)
  }

  mutating func beginMessage() { firstRejection = rejections.count }

  /// Adds a reading to those that are judged, or to those that are only stored.
  mutating func append(_ reading: Reading, isHistorical: Bool) {
    if isHistorical { historical.append(reading) } else { readings.append(reading) }
  }

  /// Keeps the value of a text metric and says where.
  mutating func keep(_ text: UnsafeRawBufferPointer) throws(ValueFault) -> ExactDecimal {
    let kept = try DeviceProfile.text(text)
    texts.append(kept)
    return ExactDecimal(texts.count - 1)
  }

  mutating func reject(_ rejection: @autoclosure () -> Rejection) {
    if rejections.count - firstRejection < Self.rejectionLimit {
      rejections.append(rejection())
      if let waitingTopic { rejections[rejections.count - 1].topic = waitingTopic }
    } else {
      suppressedRejectionCount += 1
    }
  }
}
