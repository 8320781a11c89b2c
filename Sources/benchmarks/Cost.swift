import Glibc

/// What this process has used so far.
struct Cost {
  /// Seconds on the clock of the machine.
  var wall_s: Double
  /// Seconds of processor time, of all threads, in user and kernel mode.
  var cpu_s: Double

  /// As of now.
  static func now() -> Cost {
    var wall = timespec()
    var cpu = timespec()
    clock_gettime(CLOCK_MONOTONIC, &wall)
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu)
    return Cost(wall_s: seconds(wall), cpu_s: seconds(cpu))
  }

  /// Largest resident memory so far, in bytes.
  static func peakBytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  private static func seconds(_ time: timespec) -> Double {
    Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// A watch that runs only while the measured part works.
struct Watch {
  /// What the measured part has used.
  private(set) var total = Cost(wall_s: 0, cpu_s: 0)

  /// Runs `body` and counts what it uses.
  mutating func measure<T>(_ body: () throws -> T) rethrows -> T {
    let begin = Cost.now()
    defer {
      let end = Cost.now()
      total.wall_s += end.wall_s - begin.wall_s
      total.cpu_s += end.cpu_s - begin.cpu_s
    }
    return try body()
  }
}
