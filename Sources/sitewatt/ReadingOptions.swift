import ArgumentParser
import Tools

/// What `sitewatt import --readings` needs to know of a file.
struct ReadingOptions: ParsableArguments {
  @Option(name: .long, help: "Historic readings 历史数据, one CSV file.") var readings: String?
  @Option(name: .long, help: "The device that the whole file is about.") var device: String?
  @Option(name: .long, help: "Column of the device.") var deviceColumn: String?
  @Option(name: .long, help: "Column of the metric; without it, each metric has a column.")
  var metricColumn: String?
  @Option(name: .long, help: "Column of the value, beside --metric-column.")
  var valueColumn: String?
  @Option(name: .long, help: "Column of the unit, beside --metric-column.") var unitColumn: String?
  @Option(name: .long, help: "Column of the quality.") var qualityColumn: String?
  @Option(name: .long, help: "Column of the time; several are joined by a space.")
  var timeColumn: [String] = []
  @Option(name: .long, help: "NAME=METRIC or NAME=METRIC:UNIT: what a column, or a name, means.")
  var map: [String] = []
  @Option(name: .long, help: "Unit of the values where nothing else says it.") var unit: String?
  @Option(
    name: .long,
    help: "auto, text, compact, epoch_s, epoch_ms, epoch_us or such as 'dd/MM/yyyy HH:mm:ss'.")
  var timeFormat = "auto"
  @Option(name: .long, help: "Zone of times without one, such as +01:00.")
  var zone: ZoneArgument = .init(seconds: 28_800)
  @Option(name: .long, help: "What stands between cells; found out by default.")
  var separator: SeparatorArgument?
  @Flag(name: .long, help: "Values have a comma before their decimals.") var decimalComma = false
  @Option(name: .long, help: "What stands for no value, besides nothing; '?' by default.")
  var missing: [String] = []
  @Flag(name: .long, help: "The first line is a row; columns are named by number, from 1.")
  var noHeader = false

  func validate() throws {
    guard readings != nil else {
      guard isUnused else { throw ValidationError("name the file with --readings FILE") }
      return
    }
    if (device == nil) == (deviceColumn == nil) {
      throw ValidationError("say either --device or --device-column")
    }
    if timeColumn.isEmpty { throw ValidationError("say --time-column") }
    if (metricColumn == nil) != (valueColumn == nil) {
      throw ValidationError("--metric-column and --value-column belong together")
    }
    if unitColumn != nil, metricColumn == nil {
      throw ValidationError("--unit-column goes with --metric-column; else --map NAME=METRIC:UNIT")
    }
    if noHeader, map.isEmpty, metricColumn == nil {
      throw ValidationError("without headings, say --map NUMBER=METRIC or --metric-column")
    }
  }

  private var isUnused: Bool {
    device == nil && deviceColumn == nil && metricColumn == nil && valueColumn == nil
      && timeColumn.isEmpty && map.isEmpty
  }

  /// The same as the tool takes it.
  var layout: ReadingLayout {
    var layout = ReadingLayout()
    (layout.device, layout.deviceColumn) = (device, deviceColumn)
    (layout.metricColumn, layout.valueColumn) = (metricColumn, valueColumn)
    (layout.unitColumn, layout.qualityColumn) = (unitColumn, qualityColumn)
    (layout.unit, layout.timeColumns, layout.maps) = (unit, timeColumn, map)
    (layout.timeFormat, layout.zoneSeconds) = (timeFormat, zone.seconds)
    (layout.separator, layout.hasDecimalComma) = (separator?.byte, decimalComma)
    if !missing.isEmpty { layout.missing = missing }
    layout.hasHeadings = !noHeader
    return layout
  }
}

/// `+08:00`, `-0330`, `Z`: how far a clock is ahead of UTC.
struct ZoneArgument: ExpressibleByArgument {
  let seconds: Int

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    let bytes = Array(argument.utf8)
    if argument == "Z" || argument == "UTC" {
      seconds = 0
      return
    }
    let digits = bytes.dropFirst().filter { $0 != UInt8(ascii: ":") }
    guard let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
      digits.count == 4, let number = Int(String(decoding: digits, as: UTF8.self)),
      number / 100 <= 18, number % 100 < 60
    else { return nil }
    let ahead = number / 100 * 3600 + number % 100 * 60
    seconds = sign == UInt8(ascii: "-") ? -ahead : ahead
  }

  var defaultValueDescription: String { "+08:00" }
}

/// One character, or `tab`.
struct SeparatorArgument: ExpressibleByArgument {
  let byte: UInt8

  init?(argument: String) {
    let bytes = Array(argument.utf8)
    if argument == "tab" || argument == "\\t" {
      byte = UInt8(ascii: "\t")
    } else if bytes.count == 1, let only = bytes.first, only < 0x80, only != UInt8(ascii: "\"") {
      byte = only
    } else {
      return nil
    }
  }
}
