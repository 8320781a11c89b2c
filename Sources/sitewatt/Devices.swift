import ArgumentParser
import Setup
import Tools

/// `sitewatt devices`: what devices send that nobody understands yet.
struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "Lists unknown messages, and decodes them once a profile matches. 未知设备。",
    subcommands: [DevicesUnknown.self, DevicesReplay.self, DevicesFaults.self])
}

/// `sitewatt devices unknown`: unusable messages by shape.
struct DevicesUnknown: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unknown",
    abstract: "Lists messages that no profile understands, by shape. 列出无法识别的报文。",
    discussion: """
      Messages of which nothing could be used are kept whole (the newest million, up to 256 MiB; \
      none longer than 1 MiB) and grouped by shape: topics that differ only in names, and payloads \
      that are built alike. The table tells how many there were, how many are kept, and why the \
      newest was not used. Of messages that were used in part `devices faults` tells the rest.

      --shape suggests a profile. Go through its lines with CHECK and FILL:

        sitewatt devices unknown --config FILE --shape 3fa91c07be42 > devices/acme.yaml
        sitewatt check --config FILE        (says what is still to be filled)
        systemctl restart sitewatt          (profiles are read at the start)
        sitewatt devices replay --config FILE
      """)

  /// How shapes are written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json
  }

  @OptionGroup var options: ConfigOption
  @Option(name: .long, help: "Suggest a profile for the shape with this id, as YAML.")
  var shape: String?
  @Option(name: .long, help: "table or json (one object a line).") var format: Format = .table

  func run() throws {
    let settings = try options.settings()
    do {
      let tool = try DeviceUnknownTool(settings: settings)
      if let shape {
        guard let lines = try tool.skeleton(of: shape) else {
          throw ValidationError("there is no shape '\(shape)'")
        }
        return lines.forEach { Output.line($0) }
      }
      for line in format == .json ? try tool.json() : try tool.table() { Output.line(line) }
    } catch { throw Failure(error) }
  }
}

/// `sitewatt devices faults`: what devices do wrong.
struct DevicesFaults: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "faults",
    abstract: "Lists what was rejected, in whole or in part, by topic. 列出设备的报文错误。",
    discussion: """
      One line for each topic, reason and member of the payload: how often, since when, and what \
      was found and expected the last time. Missing sequence numbers of a Sparkplug node are told \
      under the filter of its messages (spBv1.0/group/+/node). The newest 10,000 rejections are \
      counted; the total is of all.
      """)

  @OptionGroup var options: ConfigOption
  @Option(name: .long, help: "Only topics that match; * and ? stand for anything.")
  var topic = "*"
  @Option(name: .long, help: "table or json (one object a line).")
  var format: DevicesUnknown.Format = .table

  func run() throws {
    let settings = try options.settings()
    do {
      let tool = try DeviceFaultsTool(settings: settings, topic: topic)
      for line in format == .json ? try tool.json() : try tool.table() { Output.line(line) }
    } catch { throw Failure(error) }
  }
}

/// `sitewatt devices replay`: decodes what was kept.
struct DevicesReplay: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Decodes kept messages by the profiles now in force. 用现有协议重新解码。",
    discussion: """
      Readings and events get the times of their messages. They are stored and not judged: no \
      alert comes of what is past. What still cannot be decoded stays as it is, so the command may \
      be run again at any time. A running collector does the work between its messages, with the \
      profiles that it was started with; without one the command does it with the files on disk.
      """)

  @OptionGroup var options: ConfigOption
  @Option(name: .long, help: "Only the messages of the shape with this id.")
  var shape: String?
  @Flag(name: .long, help: "Only say what the profiles on disk could decode.")
  var dryRun = false

  func run() throws {
    let settings = try options.settings()
    let clock = WallClock()
    do {
      let tool = try DeviceReplayTool(settings: settings, shape: shape)
      let lines =
        dryRun
        ? try tool.dryRun() : try tool.run(now: { clock.now() }, told: { Output.error($0) })
      for line in lines { Output.line(line) }
    } catch { throw Failure(error) }
  }
}
