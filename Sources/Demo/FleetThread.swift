import Foundation
import MQTT
import Simulator
import Synchronization

/// Publishes a fleet's messages on a thread of its own, because the MQTT session blocks.
public final class FleetThread: Sendable {
  private let fleet: Fleet
  private let options: MQTTOptions
  private let isStopping = Atomic(false)
  private let truth = Mutex("")

  /// A thread that is yet to start.
  public init(fleet: Fleet, options: MQTTOptions) {
    self.fleet = fleet
    self.options = options
  }

  /// What was really published and done, as JSON lines; complete when `run` has returned.
  public var truthLines: String { truth.withLock { $0 } }

  /// Publishes until everything is acknowledged or the task is cancelled.
  public func run(trouble: @escaping @Sendable (String) -> Void = { _ in }) async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result { try self.work(trouble) }) }
        thread.name = "fleet"
        thread.start()
      }
    } onCancel: {
      isStopping.store(true, ordering: .relaxed)
    }
  }

  private func work(_ trouble: (String) -> Void) throws {
    let publisher = try FleetPublisher(options, name: options.clientID + "-fleet")
    var stream = fleet.messages()
    publisher.run(
      next: {
        stream.next().map { message in
          FleetPublisher.Outgoing(
            topic: message.topic, payload: message.payload,
            dueMilliseconds: fleet.publishDelayMilliseconds(of: message))
        }
      },
      isStopping: { isStopping.load(ordering: .relaxed) }, trouble: trouble)
    stream.stop()
    truth.withLock { $0 = stream.truthLines }
  }
}
