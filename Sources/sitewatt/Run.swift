import ArgumentParser
import Collector
import SiteModel
import Tools

/// `sitewatt run`: the service.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs the collector until it is told to stop. 运行采集服务。")

  @OptionGroup var options: ConfigOption

  func run() async throws {
    let problems = Inspection.problems(ofConfiguration: options.config)
    guard problems.isEmpty else { throw Failure(Problems(problems)) }
    let settings = try options.settings()
    do { try await Collector(settings: settings).run() } catch { throw Failure(error) }
  }
}
