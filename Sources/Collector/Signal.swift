import Synchronization

/// Lets one task wait until another says that there is something to do, or a time has passed, or
/// the waiting task is cancelled.
final class Signal: Sendable {
  private struct State {
    var isRaised = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Ends the present wait, or the next one if nobody waits. Several calls count as one.
  func raise() {
    let waiter = state.withLock { state in
      let waiter = state.waiter
      state.waiter = nil
      state.isRaised = waiter == nil
      return waiter
    }
    waiter?.resume()
  }

  /// Waits for `raise`, at most so long. One task at a time may wait.
  func wait(milliseconds: Int64) async {
    let timer = Task {
      do {
        try await Task.sleep(for: .milliseconds(milliseconds))
        raise()
      } catch {}  // The wait is over already.
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isRaised = state.withLock { state in
          if state.isRaised {
            state.isRaised = false
            return true
          }
          state.waiter = continuation
          return false
        }
        if isRaised { continuation.resume() }
      }
    } onCancel: {
      raise()
    }
    timer.cancel()
  }
}
