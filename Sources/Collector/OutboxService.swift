import Logging
import Notifiers
import ServiceLifecycle
import Setup
import SiteModel
import Storage

/// Delivers what stands in the outbox for one channel: at least once, in order of the numbers.
///
/// A message that must be tried again waits by itself, and the later ones of the same alert wait
/// behind it. When messages of two different alerts fail one after the other, the channel is down
/// and rests as long as the message that failed last. A stop cuts a running attempt short, and that
/// attempt does not count.
struct OutboxService: Service {
  /// Longest wait between two looks at the outbox, in milliseconds.
  static let longestWaitMilliseconds: Int64 = 30_000
  /// Messages taken from the outbox at a time.
  static let step = 200

  /// Raised when the pipeline wrote notifications.
  let signal = Signal()

  private let store: Store
  private let channel: Channel
  private let policy: RetryPolicy
  private let log: Logger
  private var clock: WallClock

  /// An attempt that failed, and when the next one is due.
  private struct Waiting {
    let number: Int64
    let end: Timestamp
  }

  /// The failed message of each alert that waits for its next attempt.
  private var waiting: [String: Waiting] = [:]
  /// Alert of the last attempt, when that failed.
  private var failedAlert: String?
  /// The channel is down until then.
  private var rest: Timestamp?
  /// Why the store cannot be used now.
  private var trouble: StoreError?

  init(store: Store, channel: Channel, policy: RetryPolicy, clock: WallClock, log: Logger) {
    self.store = store
    self.channel = channel
    self.policy = policy
    self.clock = clock
    self.log = log
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var delivery = self
      await delivery.deliverUntilCancelled()
    }
    await channel.shutdown()
  }

  private mutating func deliverUntilCancelled() async {
    await makeAllDue()
    while !Task.isCancelled {
      if clock.step() != nil {
        rest = nil
        await makeAllDue()
      }
      let wait = await deliverDue()
      if wait > 0 { await signal.wait(milliseconds: wait) }
    }
  }

  /// Makes one round; returns how long nothing will be due, in milliseconds.
  private mutating func deliverDue() async -> Int64 {
    let (name, now) = (channel.name, clock.now())
    if let rest, now < rest { return min(rest.since(now), Self.longestWaitMilliseconds) }
    rest = nil
    let due = await persist { store throws(StoreError) in
      try store.reader.dueNotifications(channel: name, now: now, limit: Self.step)
    }
    for message in due ?? [] where rest == nil && !Task.isCancelled { await deliver(message) }
    guard due?.isEmpty == true else { return 0 }
    let next = await persist { store throws(StoreError) in
      try store.reader.nextAttempt(channel: name)
    }
    guard let next = next ?? nil else { return Self.longestWaitMilliseconds }
    return min(max(next.since(clock.now()), 0), Self.longestWaitMilliseconds)
  }

  /// Makes one attempt, unless an earlier message of the same alert waits for its own.
  private mutating func deliver(_ due: DueNotification) async {
    let (message, alert) = (due.message, due.alert)
    if let earlier = waiting[alert], earlier.number < message.number {
      await persist { store throws(StoreError) in
        try store.postpone(message.number, until: earlier.end)
      }
      return
    }
    let outcome = await channel.deliver(message)
    let now = clock.now()
    switch outcome {
    case .delivered:
      (waiting[alert], failedAlert) = (nil, nil)
      await persist { store throws(StoreError) in
        try store.markDelivered(message.number, at: now)
      }
    case .failed(let reason):
      log.error("notification \(message.number) to '\(channel.name)' failed: \(reason)")
      (waiting[alert], failedAlert) = (nil, nil)
      await persist { store throws(StoreError) in
        try store.markFailed(message.number, reason: reason, at: now)
      }
    case .retry(let reason, let asked):
      if Task.isCancelled { return }
      log.warning("notification \(message.number) to '\(channel.name)': \(reason)")
      await retry(due, reason, askedMilliseconds: asked)
    }
  }

  /// Notes an attempt that failed; the second one in a row of different alerts begins a rest.
  private mutating func retry(
    _ due: DueNotification, _ reason: String, askedMilliseconds: Int64?
  ) async {
    let message = due.message
    let delay = policy.delayMilliseconds(
      attempts: message.attempts + 1, key: message.key, askedMilliseconds: askedMilliseconds)
    let end = clock.now().advanced(byMilliseconds: delay)
    waiting[due.alert] = Waiting(number: message.number, end: end)
    await persist { store throws(StoreError) in
      try store.markRetry(message.number, nextAttempt: end, reason: reason)
    }
    guard let other = failedAlert, other != due.alert else {
      failedAlert = due.alert
      return
    }
    log.warning("channel '\(channel.name)' is down; its messages wait \(delay) ms")
    (failedAlert, rest) = (nil, end)
    await makeAllDue()
  }

  /// Ends all waits of single messages, so that the channel goes on in order of the numbers.
  private mutating func makeAllDue() async {
    let name = channel.name
    let done: Void? = await persist { store throws(StoreError) in
      try store.postpone(channel: name, until: Timestamp(milliseconds: 0))
    }
    if done != nil { waiting = [:] }
  }

  /// Does something with the store, again every second until it works, so that nothing is sent
  /// whose outcome could not be noted; nil when the task is cancelled meanwhile.
  @discardableResult
  private mutating func persist<Value>(
    _ work: (Store) throws(StoreError) -> Value
  ) async -> Value? {
    while true {
      do throws(StoreError) {
        let value = try work(store)
        if trouble != nil { log.notice("outbox of channel '\(channel.name)' goes on") }
        trouble = nil
        return value
      } catch {
        if trouble != error { log.warning("outbox of channel '\(channel.name)': \(error)") }
        trouble = error
      }
      do { try await Task.sleep(for: .seconds(1)) } catch { return nil }
    }
  }
}
