import Engine
import SiteModel
import TestSupport
import Testing

@testable import Tools

/// What devices do wrong is listed, also where the rest of the message was used.
@Suite struct DeviceFaultsTests {
  private let scene: UnknownScene

  init() throws {
    scene = try UnknownScene()
    try scene.addSparkplugProfile()
  }

  private func message(
    _ kind: String, _ second: UInt64, _ sequence: UInt64?, _ value: Double
  ) -> (topic: String, payload: [UInt8]) {
    var writer = SparkplugPayload(
      time_ms: UInt64(UnknownScene.received) + second * 1_000, sequence: sequence)
    if kind == "NBIRTH" { writer.add(SparkplugPayload.Metric("bdSeq", type: 8, .long(1))) }
    writer.add(SparkplugPayload.Metric("voltage.a", type: 10, .double(value)))
    return ("spBv1.0/G/\(kind)/E", writer.bytes)
  }

  private func receive() throws {
    try scene.receive(
      bytes: [
        message("NBIRTH", 0, 0, 230), message("NDATA", 1, nil, 231),
        message("NDATA", 2, nil, 232), message("NDATA", 3, 9, 233),
      ], then: [(20, .tick)])
  }

  @Test func partialFaultsAreListedWithTheirTopics() throws {
    try receive()
    let lines = try DeviceFaultsTool(settings: scene.settings).table()
    #expect(lines.count == 4)
    let gap = try #require(lines.dropFirst().first)
    #expect(gap.hasPrefix("spBv1.0/G/+/E  "))
    #expect(gap.contains("  incomplete  "))
    #expect(gap.hasSuffix("seq: found 9 behind 0: 8 messages of the edge are missing, expected 1"))
    let number = lines[2].split(separator: "  ", omittingEmptySubsequences: true)
    #expect(
      number.prefix(5).map { $0.trimmingPrefix(" ") } == [
        "spBv1.0/G/NDATA/E", "2", "2026-03-01 16:00:01", "2026-03-01 16:00:02", "incomplete",
      ])
    #expect(lines.last?.hasPrefix("3 rejections of 3 since the file was made") == true)
  }

  @Test func topicsAreChosenByPattern() throws {
    try receive()
    let tool = try DeviceFaultsTool(settings: scene.settings, topic: "*/NDATA/*")
    let lines = try tool.json()
    #expect(lines.count == 1)
    #expect(lines.first?.contains(#""reason":"incomplete","part":"seq","count":2,"#) == true)
    let none = try DeviceFaultsTool(settings: scene.settings, topic: "x")
    #expect(try none.table() == ["nothing was rejected"])
  }
}
