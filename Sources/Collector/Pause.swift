import Glibc

/// Lets the calling thread rest; for the pipeline's own thread only, while nothing can be stored.
enum Pause {
  /// Rests so long.
  static func milliseconds(_ duration: Int32) { poll(nil, 0, duration) }
}
