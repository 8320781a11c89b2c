import ArgumentParser
import SiteModel
import Tools

/// `sitewatt alarms`: what devices say of their alarms.
struct Alarms: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarms",
    abstract: "Lists the histories of device alarms. 列出设备上报的告警历史。",
    discussion: """
      An alarm is what a device says of itself, one line an occurrence: raised, changed, \
      acknowledged, cleared; the table calls an open one that somebody has seen \
      'acknowledged'. What SiteWatt concludes from all data are the incidents of \
      'sitewatt alerts'.
      """)

  /// How histories are written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json
  }

  @OptionGroup var options: ConfigOption
  @Flag(name: .long, help: "Only those that go on.") var open = false
  @Option(name: .long, help: "Only those of this device.") var device: String?
  @Option(name: .long, help: "Only those of devices that the registry has at this site.")
  var site: String?
  @Option(name: .customLong("class"), help: "Only those of this class, such as mains.lost.")
  var alarmClass: String?
  @Option(name: .long, help: "Only those that went on at this time or later.")
  var from: TimeArgument?
  @Option(name: .long, help: "Only those that went on before this time.") var to: TimeArgument?
  @Option(name: .long, help: "table or json (one object a line).") var format: Format = .table

  func run() throws {
    let settings = try options.settings()
    try Output.quietlyWhenClosed { output in
      let tool = try AlarmsTool(
        settings: settings, openOnly: open, device: device, site: site, alarm: alarmClass,
        from: from?.time, to: to?.time)
      if format == .json {
        try tool.json(to: output)
      } else {
        try tool.table(to: output)
      }
    }
  }
}
