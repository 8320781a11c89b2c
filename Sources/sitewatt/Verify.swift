import ArgumentParser
import Setup
import Tools

/// `sitewatt verify`: proof of the whole file.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks journal chain, file integrity and recomputes everything. 校验数据。")

  @OptionGroup var options: ConfigOption

  func run() throws {
    let settings = try options.settings()
    let problems: [String]
    do {
      problems = try VerifyTool(settings: settings).run { Output.error($0) }
    } catch { throw Failure(error) }
    for problem in problems { Output.line(problem) }
    if !problems.isEmpty { throw ExitCode(1) }
    Output.line("\(settings.database): journal, file and recomputation agree")
  }
}
