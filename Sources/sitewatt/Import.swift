import ArgumentParser
import Setup
import SiteModel
import Tools

/// `sitewatt import`: registry and tariffs from CSV into the database.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Imports registry and tariff CSV files, all or nothing. 导入台账和电价表。",
    discussion: """
      Each option may be given several times. UTF-8 and GB 18030 files are read. A file of the \
      same name replaces what it brought before. A running collector takes the files over within \
      seconds.
      """)

  @OptionGroup var options: ConfigOption
  @Option(name: .long, help: "Sites 站点.") var sites: [String] = []
  @Option(name: .long, help: "Devices 设备.") var devices: [String] = []
  @Option(name: .long, help: "Feeders 线路.") var feeders: [String] = []
  @Option(name: .long, help: "Transformers 台区.") var transformers: [String] = []
  @Option(name: .long, help: "Landlords 转供电主体.") var landlords: [String] = []
  @Option(name: .long, help: "Contracts 合同.") var contracts: [String] = []
  @Option(name: .long, help: "Tariff tables 电价表.") var tariffs: [String] = []

  func validate() throws {
    if files.isEmpty { throw ValidationError("name at least one file, such as --tariffs FILE") }
  }

  func run() throws {
    let settings = try options.settings()
    do {
      for line in try ImportTool(settings: settings).run(files, now: WallClock().now()) {
        Output.line(line)
      }
    } catch { throw Failure(error) }
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
