import ArgumentParser
import Foundation
import Setup
import SiteModel

/// The option that every command has.
struct ConfigOption: ParsableArguments {
  @Option(name: .long, help: "The configuration file.")
  var config: String

  /// The configuration, or an exit that lists all its problems.
  func settings() throws -> Settings {
    do { return try Settings.load(config) } catch { throw Failure(error) }
  }
}

/// A failure that a person can mend: its text on standard error, exit status 1.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ error: any Error) {
    description =
      (error as? Problems).map { problems in
        problems.description + "\n\(problems.all.count) problem(s)"
      } ?? "\(error)"
  }
}

/// Standard output and error, whole lines at a time.
enum Output {
  /// Writes a line to standard output.
  static func line(_ text: String) { write(text, to: .standardOutput) }

  /// Writes a line to standard error.
  static func error(_ text: String) { write(text, to: .standardError) }

  private static func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data((text + "\n").utf8))
  }
}

/// A time on the command line: RFC 3339, or local (UTC+8) without a zone, or a date alone.
struct TimeArgument: ExpressibleByArgument {
  let time: Timestamp

  init?(argument: String) {
    guard let time = Timestamp(parsing: argument, offsetSeconds: 28_800) else { return nil }
    self.time = time
  }
}
