import ArgumentParser
import SiteModel
import Tools

/// `sitewatt export`: series as CSV or JSON.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes series as CSV or JSON to a file or standard output. 导出数据为CSV或JSON。",
    discussion: """
      Without --device and --metric everything is written. Both may be given several times, and \
      with * for any characters and ? for one. A file appears under its name only when it is \
      complete; until then it is FILE.part. With --wide, rows come in stretches of seven days, \
      each device by device. --format json is the smallest and fastest: a line for each stretch \
      of a series, as VictoriaMetrics imports it.
      """)

  @OptionGroup var options: ConfigOption
  @OptionGroup var series: SeriesOptions
  @Flag(name: .long, help: "One row an instant of a device, one column a metric.")
  var wide = false
  @Option(name: .long, help: "csv, or json: one line a stretch of a series.")
  var format: QueryTool.Format = .csv
  @Option(name: .long, help: "The file to write; standard output by default.")
  var output: String?

  func validate() throws {
    if wide, format == .json { throw ValidationError("--wide is a form of CSV") }
  }

  func run() throws {
    let settings = try options.settings()
    var request = ExportTool.Request()
    (request.devices, request.metrics) = (series.device, series.metric)
    request.form = wide ? .wide : format == .json ? .series : .rows
    if let from = series.from { request.from = from.time }
    if let to = series.to { request.to = to.time }
    try Output.quietlyWhenClosed { standard in
      let tool = try ExportTool(settings: settings, request: request)
      let progress = Progress("export")
      if let output {
        let rows = try tool.run(toFile: output, progress: progress)
        Output.line("wrote \(rows) rows to \(output)")
      } else {
        _ = try tool.run(to: standard, progress: progress)
      }
    }
  }
}
