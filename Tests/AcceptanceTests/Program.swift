import Foundation
import TestSupport

/// One run of the built `sitewatt` as a process of its own. Its output goes into files, so that a
/// test can read along; it is killed with the object.
final class Program {
  /// The executable beside the tests.
  static let path: String = {
    let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appending(path: "sitewatt").path
  }()

  private let process = Process()
  private let outputFile: String
  private let errorFile: String

  /// Starts `sitewatt` with arguments. `wrapper` is a program with arguments that runs it.
  init(
    _ arguments: [String], in folder: TemporaryFolder, input: [UInt8] = [],
    environment: [String: String] = [:], wrapper: [String] = []
  ) throws {
    let run = "\(folder.path)/run-\(UUID().uuidString)"
    (outputFile, errorFile) = (run + ".out", run + ".err")
    let command = wrapper + [Self.path] + arguments
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = URL(filePath: Repository.root)
    try Data(input).write(to: URL(filePath: run + ".in"))
    try Data().write(to: URL(filePath: outputFile))
    try Data().write(to: URL(filePath: errorFile))
    let files = [
      try FileHandle(forReadingFrom: URL(filePath: run + ".in")),
      try FileHandle(forWritingTo: URL(filePath: outputFile)),
      try FileHandle(forWritingTo: URL(filePath: errorFile)),
    ]
    (process.standardInput, process.standardOutput) = (files[0], files[1])
    process.standardError = files[2]
    try withoutBlockedSignals { try process.run() }
    // Foundation never lets them go, and with some 1,360 open descriptors `run` itself crashes
    // (swift-corelibs-foundation 5472).
    for file in files { try file.close() }
  }

  deinit { if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) } }

  /// Its process id.
  var identifier: Int32 { process.processIdentifier }

  /// Whether it still runs.
  var isRunning: Bool { process.isRunning }

  /// What it has written to standard output so far.
  var output: String { Self.text(outputFile) }

  /// What it has written to standard error so far.
  var errors: String { Self.text(errorFile) }

  /// The lines of standard output.
  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// Waits until it ends; returns its exit status, for a signal 128 and its number as a shell does.
  func end(withinSeconds limit: Double = 60) async throws -> Int32 {
    try await eventually("'\(process.arguments?.first ?? "")' ends", withinSeconds: limit) {
      !process.isRunning
    }
    let status = process.terminationStatus
    return process.terminationReason == .uncaughtSignal ? 128 + status : status
  }

  /// Ends it in order and returns its exit status.
  func stop(with signal: Int32 = SIGTERM) async throws -> Int32 {
    Foundation.kill(process.processIdentifier, signal)
    return try await end()
  }

  /// Kills it as a crash would.
  func kill() async throws { _ = try await stop(with: SIGKILL) }

  /// Waits until standard error has a text, this often.
  func says(_ text: String, times: Int = 1, withinSeconds limit: Double = 60) async throws {
    try await eventually("'\(text)' in the log", withinSeconds: limit) {
      if errors.ranges(of: text).count >= times { return true }
      guard process.isRunning else { throw SupportFailure("it ended: \(errors)") }
      return false
    }
  }

  private static func text(_ file: String) -> String {
    String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
  }
}

/// The checkout that these tests stand in.
enum Repository {
  /// The top folder.
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
}

/// Waits for something that another process does; looks a hundred times a second.
func eventually(
  _ what: String, withinSeconds limit: Double = 60, _ isSo: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(limit)
  while try await !isSo() {
    guard ContinuousClock.now < deadline else {
      throw SupportFailure("waited \(limit) s for: \(what)")
    }
    try await Task.sleep(for: .milliseconds(10))
  }
}
