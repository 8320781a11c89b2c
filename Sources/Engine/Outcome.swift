import Alerting
import Decoding
import SiteModel

/// A message, or a part of one, that could not be used. It is kept with the reason.
public struct Quarantined: Sendable, Equatable {
  /// Position of its entry in the batch.
  public var entry: Int
  /// Short stable word for the reason, for counting (`unknown_topic`, `bad_json`, …).
  public var reason: String
  /// What was found, where, and what was expected; for people.
  public var detail: String
  /// True when nothing of the message could be used.
  public var isWhole: Bool
  /// The topic, or a filter of topics, when it is not that of the entry; nil when it is.
  public var topic: String?

  /// A quarantined message from its parts.
  public init(entry: Int, reason: String, detail: String, isWhole: Bool, topic: String? = nil) {
    self.entry = entry
    self.topic = topic
    self.reason = reason
    self.detail = detail
    self.isWhole = isWhole
  }
}

/// Everything that follows from one batch and is stored with it in one transaction.
public struct Outcome: Sendable {
  /// Names of devices seen for the first time, numbered on from those before.
  public var newDevices: [String] = []
  /// Texts seen for the first time, numbered from `firstText` on.
  public var newTexts: [String] = []
  /// How many texts were known before.
  public var firstText = 0
  /// Decoded values in the order of the batch.
  public var readings: [Reading] = []
  /// Decoded events in the order of the batch.
  public var events: [DeviceEvent] = []
  /// The link to the broker was lost while devices were online that nobody but the broker tells of:
  /// so many events of the batch came before; nil when that was not so.
  public var eventsBeforeLinkLoss: Int?
  /// Which device each message is about, in the order of the batch; rarely twice the same.
  public var mentions: [Mention] = []
  /// What could not be used.
  public var quarantined: [Quarantined] = []
  /// What is to be told to devices once this is stored; not stored itself.
  public var commands: [DeviceCommand] = []
  /// Alerts that were opened, amended or cleared; at most one row an id, in its last form.
  public var alerts: [AlertRecord] = []
  /// Histories of device alarms that changed; at most one row an id, in its last form.
  public var alarms: [AlarmRecord] = []
  /// Notifications that these changes cause, numbered without gaps.
  public var notifications: [Notification] = []

  /// Nothing.
  public init() {}

  /// Leaves of each alert only its last form, where it first stood.
  mutating func keepLastForms() {
    var places: [String: Int] = [:]
    var kept: [AlertRecord] = []
    for alert in alerts {
      if let place = places[alert.id] {
        kept[place] = alert
      } else {
        places[alert.id] = kept.count
        kept.append(alert)
      }
    }
    alerts = kept
  }

  /// Empties everything and keeps the memory.
  public mutating func removeAll() {
    newDevices.removeAll(keepingCapacity: true)
    newTexts.removeAll(keepingCapacity: true)
    readings.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
    eventsBeforeLinkLoss = nil
    mentions.removeAll(keepingCapacity: true)
    quarantined.removeAll(keepingCapacity: true)
    commands.removeAll(keepingCapacity: true)
    alerts.removeAll(keepingCapacity: true)
    alarms.removeAll(keepingCapacity: true)
    notifications.removeAll(keepingCapacity: true)
  }
}
