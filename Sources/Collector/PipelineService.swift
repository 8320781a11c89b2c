import Foundation
import Logging
import MQTT
import ServiceLifecycle
import Synchronization

/// Runs the pipeline on a thread of its own, from the recovery to an orderly end.
struct PipelineService: Service {
  /// Makes the pipeline: takes the waker of its session, and says whether it is to stop already.
  typealias Maker = @Sendable ((MQTTWaker) -> Void, () -> Bool) throws -> Pipeline?

  private let make: Maker
  private let stopper = Stopper()

  /// A service that makes its pipeline on the pipeline's own thread.
  init(make: @escaping Maker) { self.make = make }

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await withCheckedThrowingContinuation { continuation in
        let thread = Thread {
          continuation.resume(with: Result { try work() })
        }
        thread.name = "pipeline"
        thread.stackSize = 8 << 20
        thread.start()
      }
    } onGracefulShutdown: {
      ServiceManager().stopping()
      stopper.stop()
    }
  }

  private func work() throws {
    let made = try make({ stopper.wakes($0) }, { stopper.isStopped })
    guard let pipeline = made else { return }
    try pipeline.run { stopper.isStopped }
  }
}

/// Carries the wish to stop to the pipeline's thread, and wakes it from waiting for messages.
private final class Stopper: Sendable {
  private struct State {
    var isStopped = false
    var waker: MQTTWaker?
  }

  private let state = Mutex(State())

  var isStopped: Bool { state.withLock { $0.isStopped } }

  func wakes(_ waker: MQTTWaker) { state.withLock { $0.waker = waker } }

  func stop() {
    let waker = state.withLock { state in
      state.isStopped = true
      return state.waker
    }
    waker?.wake()
  }
}
