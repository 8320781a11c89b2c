import Foundation
import Testing

private let canJudge = FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")

/// The systemd unit is right and closed up, by systemd's own judgement.
@Suite(.enabled(if: canJudge, "systemd-analyze is not installed"))
final class UnitFileTests {
  /// Highest exposure that `systemd-analyze security` may give, of 10.0.
  private static let highestExposure = 2.0

  private let unit = Repository.root.appending(path: "systemd/sitewatt.service")
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  @Test func theUnitHasNoMistakes() throws {
    #expect(try verify { $0 }.isEmpty)
  }

  @Test func aMistakeWouldBeSeen() throws {
    #expect(try verify { $0.replacing("WatchdogSec", with: "WachdogSec") }.contains("Wachdog"))
    #expect(try verify { $0.replacing("=strict", with: "=lenient") }.contains("lenient"))
  }

  @Test func theUnitIsClosedUp() throws {
    #expect(try exposure(of: unit) <= Self.highestExposure)
    let bare = try temporary("[Service]\nExecStart=/bin/true\n")
    #expect(try exposure(of: bare) > Self.highestExposure)
  }

  /// What `verify` says of the unit, with the program replaced by one that is certainly there: the
  /// unit may be checked where SiteWatt is not installed.
  private func verify(_ change: (String) -> String) throws -> String {
    let text = try String(contentsOf: unit, encoding: .utf8)
    let program = "/usr/bin/sitewatt"
    #expect(text.contains("ExecStart=\(program) run --config /etc/sitewatt/sitewatt.yaml"))
    let copy = try temporary(change(text.replacing(program, with: "/bin/true")))
    return try analyze(["verify", "--recursive-errors=no", copy.path])
  }

  private func exposure(of unit: URL) throws -> Double {
    let said = try analyze(["security", "--offline=true", "--no-pager", unit.path])
    let last = try #require(said.split(separator: "\n").last { $0.contains("exposure level") })
    return try #require(last.split(separator: " ").compactMap { Double($0) }.last)
  }

  private func temporary(_ text: String) throws -> URL {
    let file = folder.appending(path: "sitewatt.service")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file
  }

  /// Standard output and error together.
  private func analyze(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/systemd-analyze")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
