import Foundation
import TestSupport
import Testing

extension Acceptance {
  /// What people wrote wrongly stops the start, with every problem at once; `check` says the same.
  ///
  /// Each case is a folder with `config.yaml`, what it names, and `expected.txt`. With
  /// `RECORD_GOLDEN=1` in the environment the answer is written there, and the test fails.
  @Suite struct CheckTests {
    private static let cases = "\(Repository.root)/Tests/AcceptanceTests/Cases/check"

    private static var names: [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: cases)) ?? []).sorted()
    }

    @Test(arguments: names) func aBadConfigurationStopsTheStart(name: String) async throws {
      let folder = try TemporaryFolder()
      let copy = "\(folder.path)/case"
      try FileManager.default.copyItem(atPath: "\(Self.cases)/\(name)", toPath: copy)
      func run(_ command: String) async throws -> Program {
        let program = try Program([command, "--config", "\(copy)/config.yaml"], in: folder)
        #expect(try await program.end() == 1)
        return program
      }
      let check = try await run("check")
      let start = try await run("run")
      let answer = check.output.replacing(copy + "/", with: "")
      #expect(start.errors == "Error: " + check.output + check.errors)
      #expect(check.errors == "\(check.lines.count) problem(s)\n")
      #expect(start.output == "")
      #expect(!FileManager.default.fileExists(atPath: "\(copy)/sitewatt.db"))

      let golden = "\(Self.cases)/\(name)/expected.txt"
      if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
        try answer.write(toFile: golden, atomically: true, encoding: .utf8)
        Issue.record("recorded \(golden)")
      }
      #expect(answer == (try String(contentsOfFile: golden, encoding: .utf8)))
    }

    @Test func profilesThatGetNoMessagesAreNamed() async throws {
      var options = Installation.Options()
      options.mqtt = [#"subscriptions: ["uplink/+/json", "$share/g/fsu/#"]"#]
      let installation = try Installation(broker: "mqtt://127.0.0.1:1", options)
      let (status, check) = try await installation.run("check")
      #expect(status == 0 && check.lines.count == 2)
      let note = check.lines.first ?? ""
      #expect(note.contains("config.yaml:5: note: mqtt.subscriptions takes the place of"))
      #expect(note.contains(" sparkplug,") && !note.contains(" generic-json"))
      #expect(!note.contains(" fsu-alarm"))
      #expect(check.lines.last?.hasSuffix("config.yaml: no problems") == true)
    }

    @Test func theSampleConfigurationHasNoProblems() async throws {
      let folder = try TemporaryFolder()
      let program = try Program(["check", "--config", "config/sitewatt.yaml"], in: folder)
      #expect(try await program.end() == 0)
      #expect(program.output == "config/sitewatt.yaml: no problems\n")
    }
  }
}
