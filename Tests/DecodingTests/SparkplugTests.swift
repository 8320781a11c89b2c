import Decoding
import SiteModel
import TestSupport
import Testing

/// Sessions with Sparkplug nodes, scenario by scenario: `SparkplugCases/<name>.txt` holds the
/// messages, each followed by what comes out, indented.
@Suite struct SparkplugTests {
  static let folder = Support.root + "/Tests/DecodingTests/SparkplugCases"

  static func profile() throws -> DeviceProfile {
    let bytes = try #require(Support.read(Support.root + "/devices/sparkplug.yaml"))
    return try Support.profile(bytes, file: "devices/sparkplug.yaml")
  }

  static let cases = Support.names(in: folder)

  @Test(arguments: cases) func scenario(name: String) throws {
    let lines = try Self.lines(name)
    let scene = SparkplugScene(try Self.profile())
    let played = try lines.filter(Self.isInput).flatMap { line in
      [line] + (line.hasPrefix("#") ? [] : try scene.play(line).map { "  " + $0 })
    }
    if played != lines, Support.read(Self.folder + "/.record") != nil {
      Support.write(played.joined(separator: "\n") + "\n", to: Self.folder + "/" + name)
    }
    #expect(played == lines)
  }

  @Test(arguments: cases) func aRestartAnywhereChangesNothing(name: String) throws {
    let inputs = try Self.lines(name).filter { Self.isInput($0) && !$0.hasPrefix("#") }
    let expected = try play(inputs, restartingBefore: nil)
    for position in inputs.indices {
      #expect(try play(inputs, restartingBefore: position) == expected)
    }
  }

  private func play(_ inputs: [String], restartingBefore restart: Int?) throws -> [[String]] {
    let scene = SparkplugScene(try Self.profile())
    return try inputs.enumerated().map { position, line in
      if position == restart { try scene.restart() }
      return try scene.play(line)
    }
  }

  private static func lines(_ name: String) throws -> [String] {
    let bytes = try #require(Support.read(folder + "/" + name))
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private static func isInput(_ line: String) -> Bool { !line.hasPrefix(" ") }
}
