import Engine
import Logging
import MQTT
import Storage

/// What the MQTT session tells, for the pipeline's thread: events in their order, what may come
/// again, and the broker's drop counter.
final class Link {
  /// Messages of the journal that the broker may send again.
  var redelivery = Redelivery()
  private var events: [MQTTEvent] = []
  private var dropped: UInt64?
  private let log: Logger
  private let filters: Set<String>
  private var unanswered: Set<String> = []
  private let recall: (inout Redelivery) -> Void

  /// A link that subscribes to `filters`; `recall` names the newest messages of the journal, oldest
  /// first.
  init(log: Logger, filters: [String], recall: @escaping (inout Redelivery) -> Void) {
    self.log = log
    self.filters = Set(filters)
    self.recall = recall
  }

  /// Takes an event at once, before any message that follows it.
  func take(_ event: MQTTEvent) {
    note(event)
    if case .connected(let broker) = event {
      redelivery.forget()
      // The session reads on only after its open batch was committed, so the journal is complete.
      if broker.isSessionPresent { recall(&redelivery) }
    }
    events.append(event)
  }

  /// Whether `takeEvents` has something to give.
  var hasEvents: Bool { !events.isEmpty }

  /// The events since the last call.
  func takeEvents() -> [MQTTEvent] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// Messages that the broker dropped since it was last asked; nil when there are none, and the
  /// first time, when nothing is known of before.
  func newlyDropped(_ total: UInt64) -> UInt64? {
    defer { dropped = total }
    guard let dropped, total > dropped else { return nil }
    return total - dropped
  }

  private func note(_ event: MQTTEvent) {
    switch event {
    case .connected(let broker):
      unanswered = filters
      let kept = broker.isSessionPresent ? "session resumed" : "new session"
      log.notice("connected to \(broker.broker) (\(broker.version), \(kept))")
      for warning in broker.warnings { log.warning("broker \(broker.broker): \(warning)") }
    case .attemptFailed(let broker, _, let failure):
      log.warning("cannot connect to \(broker): \(failure)")
    case .disconnected(let broker, let failure, _):
      log.warning("disconnected from \(broker): \(failure)")
    case .closed(let broker): log.notice("left \(broker)")
    case .subscribed(let filter, let qos):
      if qos == 0 {
        log.warning("the broker granted only QoS 0 for '\(filter)': messages can be lost")
      } else {
        log.debug("subscribed to '\(filter)'")
      }
      answered(filter)
    case .subscriptionRefused(let filter, let code):
      log.error("the broker refuses the subscription '\(filter)' (reason code \(code))")
      answered(filter)
    case .publishRefused(let code): log.warning("the broker refused a publish (reason \(code))")
    case .brokerDropped: break
    case .brokerVersion(let version): log.info("broker version: \(version)")
    }
  }

  /// Tells when the broker has answered for every filter: from then on it queues for us.
  private func answered(_ filter: String) {
    guard unanswered.remove(filter) != nil, unanswered.isEmpty else { return }
    log.notice("listening to \(filters.count) topic filters")
  }
}

extension Redelivery {
  /// Expects the newest messages of the journal, back to where the present session began: what came
  /// before cannot come again, but its packet identifiers can.
  mutating func recall(_ journal: StoreReader) throws(StoreError) {
    try journal.forEachRecentMessage(atMost: Self.window) { entry in
      if entry.kind == .newSession {
        forget()
      } else {
        expect(packet: entry.packet, topic: entry.topic, payload: entry.payload)
      }
    }
  }
}
