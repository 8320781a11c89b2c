import SiteModel

/// When to try again after an attempt that came to nothing: pure arithmetic, no clock and no state.
public struct RetryPolicy: Sendable, Equatable {
  /// Delay after the first failed attempt; default 1 s. Every further one doubles it.
  public var firstDelayMilliseconds: Int64 = 1000
  /// The delay stops growing here; default 5 min.
  public var longestDelayMilliseconds: Int64 = 300_000
  /// A delay is shortened by up to this many percent, so that recipients which went down together
  /// are not called in step; default 20, limit 0…100.
  public var jitterPercent: Int64 = 20
  /// Longest wait a recipient can ask for (`Retry-After`); default 1 h.
  public var longestAskedMilliseconds: Int64 = 3_600_000
  /// No attempt later than this after the first one; nil, the default, never gives up.
  public var giveUpAfterMilliseconds: Int64?

  /// The defaults.
  public init() {}

  /// What is wrong with these values, one sentence each; empty when nothing is.
  public func validate() -> [String] {
    var problems: [String] = []
    if firstDelayMilliseconds < 1 { problems.append("the first delay must be at least 1 ms") }
    if longestDelayMilliseconds < firstDelayMilliseconds {
      problems.append("the longest delay must not be shorter than the first")
    }
    if !(0...100).contains(jitterPercent) { problems.append("jitter must be 0 to 100 percent") }
    if longestAskedMilliseconds < 0 {
      problems.append("the longest asked wait must not be negative")
    }
    if let giveUpAfterMilliseconds, giveUpAfterMilliseconds < 1 {
      problems.append("the time to give up must be at least 1 ms")
    }
    return problems
  }

  /// How long to wait after an attempt that failed.
  ///
  /// - Parameters:
  ///   - attempts: Attempts made, the one that just failed included; less than 1 counts as 1.
  ///   - key: The notification's idempotency key; the jitter is drawn from it, so that the same
  ///     attempt always gets the same delay.
  ///   - askedMilliseconds: What the recipient asked for; it is not undercut up to its cap.
  /// - Returns: Milliseconds.
  public func delayMilliseconds(attempts: Int, key: String, askedMilliseconds: Int64?) -> Int64 {
    var delay = firstDelayMilliseconds
    for _ in 1..<max(2, min(attempts, 64)) where attempts > 1 && delay < longestDelayMilliseconds {
      delay = delay > longestDelayMilliseconds / 2 ? longestDelayMilliseconds : delay * 2
    }
    delay -= delay / 100 * jitterPercent * drawn(from: "\(key)/\(attempts)") / 256
    return max(delay, min(askedMilliseconds ?? 0, longestAskedMilliseconds))
  }

  /// When to try again; nil when that would be after the time to give up.
  ///
  /// - Parameters:
  ///   - attempts: Attempts made, the one that just failed included.
  ///   - key: The notification's idempotency key.
  ///   - firstAttemptAt: Start of the very first attempt.
  ///   - now: When the last attempt ended.
  ///   - askedMilliseconds: What the recipient asked for, see ``DeliveryOutcome/retry``.
  /// - Returns: The instant.
  public func nextAttempt(
    attempts: Int, key: String, firstAttemptAt: Timestamp, now: Timestamp,
    askedMilliseconds: Int64?
  ) -> Timestamp? {
    let delay = delayMilliseconds(
      attempts: attempts, key: key, askedMilliseconds: askedMilliseconds)
    let next = now.advanced(byMilliseconds: delay)
    if let limit = giveUpAfterMilliseconds, next.since(firstAttemptAt) > limit { return nil }
    return next
  }

  /// A number 0…255 that looks random and depends on the text only.
  private func drawn(from text: String) -> Int64 { Int64(Digest.sha256(Array(text.utf8))[0]) }
}
