import ArgumentParser
import SiteModel
import Tools

/// `sitewatt query`: one series read back.
struct Query: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the samples of one device and metric. 查询一个测点的数据。")

  @OptionGroup var options: ConfigOption
  @Option(name: .long, help: "The device's name.") var device: String
  @Option(name: .long, help: "The metric's catalogue name.") var metric: String
  @Option(name: .long, help: "First instant, RFC 3339 or local UTC+8.") var from: TimeArgument?
  @Option(name: .long, help: "First instant after the range.") var to: TimeArgument?
  @Option(name: .long, help: "csv or json.") var format: QueryTool.Format = .csv

  func run() throws {
    let settings = try options.settings()
    do {
      try QueryTool(settings: settings).run(
        device: device, metric: metric, from: from?.time ?? Timestamp(milliseconds: .min),
        to: to?.time ?? Timestamp(milliseconds: .max), format: format, write: Output.line)
    } catch { throw Failure(error) }
  }
}

extension QueryTool.Format: ExpressibleByArgument {}
