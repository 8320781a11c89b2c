import Collector
import Foundation
import Setup
import SiteModel
import Simulator

/// `make run`: a private broker, a simulated fleet and the collector, in one process and one
/// folder.
public struct Demonstration: Sendable {
  /// How often a summary is printed, in seconds.
  static let summarySeconds = 10

  private let folder: String
  private let seconds: Int
  private let seed: UInt64
  private let print: @Sendable (String) -> Void

  /// A demonstration whose files go into `folder`, which is made anew; `seconds` 0 lasts until it
  /// is interrupted.
  public init(
    folder: String, seconds: Int, seed: UInt64, print: @escaping @Sendable (String) -> Void
  ) {
    self.folder = folder
    self.seconds = seconds
    self.seed = seed
    self.print = print
  }

  /// Runs it to its end; everything that it started is ended then.
  public func run() async throws {
    try renewFolder()
    let broker = try PrivateBroker(folder: URL(fileURLWithPath: folder).path)
    defer { broker.stop() }
    let now = WallClock().now()
    let fleet = Fleet(.demo(seed: seed, start: now))
    try FleetFiles.write(fleet, to: folder)
    let configuration = "\(folder)/sitewatt.yaml"
    try Self.configuration(port: broker.port, profiles: try Self.profiles(from: folder)).write(
      toFile: configuration, atomically: true, encoding: .utf8)
    let settings = try Settings.load(configuration)
    let collector = try Collector(settings: settings)
    announce(fleet, broker, configuration)
    let publisher = FleetThread(fleet: fleet, options: try settings.mqttOptions(filters: []))
    let (status, print, seconds) = (collector.status, print, seconds)
    try await collector.run(
      print: { line in print("  " + line) },
      companions: [
        { try await publisher.run() },
        { try await Self.summarize(status, print) },
        {
          try await Task.sleep(for: seconds > 0 ? .seconds(seconds) : .seconds(1_000_000_000))
        },
      ])
    print("ended: \(status.now.line)")
  }

  private static func summarize(
    _ status: PipelineStatus, _ print: @Sendable (String) -> Void
  ) async throws {
    while true {
      try await Task.sleep(for: .seconds(summarySeconds))
      print("-- \(status.now.line)")
    }
  }

  /// Empties the folder, but only one that an earlier demonstration made.
  private func renewFolder() throws {
    let files = FileManager.default
    let mark = "\(folder)/.sitewatt-demo"
    if files.fileExists(atPath: folder) {
      guard files.fileExists(atPath: mark) else {
        throw DemoError("\(folder) exists and is not of a demonstration: name another --folder")
      }
      try files.removeItem(atPath: folder)
    }
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try "".write(toFile: mark, atomically: true, encoding: .utf8)
  }

  private func announce(_ fleet: Fleet, _ broker: PrivateBroker, _ configuration: String) {
    let program = CommandLine.arguments.first ?? "sitewatt"
    let command = "\(program) COMMAND --config \(configuration)"
    let lines = [
      "SiteWatt demonstration 演示",
      "  broker   mosquitto on 127.0.0.1:\(broker.port), private to this run",
      "  fleet    \(fleet.options.sites) simulated sites, \(fleet.deviceCount) devices,"
        + " seed \(seed)",
      "  rules    shortened for the demonstration: outage after 5 s (else 180 s), over after 3 s"
        + " (else 20 s), silent after 10 s. 演示用缩短时限",
      "  tariffs  invented samples, no official prices. 示例电价，非官方",
      "  database \(folder)/sitewatt.db",
      "Type in another terminal 在另一终端输入:",
      "  \(command.replacing("COMMAND", with: "alerts"))",
      "  \(command.replacing("COMMAND", with: "query")) --device SIM-0001-M1 --metric voltage.a",
      "  \(command.replacing("COMMAND", with: "verify"))",
      seconds > 0 ? "It ends by itself after \(seconds) s." : "Ctrl-C ends it.", "",
    ]
    for line in lines { print(line) }
  }

  /// The device profiles of the checkout, or of the installation.
  private static func profiles(from folder: String) throws -> String {
    let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "")
    let candidates = [
      "devices", program.deletingLastPathComponent().path + "/../../../devices",
      "/usr/share/sitewatt/devices",
    ]
    for candidate in candidates
    where FileManager.default.fileExists(atPath: "\(candidate)/generic-json.yaml") {
      return URL(fileURLWithPath: candidate).standardizedFileURL.path
    }
    throw DemoError("the folder 'devices' is not here: run it in the repository")
  }

  private static func configuration(port: UInt16, profiles: String) -> String {
    """
    # Configuration of the demonstration; made anew at every run.
    node: sitewatt-demo
    database: sitewatt.db
    log_level: warning
    mqtt:
      brokers: ["mqtt://127.0.0.1:\(port)"]
    profiles: ["\(profiles)"]
    registry:
      sites: sites.csv
      devices: devices.csv
      feeders: feeders.csv
      transformers: transformers.csv
      landlords: landlords.csv
      contracts: contracts.csv
    tariffs: tariffs.csv
    rules:
      outage.mains: {delay_s: 5, clear_s: 3}
    notify:
      - {name: terminal, type: log}

    """
  }
}
