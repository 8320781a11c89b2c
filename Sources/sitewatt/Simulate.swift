import ArgumentParser
import Demo
import Foundation
import Setup
import SiteModel
import Simulator

/// `sitewatt simulate`: a seeded fleet that publishes to the configured broker.
struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Publishes a simulated fleet to the configured broker. 模拟站点上报。",
    discussion: """
      The same seed and options always give the same messages. --files writes the fleet's registry \
      and sample tariffs and publishes nothing, so that a configuration can name them first.
      """)

  @OptionGroup var options: ConfigOption
  @Option(name: .long, help: "Seed of everything random.") var seed: UInt64 = 1
  @Option(name: .long, help: "Sites.") var sites = 100
  @Option(name: .long, help: "First instant of the simulated time; default now.")
  var start: TimeArgument?
  @Option(name: .long, help: "Simulated seconds.") var duration = 3600
  @Option(name: .long, help: "Simulated seconds that pass in one real second.") var speed = 1
  @Option(name: .long, help: "Seconds between two reports of a device.") var interval = 60
  @Option(name: .long, help: "Mains outages.") var outages = 10
  @Option(name: .long, help: "Devices that fall silent.") var silent = 5
  @Option(name: .long, help: "Landlords above the cap, per thousand sites.") var overpriced = 200
  @Option(name: .long, help: "Write the fleet's CSV files into this folder and end.")
  var files: String?
  @Option(name: .long, help: "Write the truth, JSON lines, into this file at the end.")
  var truth: String?
  @Option(name: .long, help: "Instead of a fleet, publish so many flat JSON messages at once.")
  var backlog: Int?
  @Option(name: .long, help: "Devices of the backlog.") var devices = 1000

  func run() async throws {
    let settings = try options.settings()
    do {
      if let backlog {
        try publishBacklog(backlog, settings)
      } else {
        try await publishFleet(settings)
      }
    } catch { throw Failure(error) }
  }

  private func publishBacklog(_ messages: Int, _ settings: Settings) throws {
    var options = BacklogOptions()
    options.messages = messages
    options.devices = devices
    options.seed = seed
    if let start { options.start = start.time }
    if let problem = options.validate().first { throw ValidationError(problem) }
    try BacklogPublisher.run(
      Backlog(options), options: settings.mqttOptions(filters: []), trouble: Output.error)
    Output.line("published \(messages) messages of \(devices) devices")
  }

  private func publishFleet(_ settings: Settings) async throws {
    var options = FleetOptions()
    options.seed = seed
    options.sites = sites
    let begin = (start?.time ?? WallClock().now()).milliseconds
    options.start = Timestamp(milliseconds: begin / 1000 * 1000)
    options.durationMilliseconds = Int64(duration) * 1000
    options.timeCompression = speed
    options.intervalMilliseconds = Int64(interval) * 1000
    options.outages = outages
    options.longestOutageMilliseconds = min(
      options.longestOutageMilliseconds, options.durationMilliseconds / 4)
    options.silentDevices = silent
    options.overpricedPermille = overpriced
    if let problem = options.validate().first { throw ValidationError(problem) }
    let fleet = Fleet(options)
    if let files {
      try FleetFiles.write(fleet, to: files)
      Output.line("wrote the registry and tariffs of \(fleet.deviceCount) devices to \(files)")
      return
    }
    let thread = FleetThread(fleet: fleet, options: try settings.mqttOptions(filters: []))
    try await thread.run { Output.error($0) }
    if let truth { try thread.truthLines.write(toFile: truth, atomically: true, encoding: .utf8) }
    Output.line("published \(sites) sites, \(fleet.deviceCount) devices, seed \(seed)")
  }
}
