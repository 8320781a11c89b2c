import Engine
import Setup
import SiteModel
import Storage
import TestSupport
import Testing

@testable import Tools

/// Edges whose metrics no profile has are seen like other unknown devices: by their births.
@Suite struct UnknownSparkplugTests {
  private let scene: UnknownScene

  init() throws {
    scene = try UnknownScene()
    try scene.addSparkplugProfile()
  }

  /// A message of the edge's sequence, sent when the scene begins.
  private func message(
    _ kind: String, _ name: String, _ sequence: UInt64, _ metrics: [String: Double]
  ) -> (topic: String, payload: [UInt8]) {
    var writer = SparkplugPayload(
      time_ms: UInt64(UnknownScene.received) + sequence, sequence: sequence)
    if kind == "NBIRTH" { writer.add(SparkplugPayload.Metric("bdSeq", type: 8, .long(1))) }
    for (name, value) in metrics.sorted(by: { $0.key < $1.key }) {
      writer.add(SparkplugPayload.Metric(name, type: 10, .double(value)))
    }
    return ("spBv1.0/G7/\(kind)/\(name)", writer.bytes)
  }

  private func receive() throws {
    try scene.receive(bytes: [
      message("NBIRTH", "E-1", 0, ["y": 230]),
      message("DBIRTH", "E-1/D-1", 1, ["Meter/Ua": 229, "x": 1]),
      message("DBIRTH", "E-1/D-2", 2, ["voltage.a": 231]),
      message("DDATA", "E-1/D-1", 3, ["Meter/Ua": 228]),
      message("DBIRTH", "E-1/D-3", 4, ["Meter/Ua": 227, "x": 1]),
    ])
  }

  @Test func birthsOfAKindAreOneShape() throws {
    try receive()
    let shapes = try scene.reader().unknownShapes()
    #expect(
      shapes.map(\.payload) == [
        "Sparkplug B: Meter/Ua number, x number", "Sparkplug B: y number",
      ])
    #expect(
      shapes.map(\.topic) == ["spBv1.0/+/DBIRTH/+/{device}", "spBv1.0/+/NBIRTH/{device}"])
    #expect(shapes.map(\.count) == [2, 1])
    #expect(shapes.allSatisfy { $0.reason == "nothing_mapped" })
    // What the birth says of the link counts all the same.
    #expect(try scene.reader().events().filter { $0.alarm == "device.link" }.count == 4)
  }

  @Test func theSuggestedProfileReadsThem() throws {
    try receive()
    let shape = try #require(try scene.reader().unknownShapes().first)
    let tool = try DeviceUnknownTool(settings: scene.settings)
    let lines = try #require(try tool.skeleton(of: "\(shape.shape)"))
    for line in [
      "topics: [\"spBv1.0/G7/#\"]", "protocol: sparkplug", "values:", "  table:",
      "    \"Meter/Ua\": { metric: voltage.a, unit: \"V\" }  # found 229",
      "    # \"x\": { metric: FILL, unit: FILL }  # found 1",
    ] {
      #expect(lines.contains(line), "\(line) in\n\(lines.joined(separator: "\n"))")
    }
    // Nothing changes until a profile has the names.
    let replay = try DeviceReplayTool(settings: scene.settings)
    #expect(
      try replay.dryRun().map { $0.suffix(21) } == [
        "0 of 2 can be decoded", "0 of 1 can be decoded",
      ])
    let now = Timestamp(milliseconds: UnknownScene.received + 60_000)
    let nothing = try replay.run(now: { now }, told: { _ in })
    #expect(nothing.first?.hasSuffix("; 3 are still unknown") == true, "\(nothing)")
    _ = try scene.folder.write(lines.joined(separator: "\n"), to: "devices/own.yaml")
    let problems = Inspection.problems(ofConfiguration: scene.settings.file).map(\.text)
    #expect(problems.allSatisfy { $0.contains("also came out") }, "\(problems)")
    let done = try replay.run(now: { now }, told: { _ in })
    #expect(done.first?.hasSuffix("1 is still unknown") == true, "\(done)")
    #expect(try scene.voltages("G7/E-1/D-1") == ["2026-03-01T08:00:00.001Z 229 good"])
    #expect(try scene.voltages("G7/E-1/D-3") == ["2026-03-01T08:00:00.004Z 227 good"])
    #expect(try scene.reader().unknownShapes().map(\.kept) == [1])
    #expect(try VerifyTool(settings: scene.settings).run { _ in } == [])
  }
}
