import ArgumentParser
import Foundation
import Setup
import SiteModel
import Tools

/// `sitewatt decode`: one payload from standard input.
struct Decode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Decodes one payload from standard input, one JSON object a line. 解码一条报文。")

  @OptionGroup var options: ConfigOption

  @Option(name: .long, help: "The topic on which it came.")
  var topic: String

  @Flag(name: .long, help: "The input is hexadecimal digits.")
  var hex = false

  func run() throws {
    let settings = try options.settings()
    let input = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
    guard let payload = hex ? DecodeTool.bytes(hex: input) : input else {
      throw Failure(ValidationError("standard input: expected hexadecimal digits in pairs"))
    }
    do {
      let tool = try DecodeTool(settings: settings)
      let now = WallClock().now()
      for line in tool.lines(topic: topic, payload: payload, receivedAt: now) { Output.line(line) }
    } catch { throw Failure(error) }
  }
}
