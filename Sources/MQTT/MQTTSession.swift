import CMosquitto
import Glibc

/// One session with one of several brokers, whose acknowledgements leave only when told to.
///
///     while !stopping {
///       let end = session.receive(until: limits) { batch.append($0) }
///       if batch.isEmpty { continue }
///       commit(batch) ? session.release() : session.abandon()
///     }
///
/// Made for ONE thread, the one that calls every function here; only `waker` may be used elsewhere.
/// It connects, subscribes, pings and connects again inside `receive`, and reads nothing outside
/// it: what is not received stays in the socket, and the broker stops after `receiveMaximum`
/// unacknowledged messages. A batch is open from its first message until `release` or `abandon`;
/// while it is open nothing at all is written to the socket.
///
/// Memory: libmosquitto holds one incoming packet and a PUBACK (about 100 bytes) per unreleased
/// message; the session itself allocates nothing per message. Messages of QoS 2 would be
/// acknowledged before the commit, hence the subscriptions ask for QoS 1. As every libmosquitto
/// client does, a session makes the process ignore SIGPIPE.
public final class MQTTSession {
  /// Where the session stands.
  enum Phase {
    case pausing(until_ms: Int64)
    case dialling(Dial, deadline_ms: Int64)
    case handshaking(Connection, deadline_ms: Int64)
    case connected(Connection, since_ms: Int64)
    case closed
  }

  /// A connection that lasted this long, in milliseconds, begins the pauses anew when it ends.
  /// A shorter one does not: two clients with one id throw each other out for ever.
  static let stable_ms: Int64 = 10_000

  /// Makes the waiting `receive` return; may be used from any thread.
  public let waker = MQTTWaker()

  let options: MQTTOptions
  let onEvent: (MQTTEvent) -> Void
  let intake = Intake()
  var random: any RandomNumberGenerator
  var phase = Phase.pausing(until_ms: 0)
  var rotation: Rotation
  var backoff: Backoff
  var hanging: [Dial] = []

  /// When the socket was last read until nothing was left, or the batch was full.
  var lastRead_ms: Int64 = 0

  /// A session that begins to connect in its first `receive`.
  ///
  /// `random` is the source of the jitter. Throws the first of `options.problems()`.
  public init(
    _ options: MQTTOptions, random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
    onEvent: @escaping (MQTTEvent) -> Void
  ) throws(MQTTOptionProblem) {
    if let problem = options.problems().first { throw problem }
    self.options = options
    self.random = random
    self.onEvent = onEvent
    rotation = Rotation(brokerCount: options.brokers.count)
    backoff = Backoff(
      minimum_ms: options.minimumBackoff_ms, maximum_ms: options.maximumBackoff_ms)
  }

  /// Whether a broker has accepted the session.
  public var isConnected: Bool { connection != nil }

  /// Publishes that wait for their acknowledgement (QoS 1) or for the socket (QoS 0).
  public var outstandingPublishes: Int { connection?.outstandingPublishes ?? 0 }

  /// Publishes of this connection that were acknowledged (QoS 1) or written (QoS 0).
  public var acknowledgedPublishes: UInt64 { connection?.acknowledgedPublishes ?? 0 }

  var connection: Connection? {
    if case .connected(let connection, _) = phase { connection } else { nil }
  }

  /// Gives every message that can be read to `onMessage`, until the batch is full.
  ///
  /// Waits for the first message (and meanwhile for a connection) as long as the limits say, never
  /// for a second one. The batch limit is kept to the message: `Connection.received` ends
  /// libmosquitto's read loop. Should a C library not let it (glibc before 2.33), a plain
  /// connection still reads one packet at a time, and a TLS connection at most the receive maximum
  /// beyond the limit. Called while a batch is open, it adds to that batch.
  public func receive(
    until limits: ReceiveLimits, onMessage: (InboundMessage) -> Void
  ) -> ReceiveEnd {
    withoutActuallyEscaping(onMessage) { sink in
      intake.sink = sink
      intake.limits = limits
      defer { intake.sink = nil }
      let deadline_ms = monotonic_ms() + limits.wait_ms
      while true {
        if let end = advance(deadline_ms) { return end }
      }
    }
  }

  /// Lets the acknowledgements of the open batch go, and pings the broker if it is time.
  ///
  /// Call it only after the commit is durable. Does nothing to a connection that has ended.
  public func release() {
    intake.clear()
    guard let connection else { return }
    if !flush(connection) { return }
    // After a long commit the answer to an earlier ping may wait unread in the socket, and
    // libmosquitto would take its absence for a dead broker: read first, in the next `receive`.
    let keepAlive_s = connection.answer?.limits.keepAlive_s ?? options.keepAlive_s
    let pause_ms = monotonic_ms() - lastRead_ms
    if pause_ms < Int64(keepAlive_s) * 500 || !isReadable(connection) {
      keepAlive(connection)
    }
  }

  /// Drops the connection without acknowledging anything, so that the broker redelivers.
  ///
  /// For a failed commit, and before any pause longer than the keep-alive interval, a full disk for
  /// example. The next `receive` connects again, after a pause.
  public func abandon() {
    intake.clear()
    switch phase {
    case .connected: lose(MQTTFailure(.abandoned))
    case .dialling(let dial, _):
      hanging.append(dial)
      phase = .pausing(until_ms: 0)
    case .handshaking: phase = .pausing(until_ms: 0)
    case .pausing, .closed: break
    }
  }

  /// One step of whatever the session is doing; a reason if `receive` should return.
  private func advance(_ deadline_ms: Int64) -> ReceiveEnd? {
    switch phase {
    case .connected(let connection, _): return read(connection, deadline_ms)
    case _ where intake.isOpen: return .lost
    case .closed: return wait([], until_ms: deadline_ms) == .woken ? .woken : .idle
    case .pausing(let until_ms):
      if monotonic_ms() >= until_ms {
        startAttempt()
        return nil
      }
      return end(after: wait([], until_ms: min(until_ms, deadline_ms)), deadline_ms)
    case .dialling(let dial, let attempt_ms):
      if advance(dial, attempt_ms) { return nil }
      let waiting = pollfd(fd: dial.done.descriptor, events: Int16(POLLIN), revents: 0)
      return end(after: wait([waiting], until_ms: min(attempt_ms, deadline_ms)), deadline_ms)
    case .handshaking(let connection, let attempt_ms):
      if advance(connection, attempt_ms) { return nil }
      let waiting = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
      // A CONNECT that the socket did not take at once is offered again ten times a second.
      let slice_ms = connection.wantsWrite ? monotonic_ms() + 100 : attempt_ms
      return end(
        after: wait([waiting], until_ms: min(slice_ms, attempt_ms, deadline_ms)), deadline_ms)
    }
  }
}
