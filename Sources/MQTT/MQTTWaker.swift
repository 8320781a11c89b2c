import CMosquitto
import Glibc

/// Wakes a session that waits in `receive`, from any thread: to stop it, or for a clock tick.
///
/// A wake is remembered until the session waits next; several before that count as one.
public final class MQTTWaker: Sendable {
  let descriptor: Int32

  /// A waker of its own eventfd; a process without descriptors left cannot go on.
  init() {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    precondition(descriptor >= 0, "no file descriptor left for an eventfd")
  }

  deinit { close(descriptor) }

  /// Makes the waiting (or next) `receive` return. Never blocks, never fails.
  public func wake() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  /// Forgets the wake that was noticed.
  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
  }
}

/// The wall clock in Unix milliseconds.
func wall_ms() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}

/// The monotonic clock in milliseconds.
func monotonic_ms() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}
