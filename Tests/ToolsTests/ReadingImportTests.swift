import Foundation
import Setup
import SiteModel
import Storage
import TestSupport
import Testing

@testable import Tools

/// An import stores what the file says, once, whatever happens to it.
@Suite struct ReadingImportTests {
  private static let now = Timestamp(milliseconds: 1_800_000_000_000)

  private let stored: StoredSeries

  init() throws { stored = try StoredSeries() }

  /// Imports a file, and gives what was told of it.
  @discardableResult
  private func run(
    _ layout: ReadingLayout, _ path: String, limits: ReadingImportTool.Limits = .init(),
    afterBlock: @escaping (Int) throws -> Void = { _ in }
  ) throws -> (summary: ReadingImportTool.Summary, rejected: [String]) {
    var rejected: [String] = []
    let summary = try ReadingImportTool(
      settings: stored.settings, layout: layout, limits: limits, afterBlock: afterBlock
    ).run(path, now: { Self.now }, progress: Progress("", show: nil)) { line, reason in
      rejected.append("\(line): \(reason)")
    }
    return (summary, rejected)
  }

  /// A folder has `layout`, `input.csv`, `expected.csv` as `export` writes it, and
  /// `expected-rejected` where rows are rejected.
  @Test(arguments: try ImportCase.all()) func goldenCase(_ golden: ImportCase) throws {
    let (summary, rejected) = try run(try golden.layout(), golden.path("input.csv"))
    let lines = try stored.export()
    #expect(lines == (try golden.lines("expected.csv")), "\(lines.joined(separator: "\n"))")
    #expect(
      rejected == (try golden.lines("expected-rejected")), "\(rejected.joined(separator: "\n"))")
    #expect(summary.stored == lines.count - 1 && summary.rejected == rejected.count)
    // Again: nothing to do.
    let again = try run(try golden.layout(), golden.path("input.csv"))
    #expect(again.summary.isRepeated && !summary.isRepeated && again.rejected.isEmpty)
    #expect(again.summary.stored == summary.stored)
    #expect(try stored.export() == lines)
    #expect(try VerifyTool(settings: stored.settings).run { _ in } == [])
  }

  /// A file of many devices with bad rows, quotes and line ends of all sorts.
  private func someFile(_ random: inout SeededGenerator, rows: Int) throws -> String {
    var text = "time,device,voltage.a,current.a\n"
    for row in 0..<rows {
      let device = "D\(random.number(0...5))"
      let name = random.number(0...3) == 0 ? "\"\(device)\"" : device
      let volts = random.number(0...20) == 0 ? "?" : "2\(random.number(10...40)).\(row % 10)"
      let amperes = random.number(0...30) == 0 ? "x" : "\(random.number(0...99))"
      let time = 1_772_323_200 + random.number(0...5000)
      text += "\(time),\(name),\(volts),\(amperes)" + (row % 3 == 0 ? "\r\n" : "\n")
    }
    return try stored.folder.write(text, to: "some.csv")
  }

  private struct Killed: Error {}

  @Test(arguments: UInt64(0)..<5) func aKilledImportGoesOnWhereItStopped(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var layout = ReadingLayout()
    (layout.deviceColumn, layout.timeColumns) = ("device", ["time"])
    let path = try someFile(&random, rows: 500)
    let whole = try ReadingImportTests()
    let expected = try whole.run(layout, path)
    var limits = ReadingImportTool.Limits()
    limits.blockReadings = random.number(10...90)
    var (told, kills, summary): ([String], Int, ReadingImportTool.Summary?) = ([], 0, nil)
    while summary == nil {
      let end = random.number(1...3)
      do {
        let (found, rejected) = try run(layout, path, limits: limits) { block in
          if block == end { throw Killed() }
        }
        summary = found
        told += rejected
      } catch is Killed { kills += 1 }
    }
    // An end after the last transaction leaves nothing to do.
    summary?.isRepeated = false
    #expect(kills > 2 && summary == expected.summary, "seed \(seed)")
    #expect(try sorted(stored.export()) == sorted(whole.stored.export()), "seed \(seed)")
    let names = { (stored: StoredSeries) in
      try Store.openReadOnly(path: stored.settings.database).deviceNames()
    }
    #expect(try names(stored) == names(whole.stored))
  }

  /// Repeats of one instant may have come in another order.
  private func sorted(_ lines: [String]) -> [String] { lines.sorted() }

  @Test func aRunningCollectorLendsNoDevices() throws {
    try stored.commit(devices: ["A"], [reading(0, "voltage.a", 0, "1")])
    let lock = try CollectorLock(database: stored.settings.database)
    var layout = ReadingLayout()
    (layout.deviceColumn, layout.timeColumns) = ("device", ["time"])
    let known = try stored.folder.write(
      "device,time,voltage.a\nA,1772323260,2\n", to: "known.csv")
    #expect(try run(layout, known).summary.stored == 1)
    let new = try stored.folder.write(
      "device,time,voltage.a\nA,1772323320,3\nB,1772323320,4\n", to: "new.csv")
    let refusal = ReadingImportTool.Refusal.newDevices(new, ["B"])
    #expect(throws: refusal) { try run(layout, new) }
    #expect(try stored.export().count == 3)
    layout = ReadingLayout()
    (layout.device, layout.timeColumns) = ("C", ["time"])
    #expect(throws: ReadingImportTool.Refusal.newDevices(new, ["C"])) { try run(layout, new) }
    withExtendedLifetime(lock) {}
  }

  @Test func devicesThatACollectorAddedMeanwhileKeepTheirNumbers() throws {
    let rows = ["A,1772323200,1", "A,1772323260,2", "B,1772323200,3", "A,1772323320,4"]
    let path = try stored.folder.write(
      "device,time,voltage.a\n" + rows.joined(separator: "\n"), to: "m.csv")
    var layout = ReadingLayout()
    (layout.deviceColumn, layout.timeColumns) = ("device", ["time"])
    var limits = ReadingImportTool.Limits()
    limits.blockReadings = 2
    #expect(throws: ReadingImportTool.Refusal.overtaken(path)) {
      try run(layout, path, limits: limits) { _ in
        try stored.commit(devices: ["C"], [reading(1, "voltage.a", 0, "9")])
      }
    }
    #expect(try run(layout, path, limits: limits).summary.stored == 4)
    let found = try stored.export().dropFirst().map { $0.split(separator: ",")[1...3] }
    #expect(
      found.map { $0.joined(separator: " ") } == [
        "A voltage.a 1", "A voltage.a 2", "A voltage.a 4", "C voltage.a 9", "B voltage.a 3",
      ])
  }

  @Test func aHopelessFileIsRefusedBeforeAnythingIsStored() throws {
    let rows = (0..<50).map { "\($0)/31/2026,1" }.joined(separator: "\n")
    let path = try stored.folder.write("time,voltage.a\n" + rows, to: "h.csv")
    var layout = ReadingLayout()
    (layout.device, layout.timeColumns) = ("A", ["time"])
    var limits = ReadingImportTool.Limits()
    (limits.hopelessRejections, limits.blockRows) = (20, 30)
    let error = #expect(throws: ReadingImportTool.Refusal.self) {
      try run(layout, path, limits: limits)
    }
    #expect(error?.description.contains("h.csv:2: found '0/31/2026', expected a time") == true)
    #expect(try Store.openReadOnly(path: stored.settings.database).deviceNames().isEmpty)
  }

  @Test func whatIsWrongWithTheColumnsIsToldAtOnce() throws {
    let path = try stored.folder.write("time,U,device\n", to: "c.csv")
    var layout = ReadingLayout()
    layout.deviceColumn = "Device"
    layout.timeColumns = ["when", "9"]
    layout.timeFormat = "HH:mm"
    layout.maps = ["U=voltage.x", "U=voltage.a:kW", "W=voltage.b", "U", "U=device.model"]
    let error = #expect(throws: Problems.self) { try run(layout, path) }
    let texts = error?.all.map { $0.description.replacing(path, with: "F") } ?? []
    #expect(
      texts.sorted() == [
        "F: --map U=device.model: texts cannot be imported",
        "F: --map U=voltage.a:kW: 'kW' cannot be turned into V",
        "F: --map U=voltage.x: 'voltage.x' is not in the metric catalogue",
        "F: --map: found 'U', expected COLUMN=METRIC or COLUMN=METRIC:UNIT",
        "F: --map: no column 'W', expected one of: time, U, device",
        "F: --time-column: no column '9', expected one of: time, U, device",
        "F: --time-column: no column 'when', expected one of: time, U, device",
        "F: --time-format: found 'HH:mm', expected auto, text, compact, epoch_s, epoch_ms, "
          + "epoch_us, or a pattern such as dd/MM/yyyy HH:mm:ss",
      ])
  }

  @Test func whatIsNoFileIsNamed() throws {
    var layout = ReadingLayout()
    (layout.device, layout.timeColumns) = ("A", ["time"])
    let missing = stored.folder.path + "/none.csv"
    #expect(throws: ReadingImportTool.Refusal.unreadable(missing, "does not exist")) {
      try run(layout, missing)
    }
    let folder = stored.folder.path
    #expect(
      throws: ReadingImportTool.Refusal.unreadable(folder, "is not a file that can be read again")
    ) { try run(layout, folder) }
    let empty = try stored.folder.write("\n\n", to: "empty.csv")
    #expect(throws: ReadingImportTool.Refusal.unreadable(empty, "has no line of headings")) {
      try run(layout, empty)
    }
  }

  @Test(arguments: [
    ("dd/MM/yyyy HH:mm:ss", "1/3/2026 00:00:01", 1000), ("yyyyMMdd", "20260301", 0),
    ("yyMMddHHmm", "2603010102", 3_720_000), ("M/d/yyyy H:mm", "3/1/2026 0:01", 60_000),
    ("yyyy-MM-ddTHH:mm:ss.SSS", "2026-03-01T00:00:00.25", 250),
    ("auto", "2026-03-01T00:00:00.125Z", 125), ("auto", "2026/03/01 00:00", 0),
    ("auto", "2026-03-01T01:00:00+01:00", 0), ("auto", "1772323200", 0),
    ("auto", "1772323200001", 1), ("epoch_ms", "1772323200001", 1),
  ]) func timesAreRead(format: String, text: String, offset: Int64) {
    #expect(time(format, text) == Timestamp(milliseconds: 1_772_323_200_000 + offset))
  }

  @Test(arguments: [
    ("dd/MM/yyyy", "31/2/2026"), ("dd/MM/yyyy", "1/3/26"), ("dd/MM/yyyy", "1/3/2026 "),
    ("auto", ""), ("auto", "2026-03-01T00:00:00.1234567890Z"), ("yyyyMMdd", "2026031"),
    ("auto", "2026-03-01 00:00:00.Z"), ("epoch_s", "2026-03-01"), ("auto", "1e99"),
  ]) func whatIsNoTimeIsNone(format: String, text: String) {
    #expect(time(format, text) == nil)
  }

  private func time(_ format: String, _ text: String) -> Timestamp? {
    Array(text.utf8).withUnsafeBytes { bytes in
      ImportTimeFormat(format)?.time(bytes, zoneSeconds: 0)
    }
  }
}

/// One folder of `Cases`.
struct ImportCase: Sendable, CustomTestStringConvertible {
  let folder: URL

  var testDescription: String { folder.lastPathComponent }

  static func all() throws -> [ImportCase] {
    let root = Bundle.module.resourceURL?.appendingPathComponent("Cases")
    guard let root else { return [] }
    return try FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)
      .sorted { $0.path < $1.path }.map { ImportCase(folder: $0) }
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// The lines of a file; none when it is missing.
  func lines(_ name: String) throws -> [String] {
    guard FileManager.default.fileExists(atPath: path(name)) else { return [] }
    return try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n")
      .map(String.init)
  }

  /// `layout` has the options of the command, one a line, without the dashes.
  func layout() throws -> ReadingLayout {
    var layout = ReadingLayout()
    for line in try lines("layout") {
      let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
      let value = parts.count > 1 ? parts[1] : ""
      switch parts[0] {
      case "device": layout.device = value
      case "device-column": layout.deviceColumn = value
      case "metric-column": layout.metricColumn = value
      case "value-column": layout.valueColumn = value
      case "unit-column": layout.unitColumn = value
      case "quality-column": layout.qualityColumn = value
      case "time-column": layout.timeColumns.append(value)
      case "time-format": layout.timeFormat = value
      case "zone": layout.zoneSeconds = Int(value) ?? 0
      case "map": layout.maps.append(value)
      case "unit": layout.unit = value
      case "separator": layout.separator = value.utf8.first
      case "missing": layout.missing = ["?", value]
      case "decimal-comma": layout.hasDecimalComma = true
      case "no-header": layout.hasHeadings = false
      default: throw CocoaError(.fileReadCorruptFile)
      }
    }
    return layout
  }
}
