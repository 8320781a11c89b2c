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

  @Test(
    arguments: [
      ("sites", { @Sendable (o: inout FleetOptions) in o.sites = 20_001 }),
      ("start", { @Sendable (o: inout FleetOptions) in o.start = Timestamp(milliseconds: 1) }),
      ("duration", { @Sendable (o: inout FleetOptions) in o.durationMilliseconds = 0 }),
      ("time compression", { @Sendable (o: inout FleetOptions) in o.timeCompression = 0 }),
      ("interval", { @Sendable (o: inout FleetOptions) in o.intervalMilliseconds = 1_500 }),
      ("kinds", { @Sendable (o: inout FleetOptions) in o.kindsOfTenSites = [10, 1, -1, 0] }),
      ("permille", { @Sendable (o: inout FleetOptions) in o.latePermille = 1_001 }),
      ("permille", { @Sendable (o: inout FleetOptions) in o.overpricedPermille = 950 }),
      ("longest delay", { @Sendable (o: inout FleetOptions) in o.longestDelayMilliseconds = 0 }),
      ("silence", { @Sendable (o: inout FleetOptions) in o.silentAfterMilliseconds = 179_000 }),
      ("outage delay", { @Sendable (o: inout FleetOptions) in o.outageDelayMilliseconds = -1 }),
      ("outages must", { @Sendable (o: inout FleetOptions) in o.outages = -1 }),
      ("silent devices", { @Sendable (o: inout FleetOptions) in o.silentDevices = 91 }),
      ("short outages", { @Sendable (o: inout FleetOptions) in o.outageDelayMilliseconds = 60_000 }),
      (
        "longest outage",
        { @Sendable (o: inout FleetOptions) in o.longestOutageMilliseconds = 180_000 }
      ),
      ("too short", { @Sendable (o: inout FleetOptions) in (o.outages, o.silentDevices) = (5_000, 0) }),
    ])
  func aLimitIsNamed(_ word: String, _ change: @Sendable (inout FleetOptions) -> Void) {
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
