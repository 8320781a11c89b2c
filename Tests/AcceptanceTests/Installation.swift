import Engine
import Foundation
import Setup
import SiteModel
import Storage
import TestSupport

/// A folder with a configuration and its database, as one collector has it.
final class Installation {
  /// What stands in the configuration, besides the paths; every text is YAML.
  struct Options {
    /// Lines of the `mqtt` section after `brokers`.
    var mqtt: [String] = []
    /// Lines of the `registry` section.
    var registry: [String] = []
    /// Tariff files.
    var tariffs: [String] = []
    /// Lines of the `storage` section.
    var storage: [String] = []
    /// Lines of the `rules` section.
    var rules: [String] = []
    /// Folders of profiles beside the shipped ones.
    var profiles: [String] = []
    /// Elements of the `notify` list.
    var notify = ["{name: log, type: log}"]
    /// Name as a Sparkplug host; nil for none.
    var sparkplugHost: String?
    /// The database file; within the folder by default.
    var database = "sitewatt.db"
  }

  /// Everything of this collector.
  let folder: TemporaryFolder
  /// The configuration file.
  let configuration: String
  /// The database file.
  let database: String

  /// Writes the configuration of a collector for a broker.
  init(
    broker: String, _ options: Options = Options(), folder: TemporaryFolder? = nil
  ) throws {
    self.folder = try folder ?? TemporaryFolder()
    database =
      options.database.hasPrefix("/")
      ? options.database : "\(self.folder.path)/\(options.database)"
    var lines = [
      "node: acceptance", "database: \(options.database)",
      "profiles: \(["\(Repository.root)/devices"] + options.profiles)", "mqtt:",
      "  brokers: [\"\(broker)\"]",
    ]
    lines += options.mqtt.map { "  " + $0 }
    for (name, part) in [
      ("registry", options.registry), ("storage", options.storage), ("rules", options.rules),
    ] where !part.isEmpty {
      lines += ["\(name):"] + part.map { "  " + $0 }
    }
    if let host = options.sparkplugHost { lines.append("sparkplug: {host_id: \(host)}") }
    if !options.tariffs.isEmpty {
      lines.append("tariffs: [\(options.tariffs.joined(separator: ", "))]")
    }
    lines += ["notify:"] + options.notify.map { "  - " + $0 }
    configuration = try self.folder.write(lines.joined(separator: "\n") + "\n", to: "config.yaml")
  }

  /// Starts the collector.
  func start(environment: [String: String] = [:], wrapper: [String] = []) throws -> Program {
    try Program(
      ["run", "--config", configuration], in: folder, environment: environment, wrapper: wrapper)
  }

  /// Starts the collector and waits until it is connected.
  func startConnected() async throws -> Program {
    let collector = try start()
    try await collector.says("listening to")
    return collector
  }

  /// Runs another command, such as `devices unknown`, to its end.
  func run(
    _ command: String, _ arguments: String..., input: [UInt8] = []
  ) async throws -> (status: Int32, program: Program) {
    let program = try Program(
      command.split(separator: " ").map(String.init) + ["--config", configuration] + arguments,
      in: folder, input: input)
    return (try await program.end(withinSeconds: 120), program)
  }

  /// The totals of the database, at once also while the collector makes it; zeros before.
  var totals: StoreTotals { (try? reader().totals()) ?? StoreTotals() }

  /// Waits until so many messages are durable.
  func stores(_ messages: Int, withinSeconds limit: Double = 60) async throws {
    try await eventually("\(messages) messages stored", withinSeconds: limit) {
      totals.messages >= messages
    }
  }

  /// The database, to be read.
  func reader() throws -> StoreReader { try Store.openReadOnly(path: database) }

  /// Every message of the journal in its order.
  func journal() throws -> [Message] {
    var messages: [Message] = []
    let batch = Batch()
    var damage: CorruptBytes?
    try reader().forEachSegment { segment in
      do throws(CorruptBytes) { try batch.load(segment.body) } catch {
        damage = error
        return false
      }
      for position in 0..<batch.count {
        let entry = batch.entry(at: position)
        guard entry.kind == .message else { continue }
        messages.append(Message(String(decoding: entry.topic, as: UTF8.self), Array(entry.payload)))
      }
      return true
    }
    if let damage { throw damage }
    return messages
  }

  /// All alerts as the command prints them.
  func alerts(_ arguments: String...) async throws -> [Alert] {
    let program = try Program(
      ["alerts", "--config", configuration, "--format", "json"] + arguments, in: folder)
    guard try await program.end() == 0 else { throw SupportFailure(program.errors) }
    return try program.lines.map { try JSONDecoder().decode(Alert.self, from: Data($0.utf8)) }
  }

  /// The problems that `verify` prints; empty when it exits with 0.
  func verify() async throws -> String {
    let (status, program) = try await run("verify")
    return status == 0 ? "" : "status \(status): \(program.output)\(program.errors)"
  }
}

/// An alert as `sitewatt alerts --format json` prints it, and as a webhook receives it.
struct Alert: Decodable, Equatable {
  let id, kind, severity, site, region, subject: String
  let opened_at: String
  let cleared_at: String?
  let state, title: String
  let evidence: Evidence

  /// What tests look at in it.
  struct Evidence: Decodable, Equatable {
    let price, cap, kwh, overcharge: String?
  }
}
