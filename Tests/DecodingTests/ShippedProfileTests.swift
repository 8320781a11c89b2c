import Decoding
import SiteModel
import Testing

/// The profiles of `devices/` load together, and their examples come out as they say.
@Suite struct ShippedProfileTests {
  @Test func examplesComeOutAsTheySay() throws {
    let profiles = try Support.shipped()
    #expect(profiles.count >= 3)
    #expect(profiles.flatMap { $0.runExamples() }.map(\.description) == [])
  }

  @Test func profilesFitTogether() throws {
    let log = ProblemLog()
    DeviceProfile.checkTogether(try Support.shipped(), log: log)
    #expect(log.problems == [])
  }
}
