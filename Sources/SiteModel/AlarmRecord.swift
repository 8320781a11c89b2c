/// What brought an alarm to its end.
public enum AlarmEnd: String, Sendable, CaseIterable {
  /// The device said so.
  case device
  /// The device said so under another key: some send a new serial number with the end.
  case otherKey = "other_key"
  /// The device stated all its open alarms anew, and this one was not among them.
  case rebuild
}

/// What is out of the ordinary about one occurrence of an alarm.
public struct AlarmFlags: OptionSet, Sendable, Hashable {
  /// The bits; stored, so they keep their meaning.
  public let rawValue: UInt8

  /// Flags from stored bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// It was first heard of when it changed: the real begin is earlier, and not known.
  public static let beginUnknown = AlarmFlags(rawValue: 1)
  /// Only its end is known.
  public static let onlyEnd = AlarmFlags(rawValue: 2)
  /// Its end arrived before its begin.
  public static let endFirst = AlarmFlags(rawValue: 4)
  /// It was told of as the past only.
  public static let historical = AlarmFlags(rawValue: 8)
  /// One of its times is a time of receipt, because the device's own was impossible.
  public static let badTime = AlarmFlags(rawValue: 16)
  /// There were too many open alarms: what followed was not put together with it.
  public static let notFollowed = AlarmFlags(rawValue: 32)

  /// The words of `alarms`, in a fixed order.
  public static let words: [(flag: AlarmFlags, word: String)] = [
    (.beginUnknown, "begin_unknown"), (.onlyEnd, "only_end"), (.endFirst, "end_first"),
    (.historical, "historical"), (.badTime, "bad_time"), (.notFollowed, "not_followed"),
  ]

  /// The flags of these words; others mean nothing.
  public init(words: [String]) {
    self.init(Self.words.filter { words.contains($0.word) }.map(\.flag))
  }

  /// The words of the flags that are set.
  public var words: [String] { Self.words.filter { contains($0.flag) }.map(\.word) }
}

/// One occurrence of an alarm, from its begin to its end, put together from what a device said.
public struct AlarmRecord: Sendable, Equatable {
  /// `<device>/<digest of key, object and code>/<first time that was heard of it, in ms>`.
  public var id: String
  /// Which device said it.
  public var device: DeviceIndex
  /// The alarm class, dotted, or `unclassified`.
  public var alarm: String
  /// The device's own code or name of the alarm; empty when it has none.
  public var code: String
  /// The device's key of this occurrence, such as a serial number; empty without one.
  public var key: String
  /// The part that it is about; empty for the device.
  public var object: String
  /// The device's newest words about it, cut to 512 bytes; empty without any.
  public var text: String
  /// How urgent it was last called.
  public var severity: Severity
  /// How urgent it was called at most.
  public var highestSeverity: Severity
  /// When it began, in event time; nil when only its end is known.
  public var raisedAt: Timestamp?
  /// When somebody first acknowledged it since that was last taken back; nil while nobody did.
  public var acknowledgedAt: Timestamp?
  /// When it ended, in event time; nil while no end is known.
  public var clearedAt: Timestamp?
  /// What brought it to its end; nil while no end is known.
  public var endedBy: AlarmEnd?
  /// How often it was raised again while it went on.
  public var repeats: Int
  /// How often it was said to have changed.
  public var changes: Int
  /// What is out of the ordinary about it.
  public var flags: AlarmFlags

  /// A record from its parts.
  public init(
    id: String, device: DeviceIndex, alarm: String, code: String, key: String, object: String,
    text: String, severity: Severity, highestSeverity: Severity, raisedAt: Timestamp?,
    acknowledgedAt: Timestamp?, clearedAt: Timestamp?, endedBy: AlarmEnd?, repeats: Int,
    changes: Int, flags: AlarmFlags
  ) {
    (self.id, self.device, self.alarm, self.code) = (id, device, alarm, code)
    (self.key, self.object, self.text) = (key, object, text)
    (self.severity, self.highestSeverity) = (severity, highestSeverity)
    (self.raisedAt, self.acknowledgedAt) = (raisedAt, acknowledgedAt)
    (self.clearedAt, self.endedBy) = (clearedAt, endedBy)
    (self.repeats, self.changes, self.flags) = (repeats, changes, flags)
  }

  /// Where it stands: `open`, `cleared`, or `past` for one of the past whose end nobody told.
  public var state: String {
    if clearedAt != nil { return "cleared" }
    return flags.isDisjoint(with: [.historical, .notFollowed]) ? "open" : "past"
  }
}
