import Notifiers
import SiteModel
import Testing

/// Back-off is arithmetic: the same attempt of the same notification always waits as long.
@Suite struct RetryPolicyTests {
  private let start = Timestamp(milliseconds: 1_772_352_000_000)

  @Test func delaysDoubleUpToTheCapAndNeverExceedIt() {
    var policy = RetryPolicy()
    policy.jitterPercent = 0
    let delays = (0...11).map {
      policy.delayMilliseconds(attempts: $0, key: "k", askedMilliseconds: nil)
    }
    #expect(
      delays == [
        1000, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
      ])
    let last = policy.delayMilliseconds(attempts: .max, key: "k", askedMilliseconds: nil)
    #expect(last == 300_000)
  }

  @Test func jitterShortensByAtMostItsShareAndDiffersBetweenNotifications() {
    let policy = RetryPolicy()
    let delays = (0..<200).map {
      policy.delayMilliseconds(attempts: 3, key: "key-\($0)", askedMilliseconds: nil)
    }
    #expect(delays.allSatisfy { (3200...4000).contains($0) })
    #expect(Set(delays).count > 50)
    let again = policy.delayMilliseconds(attempts: 3, key: "key-7", askedMilliseconds: nil)
    #expect(again == delays[7])
  }

  @Test(
    arguments: [
      (60_000, 60_000), (3_600_000, 3_600_000), (3_600_001, 3_600_000), (.max, 3_600_000),
      (10, 1000),
    ] as [(Int64, Int64)])
  func aRecipientIsNotUndercutWithinTheCap(asked: Int64, expected: Int64) {
    var policy = RetryPolicy()
    policy.jitterPercent = 0
    #expect(policy.delayMilliseconds(attempts: 1, key: "k", askedMilliseconds: asked) == expected)
  }

  @Test func givesUpOnlyWhenToldTo() {
    var policy = RetryPolicy()
    policy.jitterPercent = 0
    let year = start.advanced(byMilliseconds: 365 * 86_400_000)
    func next(at now: Timestamp) -> Timestamp? {
      policy.nextAttempt(
        attempts: 1, key: "k", firstAttemptAt: start, now: now, askedMilliseconds: nil)
    }
    #expect(next(at: year) == year.advanced(byMilliseconds: 1000))
    policy.giveUpAfterMilliseconds = 10_000
    #expect(next(at: start.advanced(byMilliseconds: 9000)) != nil)
    #expect(next(at: start.advanced(byMilliseconds: 9001)) == nil)
  }

  @Test func validationNamesEveryProblem() {
    #expect(RetryPolicy().validate().isEmpty)
    var policy = RetryPolicy()
    policy.firstDelayMilliseconds = 0
    policy.longestDelayMilliseconds = -1
    policy.jitterPercent = 101
    policy.longestAskedMilliseconds = -1
    policy.giveUpAfterMilliseconds = 0
    #expect(policy.validate().count == 5)
  }
}
