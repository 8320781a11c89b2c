import ArgumentParser
import Tools

/// `sitewatt alerts`: what was found.
struct Alerts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alerts", abstract: "Lists alerts. 列出告警。")

  /// How alerts are written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json
  }

  @OptionGroup var options: ConfigOption
  @Flag(name: .long, help: "Only those that go on.") var open = false
  @Option(name: .long, help: "table or json (one object a line).") var format: Format = .table
  @Option(
    name: .long,
    help: "Instead, the messages that the alert with this id rests on, one JSON object a line.")
  var evidence: String?

  func run() throws {
    let settings = try options.settings()
    do {
      if let evidence {
        guard let lines = try EvidenceTool(settings: settings).json(ofAlert: evidence) else {
          throw ValidationError("there is no alert '\(evidence)'")
        }
        return lines.forEach { Output.line($0) }
      }
      let tool = try AlertsTool(settings: settings)
      let lines =
        format == .json ? try tool.json(openOnly: open) : try tool.table(openOnly: open)
      for line in lines { Output.line(line) }
    } catch { throw Failure(error) }
  }
}
