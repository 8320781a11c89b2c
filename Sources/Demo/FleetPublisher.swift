import MQTT
import SiteModel

/// Publishes simulated messages at QoS 1 and keeps each until the broker has acknowledged it, so
/// that a lost connection loses none (it may publish some twice, as real devices do).
public final class FleetPublisher {
  /// One message to publish.
  public struct Outgoing {
    /// Its topic.
    public var topic: String
    /// Its payload.
    public var payload: [UInt8]
    /// When it is due, in milliseconds after the first one; 0 for at once.
    public var dueMilliseconds: Int64
  }

  /// Messages that may wait for their acknowledgement.
  static let window = 2000

  private let session: MQTTSession
  private let events: Events
  private var unacknowledged: [Outgoing] = []
  private var taken = 0
  private var acknowledgedBefore: UInt64 = 0
  /// Next of the unacknowledged messages to publish again; -1 when there is none. New messages wait
  /// meanwhile, because acknowledgements come in the order of publishing.
  private var republishing = -1

  /// What the session told since it was last asked.
  private final class Events {
    var hasDisconnected = false
    var failure: String?
  }

  /// A publisher with the brokers and credentials of `options`.
  public init(_ options: MQTTOptions, name: String) throws(MQTTOptionProblem) {
    var own = options
    own.clientID = name
    own.filters = []
    own.status = nil
    own.startsClean = true
    own.watchesBroker = false
    own.maximumOutstandingPublishes = Self.window
    let events = Events()
    session = try MQTTSession(own) { event in
      switch event {
      case .disconnected: events.hasDisconnected = true
      case .attemptFailed(let broker, _, let failure): events.failure = "\(broker): \(failure)"
      default: break
      }
    }
    self.events = events
  }

  /// Publishes everything that `next` gives, each when it is due, until it gives nothing more or
  /// `isStopping` says so; returns when all is acknowledged. Blocks its thread. `trouble` is told
  /// why no broker can be reached.
  public func run(
    next: () -> Outgoing?, isStopping: () -> Bool, trouble: (String) -> Void = { _ in }
  ) {
    let clock = ContinuousClock()
    var begin: ContinuousClock.Instant?
    var waiting = next()
    while !isStopping() {
      guard waiting != nil || taken < unacknowledged.count else { break }
      if session.isConnected, begin == nil { begin = clock.now }
      let elapsed = begin.map { milliseconds($0.duration(to: clock.now)) } ?? 0
      var wait: Int64 = 200
      while let message = waiting, session.isConnected, republishing < 0 {
        if message.dueMilliseconds > elapsed {
          wait = min(wait, message.dueMilliseconds - elapsed)
          break
        }
        guard publish(message) else { break }
        unacknowledged.append(message)
        waiting = next()
      }
      settle(wait: wait)
      if let failure = events.failure {
        events.failure = nil
        trouble(failure)
      }
    }
    session.close()
  }

  private func publish(_ message: Outgoing) -> Bool {
    message.payload.withUnsafeBytes { payload in
      do {
        try session.publish(topic: message.topic, payload: payload, qos: 1)
        return true
      } catch { return false }
    }
  }

  /// Writes, takes acknowledgements, and publishes again what a lost connection took with it.
  private func settle(wait: Int64) {
    let limits = ReceiveLimits(messages: 1, bytes: 1, wait_ms: wait)
    _ = session.receive(until: limits) { _ in }
    if events.hasDisconnected {
      events.hasDisconnected = false
      acknowledgedBefore = 0
      republishing = taken
    }
    let acknowledged = session.acknowledgedPublishes
    taken += Int(acknowledged &- acknowledgedBefore)
    acknowledgedBefore = acknowledged
    while republishing < unacknowledged.count, session.isConnected,
      republishing >= 0, publish(unacknowledged[republishing])
    { republishing += 1 }
    if republishing >= unacknowledged.count { republishing = -1 }
    if taken > 10_000 {
      unacknowledged.removeFirst(taken)
      if republishing >= 0 { republishing -= taken }
      taken = 0
    }
  }

  private func milliseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
  }
}
