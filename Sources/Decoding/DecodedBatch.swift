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

/// What came out of the messages of one commit group; its memory is used again and again.
public struct DecodedBatch: Sendable {
  /// Most rejections that one message may add; the rest is only counted.
  public static let rejectionLimit = 100

  /// Measured values in the order of messages and of members within a message.
  public internal(set) var readings: [Reading] = []
  /// Values of the readings of text metrics: such a reading's value is a position here.
  public internal(set) var texts: [String] = []
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

  /// Where the present message's rejections begin.
  private var firstRejection = 0

  /// An empty batch.
  public init() {}

  /// Forgets everything and keeps the memory.
  public mutating func removeAll() {
    readings.removeAll(keepingCapacity: true)
    texts.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
    rejections.removeAll(keepingCapacity: true)
    sightings.removeAll(keepingCapacity: true)
    (ignoredCount, suppressedRejectionCount, firstRejection) = (0, 0, 0)
  }

  mutating func beginMessage() { firstRejection = rejections.count }

  mutating func reject(_ rejection: @autoclosure () -> Rejection) {
    if rejections.count - firstRejection < Self.rejectionLimit {
      rejections.append(rejection())
    } else {
      suppressedRejectionCount += 1
    }
  }
}
