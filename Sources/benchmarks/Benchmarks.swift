import Foundation
import Glibc

/// Measures the parts that only a program in the same process can measure, for `scripts/bench.sh`.
/// Each subcommand prints one JSON object; `fleet` prints CSV, `compact` nothing.
@main
enum Benchmarks {
  static func main() {
    let commands: [(name: String, run: (Options) throws -> Void)] = [
      ("fleet", FleetRun.run), ("write", WriteRun.run), ("growth", GrowthRun.run),
      ("compact", CompactRun.run), ("answer", AnswerRun.run), ("decode", DecodeRun.run),
    ]
    var arguments = CommandLine.arguments.dropFirst()
    let name = arguments.popFirst() ?? ""
    do {
      guard let command = commands.first(where: { $0.name == name }) else {
        let names = commands.map(\.name).joined(separator: ", ")
        throw Options.Fault(description: "unknown command '\(name)', expected one of \(names)")
      }
      try command.run(try Options(arguments))
    } catch {
      FileHandle.standardError.write(Data("benchmarks: \(error)\n".utf8))
      exit(1)
    }
  }
}
