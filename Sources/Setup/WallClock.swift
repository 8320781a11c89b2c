import Glibc
import SiteModel

/// The collector's clock: wall time, checked against a clock that cannot be set, so that a jump of
/// the wall clock is noticed and the pipeline's waits can be moved with it.
public struct WallClock: Sendable {
  /// A difference between the two clocks that is a jump and not drift, in milliseconds.
  public static let jumpMilliseconds: Int64 = 2000

  private let readWall: @Sendable () -> Int64
  private let readSteady: @Sendable () -> Int64
  private var offset: Int64

  /// The system's clocks.
  public init() {
    self.init(
      wall: { Self.read(CLOCK_REALTIME) }, steady: { Self.read(CLOCK_BOOTTIME) })
  }

  /// Clocks for tests, in milliseconds.
  public init(
    wall: @escaping @Sendable () -> Int64, steady: @escaping @Sendable () -> Int64
  ) {
    readWall = wall
    readSteady = steady
    offset = wall() - steady()
  }

  /// Wall time now.
  public func now() -> Timestamp { Timestamp(milliseconds: readWall()) }

  /// By how much the wall clock was set since the last call; nil when it was not.
  public mutating func step() -> Int64? {
    let difference = readWall() - readSteady() - offset
    // Slow drift (NTP slewing) is followed, not reported.
    offset += difference
    return abs(difference) > Self.jumpMilliseconds ? difference : nil
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
