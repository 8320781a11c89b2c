import ArgumentParser
import Demo

/// `sitewatt demo`: what `make run` runs.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows the whole on a private broker with a simulated fleet. 演示。")

  @Option(name: .long, help: "How long it lasts, in seconds; 0 until it is interrupted.")
  var seconds = 0

  @Option(name: .long, help: "Where its files go; made anew at each run.")
  var folder = "data/demo"

  @Option(name: .long, help: "Seed of the simulated fleet.")
  var seed: UInt64 = 1

  func validate() throws {
    if seconds < 0 { throw ValidationError("--seconds must not be negative") }
  }

  func run() async throws {
    do {
      try await Demonstration(
        folder: folder, seconds: seconds, seed: seed, print: { Output.line($0) }
      ).run()
    } catch { throw Failure(error) }
  }
}
