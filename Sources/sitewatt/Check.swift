import ArgumentParser
import SiteModel
import Tools

/// `sitewatt check`: every problem of what people wrote.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Lists every problem of configuration, profiles, registry, tariffs and rules. 检查配置。")

  @OptionGroup var options: ConfigOption

  func run() throws {
    let problems = Inspection.problems(ofConfiguration: options.config)
    for problem in problems { Output.line(problem.description) }
    if problems.isEmpty {
      do throws(Problems) {
        for note in try Inspection.notes(ofConfiguration: options.config) { Output.line(note) }
      } catch { throw Failure(error) }
      Output.line("\(options.config): no problems")
    } else {
      Output.error("\(problems.count) problem(s)")
      throw ExitCode(1)
    }
  }
}
