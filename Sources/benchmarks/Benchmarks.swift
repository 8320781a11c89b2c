import Foundation
import Glibc

/// Measures the parts that only a program in the same process can measure, for `scripts/bench.sh`.
/// Each subcommand prints one JSON object; `fleet` prints CSV.
@main
enum Benchmarks {
  static func main() throws {
    var arguments = CommandLine.arguments.dropFirst()
    let command = arguments.popFirst() ?? ""
    let options = try Options(arguments)
    switch command {
    case "fleet": try FleetRun.run(options)
    case "write": try WriteRun.run(options)
    case "growth": try GrowthRun.run(options)
    case "compact": try CompactRun.run(options)
    case "scan": try ScanRun.run(options)
    default:
      fail("unknown command '\(command)', expected fleet, write, growth, compact or scan")
    }
  }

  /// Ends the program with a message.
  static func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data("benchmarks: \(text)\n".utf8))
    exit(2)
  }
}
