import Decoding
import SiteModel
import TestSupport
import Testing

/// One folder for each case: `topic`, `payload` (or `payload.hex`, pairs of digits), and in
/// `expected` what must come out, one JSON object a line. A case with a `profile.yaml` is decoded
/// with that profile alone, the others with all of `devices/`. The message is received at
/// 2026-03-01T08:00:00Z.
///
/// A bug report becomes a folder without `expected`: the test fails and writes `expected.new`, to
/// be read, corrected and renamed.
@Suite struct GoldenCaseTests {
  static let folder = Support.root + "/Tests/DecodingTests/Cases"

  @Test(arguments: Support.names(in: folder))
  func comesOutAsRecorded(_ name: String) throws {
    let folder = Self.folder + "/" + name
    let topic = try #require(Support.read(folder + "/topic"))
    let hex = Support.read(folder + "/payload.hex").map { String(decoding: $0, as: UTF8.self) }
    let payload = try #require(hex.map(MeterFrames.bytes) ?? Support.read(folder + "/payload"))
    let own = Support.read(folder + "/profile.yaml")
    let profiles = try own.map { [try Support.profile($0)] } ?? Support.shipped()
    let bench = Bench(profiles)
    try bench.decode(String(decoding: topic, as: UTF8.self), payload)
    let found = bench.lines().map { $0 + "\n" }.joined()
    let expected = Support.read(folder + "/expected").map { String(decoding: $0, as: UTF8.self) }
    if expected == nil { Support.write(found, to: folder + "/expected.new") }
    #expect(found == expected)
  }

  /// Profiles of `Profiles/`, whose examples need a registry, come out as they say.
  @Test(arguments: Support.names(in: Support.root + "/Tests/DecodingTests/Profiles"))
  func examplesHold(_ name: String) throws {
    let path = Support.root + "/Tests/DecodingTests/Profiles/" + name
    let profile = try Support.profile(try #require(Support.read(path)), file: name)
    #expect(profile.runExamples().map(\.description) == [])
  }

  @Test func thereAreCases() {
    #expect(Support.names(in: Self.folder).count >= 14)
  }
}
