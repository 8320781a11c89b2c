import Foundation
import SiteModel
import TestSupport
import Testing

@testable import Tools

/// What `export` writes is what was stored, whole and under its name only when complete.
@Suite struct ExportTests {
  private let stored: StoredSeries

  init() throws { stored = try StoredSeries() }

  @Test(arguments: UInt64(0)..<3) func everythingIsWrittenOnce(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let metrics = ["voltage.a", "current.a", "energy.active.import.total"]
    var model: Set<String> = []
    for round in 0..<6 {
      var readings: [Reading] = []
      for _ in 0..<300 {
        let device = Int32(random.number(0...3))
        // The value follows from the rest, so that nothing contradicts itself.
        let (place, second) = (random.number(0...2), random.number(0...2_000_000))
        let value = ExactDecimal(
          significand: Int128(second % 4999 + place), exponent: -(second % 4))
        let one = reading(device, metrics[place], Int64(second), value)
        readings.append(one)
        model.insert("\(one.time),D\(device),\(metrics[place]),\(value),")
      }
      let names = round == 0 ? (0..<4).map { "D\($0)" } : []
      try stored.commit(devices: names, readings, isCompacted: round % 3 == 1)
    }
    let lines = try stored.export().dropFirst()
    let found = Set(
      lines.map { $0.split(separator: ",").prefix(4).joined(separator: ",") + "," })
    #expect(found == model && lines.count == model.count, "seed \(seed)")
    #expect(try seriesCells() == model, "seed \(seed)")
    // One device is dealt out to the lanes by metrics, one series by stretches of time.
    for metrics in [metrics, [metrics[1]]] {
      let some = try stored.export { ($0.devices, $0.metrics) = (["D1"], metrics) }
      #expect(
        some.dropFirst()
          == lines.filter { line in
            metrics.contains { line.contains(",D1,\($0),") }
          })
    }
    let wide = try stored.export { $0.form = .wide }
    #expect(wide.first == "time,device,energy.active.import.total,voltage.a,current.a,quality")
    #expect(cells(wide, ["energy.active.import.total", "voltage.a", "current.a"]) == model)
  }

  /// Every value of an export as JSON as a row of the long one.
  private func seriesCells() throws -> Set<String> {
    var found: Set<String> = []
    for line in try stored.export({ $0.form = .series }) {
      let object = try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let labels = try #require(object["metric"] as? [String: String])
      let (device, metric) = (labels["device"] ?? "", labels["__name__"] ?? "")
      let times = try #require(object["timestamps"] as? [Int64])
      #expect((object["values"] as? [Any])?.count == times.count)
      // The numbers as they are written, with all their decimals.
      let numbers = line.split(separator: "\"values\":[")[1].prefix { $0 != "]" }
      for (time, number) in zip(times, numbers.split(separator: ",")) {
        found.insert("\(Timestamp(milliseconds: time)),\(device),\(metric),\(number),")
      }
    }
    return found
  }

  @Test func aLineOfJSONIsWhatVictoriaMetricsImports() throws {
    try stored.commit(
      devices: ["A\"1", "B"], texts: ["v1", "x\"y"],
      [
        reading(0, "voltage.a", 0, "230.10"), reading(0, "voltage.a", 60, "-0.5"),
        reading(1, "voltage.a", 0, "7", .retained), reading(1, "voltage.a", 60, "8"),
        reading(1, "device.firmware", 0, "0"), reading(1, "device.firmware", 60, "1"),
      ])
    let lines = try stored.export { $0.form = .series }
    #expect(
      lines == [
        #"{"metric":{"__name__":"voltage.a","device":"A\"1","unit":"V"},"values":[230.10,-0.5],"#
          + #""timestamps":[1772323200000,1772323260000]}"#,
        #"{"metric":{"__name__":"voltage.a","device":"B","unit":"V"},"values":[7,8],"#
          + #""timestamps":[1772323200000,1772323260000],"quality":["retained","good"]}"#,
        #"{"metric":{"__name__":"device.firmware","device":"B","unit":"text"},"#
          + #""values":["v1","x\"y"],"timestamps":[1772323200000,1772323260000]}"#,
      ])
  }

  /// Every value of a wide export as a row of the long one.
  private func cells(_ lines: [String], _ metrics: [String]) -> Set<String> {
    var found: Set<String> = []
    for line in lines.dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      for (place, metric) in metrics.enumerated() where !cells[2 + place].isEmpty {
        found.insert("\(cells[0]),\(cells[1]),\(metric),\(cells[2 + place]),")
      }
    }
    return found
  }

  @Test func wideRowsHoldOneInstant() throws {
    try stored.commit(
      devices: ["A", "B"],
      [
        reading(0, "voltage.a", 0, "1"), reading(0, "current.a", 0, "2"),
        reading(0, "voltage.a", 60, "3"), reading(1, "current.a", 0, "4", .retained),
        reading(0, "voltage.a", 60, "5"), reading(0, "current.a", 60, "6"),
        reading(0, "voltage.a", 9 * 86_400, "7"),
      ])
    #expect(
      try stored.export { $0.form = .wide } == [
        "time,device,voltage.a,current.a,quality",
        "2026-03-01T00:00:00.000Z,A,1,2,good",
        "2026-03-01T00:01:00.000Z,A,3,6,conflict",
        "2026-03-01T00:01:00.000Z,A,5,,conflict",
        "2026-03-01T00:00:00.000Z,B,,4,retained",
        "2026-03-10T00:00:00.000Z,A,7,,good",
      ])
  }

  @Test func rangeAndPatternsNarrowIt() throws {
    try stored.commit(
      devices: ["A", "B"],
      [
        reading(0, "voltage.a", 0, "1"), reading(0, "voltage.a", 60, "2"),
        reading(1, "voltage.a", 0, "3"), reading(0, "current.a", 0, "4"),
      ])
    let lines = try stored.export { request in
      request.devices = ["A"]
      request.metrics = ["voltage.*"]
      request.to = Timestamp(milliseconds: 1_772_323_260_000)
    }
    #expect(lines.dropFirst() == ["2026-03-01T00:00:00.000Z,A,voltage.a,1,V,good"])
    #expect(try stored.export { $0.from = $0.to }.count == 1)
  }

  @Test func aFileHasItsNameOnlyWhenComplete() throws {
    try stored.commit(devices: ["A"], [reading(0, "voltage.a", 0, "1")])
    let path = stored.folder.path + "/x.csv"
    let tool = try ExportTool(settings: stored.settings, request: .init())
    #expect(try tool.run(toFile: path, progress: Progress("", show: nil)) == 1)
    #expect(try String(contentsOfFile: path, encoding: .utf8).contains(",A,voltage.a,1,V,good\n"))
    #expect(!FileManager.default.fileExists(atPath: path + ".part"))
    // A folder stands where the file should be: nothing is left behind.
    let folder = stored.folder.path + "/folder"
    try FileManager.default.createDirectory(
      atPath: folder + "/x", withIntermediateDirectories: true)
    #expect(throws: OutputError.self) {
      try tool.run(toFile: folder, progress: Progress("", show: nil))
    }
    #expect(!FileManager.default.fileExists(atPath: folder + ".part"))
  }

  @Test func anEmptyDatabaseGivesTheHeadings() throws {
    try stored.commit([])
    #expect(try stored.export() == ["time,device,metric,value,unit,quality"])
    #expect(try stored.export { $0.form = .wide } == ["time,device,quality"])
  }
}
