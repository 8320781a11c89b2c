/// The pauses between rounds of failed attempts: exponential with decorrelated jitter, so that a
/// fleet of collectors does not return to a restarted broker at the same instant.
///
/// Each pause is drawn evenly from the shortest one to three times the previous one
/// (Brooker, "Exponential Backoff And Jitter", 2015), and never exceeds the longest.
struct Backoff {
  private let minimum_ms: Int64
  private let maximum_ms: Int64
  private var previous_ms: Int64

  init(minimum_ms: Int64, maximum_ms: Int64) {
    self.minimum_ms = minimum_ms
    self.maximum_ms = maximum_ms
    previous_ms = minimum_ms
  }

  /// The next pause in milliseconds, drawn with 64 random bits; the longest one if a person has to
  /// act first.
  mutating func next(needsOperator: Bool, random: UInt64) -> Int64 {
    if needsOperator { return maximum_ms }
    let span_ms = max(0, min(maximum_ms, previous_ms * 3) - minimum_ms)
    previous_ms = minimum_ms + Int64(random % UInt64(span_ms + 1))
    return previous_ms
  }

  /// Begins again with the shortest pause.
  mutating func reset() { previous_ms = minimum_ms }
}
