import Foundation
import TestSupport
import Testing

extension Acceptance {
  /// What `make run` shows.
  @Suite(.serialized) struct DemoTests {
    /// The process id of the broker that a demonstration has started; its command line names the
    /// folder.
    private func brokers(in folder: String) -> [String] {
      let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return processes.filter { Int($0) != nil }.filter { process in
        let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
        let words = String(decoding: line, as: UTF8.self)
        return words.contains("mosquitto") && words.contains("\(folder)/mosquitto.conf")
      }
    }

    @Test func aMinuteShowsEveryFaultAndEndsByItself() async throws {
      let folder = try TemporaryFolder()
      let demo = "\(folder.path)/demo"
      let program = try Program(["demo", "--seconds", "60", "--folder", demo], in: folder)
      #expect(try await program.end(withinSeconds: 90) == 0)
      for kind in ["outage.mains", "price.cap_exceeded", "device.silent"] {
        for transition in ["RAISED", "CLEARED"] {
          let isShown = program.lines.contains { $0.contains(transition) && $0.contains(kind) }
          #expect(isShown, "\(transition) \(kind) in:\n\(program.output)")
        }
      }
      #expect(program.output.contains("shortened for the demonstration"))
      #expect(program.output.contains("invented samples, no official prices"))
      #expect(program.lines.filter { $0.hasPrefix("-- connected to") }.count >= 5)
      #expect(program.errors == "")
      #expect(brokers(in: demo) == [])
      // What it says to type next works on what it leaves.
      for command in [
        ["alerts"], ["query", "--device", "SIM-0001-M1", "--metric", "voltage.a"], ["verify"],
      ] {
        let next = try Program(command + ["--config", "\(demo)/sitewatt.yaml"], in: folder)
        #expect(try await next.end() == 0, "\(command): \(next.output)\(next.errors)")
        #expect(!next.lines.isEmpty)
      }
    }

    @Test func anInterruptLeavesNothingBehind() async throws {
      let folder = try TemporaryFolder()
      let demo = "\(folder.path)/demo"
      let program = try Program(["demo", "--folder", demo], in: folder)
      try await eventually("the first alert") { program.output.contains("RAISED") }
      #expect(brokers(in: demo).count == 1)
      #expect(try await program.stop(with: SIGINT) == 0)
      #expect(program.output.contains("ended: "))
      #expect(brokers(in: demo) == [])
    }

    @Test func aFolderOfSomebodyElseIsNotTouched() async throws {
      let folder = try TemporaryFolder()
      try folder.write("mine", to: "note")
      let program = try Program(["demo", "--seconds", "1", "--folder", folder.path], in: folder)
      #expect(try await program.end() == 1)
      #expect(program.errors.contains("is not of a demonstration"))
      #expect(FileManager.default.fileExists(atPath: "\(folder.path)/note"))
    }
  }
}
