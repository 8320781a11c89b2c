import SiteModel
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// From a message that nobody understands to its values, with the real broker and program.
  @Suite(.serialized) struct UnknownDeviceTests {
    private let broker: Broker
    private let installation: Installation
    /// A folder of profiles beside the shipped ones.
    private let folder: TemporaryFolder

    init() throws {
      broker = try Broker()
      folder = try TemporaryFolder()
      var options = Installation.Options()
      options.mqtt = ["subscriptions: [\"#\"]"]
      options.profiles = [folder.path]
      installation = try Installation(broker: broker.url, options)
    }

    private func shapes() async throws -> [String] {
      let (status, program) = try await installation.run("devices unknown", "--format", "json")
      #expect(status == 0, "\(program.errors)")
      return program.lines.filter { !$0.contains("sitewatt/acceptance/status") }
    }

    private func voltages() async throws -> [String] {
      let (_, query) = try await installation.run(
        "query", "--device", "M-7", "--metric", "voltage.a")
      return Array(query.lines.dropFirst())
    }

    /// The suggested profile, with what a person fills in.
    private func addProfile(of shape: String) async throws {
      let (status, skeleton) = try await installation.run("devices unknown", "--shape", shape)
      #expect(status == 0)
      #expect(skeleton.output.contains("\"Ua\": { metric: voltage.a"))
      var text = skeleton.output
      _ = try folder.write(text, to: "acme.yaml")
      let (_, check) = try await installation.run("check")
      let objects = check.lines.compactMap { line in
        line.firstRange(of: "also came out: ").map { String(line[$0.upperBound...]) }
      }
      text = text.replacing("expect: []", with: "expect: [\(objects.joined(separator: ", "))]")
      _ = try folder.write(text, to: "acme.yaml")
      let (problems, again) = try await installation.run("check")
      #expect(problems == 0, "\(again.output)")
    }

    @Test func anUnknownMeterIsListedDescribedAndDecodedWithItsTimes() async throws {
      var collector = try await installation.startConnected()
      let messages = (0..<30).map { number in
        Message("acme/M-7/up", #"{"ts":\#(1_795_000_000 + number * 60),"Ua":\#(220 + number)}"#)
      }
      try await Publisher.publish(messages, to: broker.url)
      try await eventually("all are kept") {
        try installation.reader().heldTotals().messages >= 30
      }
      let listed = try await shapes()
      #expect(listed.count == 1)
      #expect(
        listed[0].contains(#""topic":"acme/{device}/up","payload":"JSON: Ua number, ts number""#))
      #expect(listed[0].contains(#""messages":30,"kept":30"#))
      let shape = String(listed[0].dropFirst(#"{"shape":""#.count).prefix(12))
      try await addProfile(of: shape)

      // The collector knows the profile from its next start on, and says so.
      let (early, nothing) = try await installation.run("devices replay")
      #expect(early == 0)
      #expect(nothing.output.contains("0 messages were decoded"))
      #expect(nothing.errors.contains("1 profile(s) on disk are not those"))
      #expect(try await collector.stop() == 0)
      collector = try await installation.startConnected()
      #expect(try await voltages() == [])

      let (status, replay) = try await installation.run("devices replay", "--shape", shape)
      #expect(status == 0, "\(replay.errors)")
      #expect(replay.output.contains("30 messages were decoded and stored"))
      #expect(collector.isRunning)
      let expected = (0..<30).map { number in
        let time = Timestamp(milliseconds: (1_795_000_000 + Int64(number) * 60) * 1000)
        return "\(time),M-7,voltage.a,\(220 + number),V,good"
      }
      #expect(try await voltages() == expected)
      #expect(try await installation.verify() == "")
      #expect(try await shapes() == [])

      // A second replay does nothing; what comes from now on is understood at once.
      let (_, second) = try await installation.run("devices replay")
      #expect(second.output.contains("0 messages were decoded"))
      #expect(try await voltages() == expected)
      let live = Message("acme/M-7/up", #"{"ts":1795010000,"Ua":231}"#)
      try await Publisher.publish([live], to: broker.url)
      try await eventually("the live one is stored") {
        try installation.reader().totals().readings == 31
      }
      #expect(try await collector.stop() == 0)
      #expect(try await installation.verify() == "")
      #expect(try await installation.alerts() == [])
    }

    /// Killed again and again in the midst of a replay: each message is decoded once.
    @Test func aReplayThatIsKilledIsGoneOnWith() async throws {
      var collector = try await installation.startConnected()
      let count = 6_000
      let messages = (0..<count).map { number in
        Message("acme/M-7/up", #"{"ts":\#(1_795_000_000 + number),"Ua":\#(200 + number % 50)}"#)
      }
      try await Publisher.publish(messages, to: broker.url)
      try await eventually("all are kept") {
        try installation.reader().heldTotals().messages >= count
      }
      #expect(try await collector.stop() == 0)
      let shape = try #require(try await shapes().first)
      try await addProfile(of: String(shape.dropFirst(#"{"shape":""#.count).prefix(12)))
      for _ in 0..<3 {
        let replay = try Program(
          ["devices", "replay", "--config", installation.configuration], in: folder)
        let before = try installation.reader().heldTotals().messages
        try await eventually("a step is done") {
          try !replay.isRunning || installation.reader().heldTotals().messages < before
        }
        try await replay.kill()
      }
      // What is left the collector takes up by itself.
      collector = try await installation.startConnected()
      try await eventually("nothing of it is kept") {
        try installation.reader().openReplay() == nil
          && installation.reader().heldTotals().messages < 100
      }
      #expect(try await collector.stop() == 0)
      #expect(try await voltages().count == count)
      #expect(try installation.reader().totals().readings == count)
      #expect(try await installation.verify() == "")
    }
  }
}
