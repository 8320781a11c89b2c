import SiteModel
import Testing

@testable import Simulator

/// Every limit of the options is stated and kept.
@Suite struct OptionsTests {
  @Test func theDefaultsAndTheDemoAreSound() {
    #expect(FleetOptions().validate() == [])
    #expect(FleetOptions.demo(start: Timestamp(milliseconds: 1_772_323_200_000)).validate() == [])
    #expect(BacklogOptions().validate() == [])
  }

  private typealias Change = @Sendable (inout FleetOptions) -> Void

  private static let limits: [(String, Change)] = [
    ("sites", { $0.sites = 20_001 }),
    ("start", { $0.start = Timestamp(milliseconds: 1) }),
    ("duration", { $0.durationMilliseconds = 0 }),
    ("time compression", { $0.timeCompression = 0 }),
    ("interval", { $0.intervalMilliseconds = 1_500 }),
    ("kinds", { $0.kindsOfTenSites = [10, 1, -1, 0] }),
    ("permille", { $0.latePermille = 1_001 }),
    ("permille", { $0.overpricedPermille = 950 }),
    ("longest delay", { $0.longestDelayMilliseconds = 0 }),
    ("silence", { $0.silentAfterMilliseconds = 179_000 }),
    ("outage delay", { $0.outageDelayMilliseconds = -1 }),
    ("outages must", { $0.outages = -1 }),
    ("silent devices", { $0.silentDevices = 91 }),
    ("short outages", { $0.outageDelayMilliseconds = 60_000 }),
    ("longest outage", { $0.longestOutageMilliseconds = 180_000 }),
    ("too short", { ($0.outages, $0.silentDevices) = (5_000, 0) }),
  ]

  @Test(arguments: Self.limits)
  private func aLimitIsNamed(_ word: String, _ change: Change) {
    var options = FleetOptions()
    change(&options)
    let problems = options.validate()
    #expect(problems.count == 1 && problems[0].contains(word), "\(problems)")
  }

  @Test func aRoundMustHoldItsFaults() {
    var options = FleetOptions.demo(start: Timestamp(milliseconds: 1_772_323_200_000))
    options.round?.outage = 8_000..<12_000
    #expect(options.validate() == ["the outage of a round is too short"])
    options.round?.outage = 8_000..<70_000
    #expect(options.validate() == ["the outage of a round must lie in it, in whole seconds"])
    options.round = FaultRound()
    options.outages = 1
    #expect(options.validate() == ["rounds exclude outages and silent devices"])
  }

  @Test func aBacklogHasLimits() {
    var options = BacklogOptions()
    options.devices = 0
    options.fields = 11
    options.messages = -1
    options.intervalMilliseconds = 0
    options.start = Timestamp(milliseconds: 0)
    #expect(options.validate().count == 5)
  }
}
