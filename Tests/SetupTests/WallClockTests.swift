import Setup
import Synchronization
import Testing

/// The clock notices that it was set, and follows slow drift.
@Suite struct WallClockTests {
  /// A wall clock and a steady one that the test sets.
  private final class Clocks: Sendable {
    let wall = Mutex<Int64>(1_000_000)
    let steady = Mutex<Int64>(5_000)

    func pass(_ milliseconds: Int64) {
      wall.withLock { $0 += milliseconds }
      steady.withLock { $0 += milliseconds }
    }

    func set(by milliseconds: Int64) { wall.withLock { $0 += milliseconds } }

    var clock: WallClock {
      WallClock(wall: { self.wall.withLock { $0 } }, steady: { self.steady.withLock { $0 } })
    }
  }

  @Test(arguments: [3_600_000, -3_600_000, 2_001, -2_001])
  func aJumpIsToldOnce(_ jump: Int64) {
    let clocks = Clocks()
    var clock = clocks.clock
    clocks.pass(10_000)
    #expect(clock.step() == nil)
    clocks.set(by: jump)
    #expect(clock.step() == jump)
    clocks.pass(1000)
    #expect(clock.step() == nil)
  }

  @Test func driftIsFollowed() {
    let clocks = Clocks()
    var clock = clocks.clock
    for _ in 0..<100 {
      clocks.pass(1000)
      clocks.set(by: 500)
      #expect(clock.step() == nil)
    }
  }
}
