import Glibc
import Setup
import SiteModel
import Tools

/// `benchmarks answer`: gives the answer of `export` again and again in this process, to
/// `/dev/null`: opening the file, reading, and the text of every row, without the start of a
/// process. It reports the median, as of a server that is asked anew each time; the first answers,
/// which find caches empty, do not count.
enum AnswerRun {
  /// As often each answer of the peer was asked for before it is measured.
  private static let unmeasured = 3

  static func run(_ options: Options) throws {
    let settings = try Settings.load(try options.text("config"))
    var request = ExportTool.Request()
    request.form = options.optionalText("format") == "json" ? .series : .rows
    request.metrics = [try options.text("metric")]
    request.devices = options.optionalText("device").map { [$0] } ?? []
    request.from = try time(options, "from") ?? request.from
    request.to = try time(options, "to") ?? request.to
    let descriptor = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(descriptor) }
    var times_s: [Double] = []
    var rows = 0
    for round in -unmeasured..<(try options.number("rounds", default: 9)) {
      var watch = Watch()
      try watch.measure {
        rows = try ExportTool(settings: settings, request: request).run(
          to: ByteOutput(descriptor: descriptor), progress: Progress("answer"))
      }
      if round >= 0 { times_s.append(watch.total.wall_s) }
    }
    try Report.write([
      "samples": Double(rows), "wall_s": times_s.sorted()[times_s.count / 2],
    ])
  }

  private static func time(_ options: Options, _ name: String) throws -> Timestamp? {
    guard let text = options.optionalText(name) else { return nil }
    guard let time = Timestamp(parsing: text, offsetSeconds: 0) else {
      throw Options.Fault(description: "--\(name): found '\(text)', expected a time")
    }
    return time
  }
}
