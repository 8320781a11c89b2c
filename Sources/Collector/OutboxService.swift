import Logging
import Notifiers
import ServiceLifecycle
import Setup
import SiteModel
import Storage

/// Delivers what stands in the outbox: at least once, in order of the numbers, each channel on its
/// own.
///
/// A message that must be tried again waits by itself; when two different messages of a channel
/// fail one after the other, the channel is down and rests as long as the message that failed last.
struct OutboxService: Service {
  /// Longest wait between two looks at the outbox, in milliseconds.
  static let longestWaitMilliseconds: Int64 = 30_000
  /// Messages taken from the outbox at a time.
  static let step = 200

  let store: Store
  let channels: [Channel]
  let policy: RetryPolicy
  let clock: WallClock
  let log: Logger
  /// Raised when the pipeline wrote notifications.
  let signal: Signal

  func run() async throws {
    await withGracefulShutdownHandler {
      await deliverUntilStopped()
    } onGracefulShutdown: {
      signal.raise()
    }
    for channel in channels { await channel.shutdown() }
  }

  private func deliverUntilStopped() async {
    for channel in channels { postpone(channel.name, until: Timestamp(milliseconds: 0)) }
    var rests: [String: Timestamp] = [:]
    while !Task.isCancelled && !Task.isShuttingDownGracefully {
      let wait = await deliverDue(&rests)
      guard wait > 0 else { continue }
      await signal.wait(milliseconds: wait)
    }
  }

  /// Makes one round; returns how long nothing will be due, in milliseconds. `rests` are the
  /// channels that are down, and until when.
  private func deliverDue(_ rests: inout [String: Timestamp]) async -> Int64 {
    do throws(StoreError) {
      let due = try store.reader.dueNotifications(now: clock.now(), limit: Self.step)
      if !due.isEmpty {
        rests = await withTaskGroup(of: (String, Timestamp?).self) { [rests] group in
          for (name, messages) in Dictionary(grouping: due, by: \.channel) {
            group.addTask { (name, await deliver(messages, by: name, restingUntil: rests[name])) }
          }
          return await group.reduce(into: rests) { $0[$1.0] = $1.1 }
        }
      }
      guard let next = try store.reader.nextAttempt() else { return Self.longestWaitMilliseconds }
      return min(max(next.since(clock.now()), 0), Self.longestWaitMilliseconds)
    } catch {
      log.warning("outbox: \(error)")
      return 1000
    }
  }

  /// Delivers messages in their order; returns until when the channel rests, nil when it is up.
  private func deliver(
    _ messages: [SiteModel.Notification], by name: String, restingUntil rest: Timestamp?
  ) async -> Timestamp? {
    guard let channel = channels.first(where: { $0.name == name }) else {
      for message in messages {
        _ = record(message, .failed(reason: "no channel '\(name)' is configured any more"))
      }
      return nil
    }
    if let rest, clock.now() < rest {
      postpone(name, until: rest)
      return rest
    }
    var failures = 0
    for message in messages {
      if Task.isShuttingDownGracefully { return nil }
      let outcome = await channel.deliver(message)
      let wait = record(message, outcome)
      failures = wait == nil ? 0 : failures + 1
      if let wait, failures == 2 {
        log.warning("channel '\(name)' is down; its messages wait \(wait) ms")
        let end = clock.now().advanced(byMilliseconds: wait)
        postpone(name, until: end)
        return end
      }
    }
    return nil
  }

  /// Makes all messages of a channel due at the same time.
  private func postpone(_ channel: String, until time: Timestamp) {
    do throws(StoreError) {
      try store.postpone(channel: channel, until: time)
    } catch { log.warning("outbox: \(error)") }
  }

  /// Notes what came of an attempt; returns the wait before the next one, nil when there is none.
  private func record(
    _ message: SiteModel.Notification, _ outcome: DeliveryOutcome
  ) -> Int64? {
    let now = clock.now()
    do throws(StoreError) {
      switch outcome {
      case .delivered: try store.markDelivered(message.number, at: now)
      case .failed(let reason):
        log.error("notification \(message.number) to '\(message.channel)' failed: \(reason)")
        try store.markFailed(message.number, reason: reason, at: now)
      case .retry(let reason, let asked):
        let delay = policy.delayMilliseconds(
          attempts: message.attempts + 1, key: message.key, askedMilliseconds: asked)
        log.warning("notification \(message.number) to '\(message.channel)': \(reason)")
        try store.markRetry(
          message.number, nextAttempt: now.advanced(byMilliseconds: delay), reason: reason)
        return delay
      }
    } catch {
      // The row stays pending and is delivered again: at least once, with the same key.
      log.warning("outbox: \(error)")
    }
    return nil
  }
}
