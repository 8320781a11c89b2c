import Foundation
import SiteModel

/// `benchmarks fleet`: the reports of a fleet as CSV, all devices of a minute, then the next one.
enum FleetRun {
  static func run(_ options: Options) throws {
    var fleet = Fleet(
      devices: try options.number("devices", default: 10),
      seed: UInt64(try options.number("seed", default: 1)))
    let names = fleet.names
    var text = ReportText()
    text.heading()
    for _ in 0..<(try options.number("minutes", default: 60)) {
      fleet.next { place, time, values in
        text.row(names[place], time.milliseconds, values)
      }
      if text.bytes.count > 1 << 20 { try flush(&text) }
    }
    try flush(&text)
  }

  private static func flush(_ text: inout ReportText) throws {
    try FileHandle.standardOutput.write(contentsOf: text.bytes)
    text.clear()
  }
}
