import ArgumentParser
import Collector

/// The command line; each command is one file.
@main
struct SiteWatt: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sitewatt",
    abstract: "Collects the power telemetry of 5G sites over MQTT. 采集5G站点用电数据。",
    version: Collector.version,
    subcommands: [
      Run.self, Check.self, Decode.self, Metrics.self, Import.self, Query.self, Export.self,
      Sql.self,
      Alerts.self, Alarms.self, Devices.self,
      Verify.self, Backup.self, Restore.self, Simulate.self, DemoCommand.self,
    ])
}
