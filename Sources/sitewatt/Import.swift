import ArgumentParser
import Setup
import SiteModel
import Tools

/// `sitewatt import`: registry, tariffs and historic readings from CSV into the database.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Imports registry, tariffs and historic readings from CSV. 导入台账、电价表和历史数据。",
    discussion: """
      Registry and tariff files come in all or nothing; each of these options may be given \
      several times. A file of the same name replaces what it brought before. A running collector \
      takes the files over within seconds. UTF-8 and GB 18030 files are read.

      --readings takes one file of historic readings, of any length. Columns are named by heading \
      or number. Rows that cannot be used are listed (the first 100; the first 1,000 are kept in \
      the table import_rejection) and the rest is stored. The same command goes on where an import \
      was ended, and does nothing when it was complete. Exit status: 0 all was stored, 2 some rows \
      or values were rejected, 1 it could not be done.

        sitewatt import --config FILE --readings meters.csv --device-column Meter \
      --time-column Time --map 'Ua=voltage.a' --map 'P=power.active.total:W'
        sitewatt import --config FILE --readings export.csv --device-column device \
      --metric-column metric --time-column time --value-column value --unit-column unit
      """)

  @OptionGroup var options: ConfigOption
  @Option(name: .long, help: "Sites 站点.") var sites: [String] = []
  @Option(name: .long, help: "Devices 设备.") var devices: [String] = []
  @Option(name: .long, help: "Feeders 线路.") var feeders: [String] = []
  @Option(name: .long, help: "Transformers 台区.") var transformers: [String] = []
  @Option(name: .long, help: "Landlords 转供电主体.") var landlords: [String] = []
  @Option(name: .long, help: "Contracts 合同.") var contracts: [String] = []
  @Option(name: .long, help: "Tariff tables 电价表.") var tariffs: [String] = []

  @OptionGroup(title: "Readings") var reading: ReadingOptions

  func validate() throws {
    if reading.readings != nil {
      guard files.isEmpty else { throw ValidationError("--readings stands alone") }
    } else if files.isEmpty {
      throw ValidationError("name at least one file, such as --tariffs FILE")
    }
  }

  func run() throws {
    let settings = try options.settings()
    if let file = reading.readings { return try importReadings(file, settings) }
    do {
      for line in try ImportTool(settings: settings).run(files, now: WallClock().now()) {
        Output.line(line)
      }
    } catch { throw Failure(error) }
  }

  private func importReadings(_ file: String, _ settings: Settings) throws {
    let clock = WallClock()
    var listed = 0
    let summary: ReadingImportTool.Summary
    do {
      summary = try ReadingImportTool(settings: settings, layout: reading.layout).run(
        file, now: { clock.now() }, progress: Progress("import")
      ) { line, reason in
        listed += 1
        if listed <= 100 { Output.error("\(file):\(line): \(reason)") }
      }
    } catch { throw Failure(error) }
    Output.line(
      "\(file): \(summary.rows) rows, \(summary.stored) values stored, "
        + "\(summary.rejected) rejected"
        + (summary.isRepeated ? "; that was done before" : ""))
    if summary.rejected > 0 { throw ExitCode(2) }
  }

  private var files: [(kind: String, path: String)] {
    let groups = [
      ("sites", sites), ("devices", devices), ("feeders", feeders),
      ("transformers", transformers), ("landlords", landlords), ("contracts", contracts),
      ("tariffs", tariffs),
    ]
    return groups.flatMap { kind, paths in paths.map { (kind, $0) } }
  }
}
