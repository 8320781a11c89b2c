import ArgumentParser
import Glibc
import SiteModel
import Tools

/// `sitewatt query`: series read back.
struct Query: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Prints the samples of devices and metrics. 查询测点的数据。",
    discussion: """
      --device and --metric may be given several times, and with * for any characters and ? for \
      one: --device 'BS-*' --metric 'voltage.*'.
      """)

  @OptionGroup var options: ConfigOption
  @OptionGroup var series: SeriesOptions
  @Flag(name: .long, help: "Only the newest sample of each series, of all devices by default.")
  var latest = false
  @Option(name: .long, help: "hour or day: figures of each (day: UTC+8) instead of samples.")
  var every: QueryTool.Period?
  @Option(name: .long, help: "csv or json.") var format: QueryTool.Format = .csv

  func validate() throws {
    if latest {
      if series.from != nil || series.to != nil || every != nil {
        throw ValidationError("--latest takes no --from, --to and --every")
      }
    } else if series.device.isEmpty || series.metric.isEmpty {
      throw ValidationError(
        "name --device and --metric, or --latest; 'export' writes everything")
    }
  }

  func run() throws {
    let settings = try options.settings()
    try Output.quietlyWhenClosed { output in
      let tool = try QueryTool(
        settings: settings, devices: series.device, metrics: series.metric, format: format)
      if latest {
        try tool.latest(to: output)
      } else if let every {
        try tool.rollups(every: every, from: series.from?.time, to: series.to?.time, to: output)
      } else {
        try tool.samples(from: series.from?.time, to: series.to?.time, to: output)
      }
    }
  }
}

extension QueryTool.Format: ExpressibleByArgument {}
extension QueryTool.Period: ExpressibleByArgument {}

extension Output {
  /// Runs `body` with standard output. A reader that has had enough is no failure.
  static func quietlyWhenClosed(_ body: (ByteOutput) throws -> Void) throws {
    do {
      try body(ByteOutput(descriptor: STDOUT_FILENO))
    } catch OutputError.closed {
      throw ExitCode.success
    } catch { throw Failure(error) }
  }
}
