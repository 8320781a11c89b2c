import Testing

@testable import Collector

/// A wait ends by a raise, by time, or by cancellation; never is a raise lost.
@Suite(.timeLimit(.minutes(1))) struct SignalTests {
  @Test func aRaiseBeforeTheWaitCounts() async {
    let signal = Signal()
    signal.raise()
    signal.raise()
    await signal.wait(milliseconds: 3_600_000)
  }

  @Test func aRaiseDuringTheWaitEndsIt() async {
    let signal = Signal()
    async let waiting: Void = signal.wait(milliseconds: 3_600_000)
    signal.raise()
    await waiting
  }

  @Test func timeEndsIt() async { await Signal().wait(milliseconds: 1) }

  @Test func cancellationEndsIt() async {
    let signal = Signal()
    let task = Task { await signal.wait(milliseconds: 3_600_000) }
    task.cancel()
    await task.value
  }
}
