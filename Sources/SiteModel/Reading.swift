/// A device by its place in a ``DeviceTable``.
public struct DeviceIndex: Sendable, Hashable, Comparable {
  /// Zero-based position; stored, so it stays the device's for ever.
  public let position: Int32

  /// The device at a position.
  public init(_ position: Int32) { self.position = position }

  /// Order of first sight.
  public static func < (left: DeviceIndex, right: DeviceIndex) -> Bool {
    left.position < right.position
  }
}

/// How far a stored value can be trusted.
public enum Quality: UInt8, Sendable, CaseIterable {
  /// As the device sent it.
  case good = 0
  /// Outside the metric's plausible range: kept, and not judged.
  case outOfRange = 1
  /// The device's time is impossible (far in the future, or before 2000): kept at the time of
  /// receipt, and not judged.
  case badTime = 2
  /// A retained copy that the broker delivered without a time of its own: kept, and not judged.
  case retained = 3
  /// One of several good values of one instant that contradict each other: all are kept, and none
  /// is judged. Found when a series is read, never stored.
  case conflict = 4

  /// The word that `decode`, `query` and exports print.
  public var name: String {
    switch self {
    case .good: "good"
    case .outOfRange: "out_of_range"
    case .badTime: "bad_time"
    case .retained: "retained"
    case .conflict: "conflict"
    }
  }
}

/// One measured value in its catalogue unit.
public struct Reading: Sendable, Equatable {
  /// Which device.
  public var device: DeviceIndex
  /// Which quantity.
  public var metric: Metric
  /// When it was measured; the time of receipt when the payload names none.
  public var time: Timestamp
  /// The exact value, in the catalogue's unit.
  public var value: ExactDecimal
  /// Whether it may be judged.
  public var quality: Quality

  /// A reading from its parts.
  public init(
    device: DeviceIndex, metric: Metric, time: Timestamp, value: ExactDecimal,
    quality: Quality = .good
  ) {
    self.device = device
    self.metric = metric
    self.time = time
    self.value = value
    self.quality = quality
  }
}

/// How urgent an event or an alert is.
public enum Severity: String, Sendable, CaseIterable, Comparable {
  /// For information; nobody has to act.
  case info
  /// To be looked at in working hours.
  case minor
  /// To be acted on today.
  case major
  /// To be acted on now.
  case critical

  /// Urgency order, `info` lowest.
  public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What an event says about its alarm.
public enum EventState: String, Sendable, CaseIterable {
  /// The alarm begins.
  case raised
  /// The alarm ends.
  case cleared
  /// The alarm goes on with another severity or text.
  case changed
  /// The device or its link came up.
  case online
  /// The device or its link went down.
  case offline
  /// Somebody has seen the alarm; it goes on.
  case acknowledged
  /// That somebody has seen the alarm is taken back.
  case unacknowledged
  /// The device states all its open alarms anew; those that it does not repeat have ended.
  case rebuilt
}

/// A discrete statement of a device: an alarm that begins or ends, or a change of its presence.
public struct DeviceEvent: Sendable, Equatable {
  /// Which device.
  public var device: DeviceIndex
  /// The alarm class, dotted (`mains.lost`, `door.open`), or `unclassified`.
  public var alarm: String
  /// The device's own code or name of the alarm, as sent; empty when it has none.
  public var code: String
  /// What tells this alarm from others of the same code at the same device, such as a serial
  /// number or an alarm id; empty when the device gives nothing of the kind.
  public var key: String
  /// The part that it is about, such as a sub-device or a distinguished name; empty for the device.
  public var object: String
  /// The device's own words; empty without any.
  public var text: String
  /// What is said about it.
  public var state: EventState
  /// How urgent the profile's table calls it.
  public var severity: Severity
  /// When it happened; the time of receipt when the payload names none.
  public var time: Timestamp
  /// Whether it may be judged; never `outOfRange`.
  public var quality: Quality
  /// True when it tells of the past: stored, and not judged.
  public var isHistorical: Bool

  /// An event from its parts.
  public init(
    device: DeviceIndex, alarm: String, code: String, key: String = "", object: String = "",
    text: String = "", state: EventState, severity: Severity, time: Timestamp,
    quality: Quality = .good, isHistorical: Bool = false
  ) {
    (self.key, self.object, self.text) = (key, object, text)
    self.isHistorical = isHistorical
    self.device = device
    self.alarm = alarm
    self.code = code
    self.state = state
    self.severity = severity
    self.time = time
    self.quality = quality
  }
}
