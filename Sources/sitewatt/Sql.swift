import ArgumentParser
import Foundation
import SiteModel
import Tools

/// `sitewatt sql`: any reading question.
struct Sql: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Answers SQL on one unchanging view of the database. 用SQL查询数据。",
    discussion: """
      The statement is the argument, or comes from standard input; several end with semicolons. \
      Nothing can be written. Besides the tables of the file there are:

        samples            the raw samples: device, metric, time (RFC 3339, UTC),
                           time_ms, value (exact decimal as text), number (for
                           arithmetic, approximate), unit, quality
        site               site, name, region, province, transformer, landlord
        registered_device  device, site, hardware, role, address, parent, ct, pt,
                           silent_after_s
        contract           contract, site, landlord, meter, unit_price, from_ms,
                           until_ms
        landlord, feeder, transformer

      As a function it is samples(device, metric, from, to); the last arguments may be left out. A \
      time without a zone is local (UTC+8), and `to` is the first instant after the range. Name \
      device and metric, or bound time_ms, to be quick; else all samples are read.

        SELECT r.site, max(s.number) FROM registered_device r
        JOIN samples(r.device, 'voltage.a', '2026-03-01', '2026-03-02') s
        GROUP BY r.site

        SELECT time, value FROM samples
        WHERE device = 'BS-0001' AND metric = 'energy.active.import.total'
      """)

  @OptionGroup var options: ConfigOption
  @Argument(help: "The statement; from standard input without.") var statement: String?
  @Option(name: .long, help: "table, csv or json (one object a line).")
  var format: SqlTool.Format = .table
  @Option(name: .long, help: "Most rows of an answer.") var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    let settings = try options.settings()
    do {
      let tool = try SqlTool(settings: settings)
      var output = BlockOutput()
      defer { try? output.flush() }
      try tool.run(
        statement ?? Self.standardInput(), format: format, limit: limit ?? .max
      ) { try output.line($0) }
    } catch { throw Failure(error) }
  }

  private static func standardInput() -> String {
    String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
  }
}

extension SqlTool.Format: ExpressibleByArgument {}

/// Standard output in large blocks, for answers of many lines.
struct BlockOutput {
  private var waiting: [UInt8] = []
  private static let blockLength = 64 << 10

  /// Takes a line; fails when standard output was closed.
  mutating func line(_ text: String) throws {
    waiting.append(contentsOf: text.utf8)
    waiting.append(UInt8(ascii: "\n"))
    if waiting.count >= Self.blockLength { try flush() }
  }

  /// Writes what waits.
  mutating func flush() throws {
    try FileHandle.standardOutput.write(contentsOf: Data(waiting))
    waiting.removeAll(keepingCapacity: true)
  }
}
