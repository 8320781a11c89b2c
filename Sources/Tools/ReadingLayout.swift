import SiteModel

/// How a file of readings is laid out, as the command line says it. Columns are named by their
/// heading or by their number, from 1.
public struct ReadingLayout: Sendable, Equatable {
  /// The device that the whole file is about; nil when a column names it.
  public var device: String?
  /// Column of the device.
  public var deviceColumn: String?
  /// Column of the metric, in the long form; values are then in ``valueColumn``.
  public var metricColumn: String?
  /// Column of the value, in the long form.
  public var valueColumn: String?
  /// Column of the unit, in the long form.
  public var unitColumn: String?
  /// Column of the quality, as `query` prints it.
  public var qualityColumn: String?
  /// Unit of all values that have no other; by default that of the catalogue.
  public var unit: String?
  /// Columns of the time, which are joined by a space.
  public var timeColumns: [String] = []
  /// `NAME=METRIC` or `NAME=METRIC:UNIT`: in the wide form which column is which metric, in the
  /// long form what the names in the metric column mean. Without any, a name of the catalogue means
  /// itself.
  public var maps: [String] = []
  /// Name of an ``ImportTimeFormat``.
  public var timeFormat = "auto"
  /// How far the clock of the file is ahead of UTC, in seconds; UTC+8 by default.
  public var zoneSeconds = 28_800
  /// What stands between cells; nil for whichever of `,` `;` and tab the first line has most.
  public var separator: UInt8?
  /// True when values have a comma before their decimals.
  public var hasDecimalComma = false
  /// What stands where there is no value, besides nothing at all.
  public var missing = ["?"]
  /// False when the first line is a row already.
  public var hasHeadings = true

  /// Nothing is said yet.
  public init() {}

  /// Everything as one text: another layout is another import.
  var identity: String {
    let texts: [String?] = [
      device, deviceColumn, metricColumn, valueColumn, unitColumn, qualityColumn, unit,
      timeFormat, "\(zoneSeconds)", separator.map { "\($0)" }, "\(hasDecimalComma)",
      "\(hasHeadings)",
    ]
    return (texts.map { $0 ?? "\u{0}" } + ["t"] + timeColumns + ["m"] + maps + ["n"] + missing)
      .joined(separator: "\u{1}")
  }
}

/// Where a value of a metric comes from, and what turns it into the catalogue's unit.
struct ReadingTarget {
  var metric: Metric
  var unit: Unit
  /// Power of ten that a value is multiplied by; the least of all where the unit does not fit.
  var shift = 0
  /// Column of the value; -1 in the long form.
  var column = -1
  /// The heading, for messages.
  var name = ""
}

/// A layout found in the headings of a file.
struct ReadingColumns {
  var device = -1
  var metric = -1
  var value = -1
  var unit = -1
  var quality = -1
  var times: [Int] = []
  /// The columns of the wide form; in the long form what names in the metric column mean.
  var targets: [ReadingTarget] = []
  var timeFormat: ImportTimeFormat

  /// Finds the columns; all problems at once. `headings` is nil when the file has none.
  init(_ layout: ReadingLayout, headings: [String]?, file: String) throws(Problems) {
    let log = ProblemLog()
    let finder = ColumnFinder(headings: headings, file: file, log: log)
    timeFormat = ImportTimeFormat(layout.timeFormat) ?? Self.anyTime
    if ImportTimeFormat(layout.timeFormat) == nil {
      finder.report(
        "--time-format: found '\(layout.timeFormat)', expected auto, text, compact, epoch_s, "
          + "epoch_ms, epoch_us, or a pattern such as dd/MM/yyyy HH:mm:ss")
    }
    device = finder.find(layout.deviceColumn, "--device-column")
    metric = finder.find(layout.metricColumn, "--metric-column")
    value = finder.find(layout.valueColumn, "--value-column")
    unit = finder.find(layout.unitColumn, "--unit-column")
    quality = finder.find(layout.qualityColumn, "--quality-column")
    times = layout.timeColumns.map { finder.find($0, "--time-column") }
    targets = finder.targets(layout)
    try log.throwIfAny()
  }

  private static let anyTime: ImportTimeFormat = {
    guard let format = ImportTimeFormat("auto") else { preconditionFailure("auto is a format") }
    return format
  }()
}

/// Looks columns and metrics up and reports what is not there.
private struct ColumnFinder {
  let headings: [String]?
  let file: String
  let log: ProblemLog

  func report(_ text: String) { log.add(Problem(file: file, line: 0, text: text)) }

  /// The position of a column; -1 when none is asked for or it is not there.
  func find(_ name: String?, _ option: String) -> Int {
    guard let name else { return -1 }
    if let place = headings?.firstIndex(of: name) { return place }
    let word = name.lowercased()
    if let place = headings?.firstIndex(where: { $0.lowercased() == word }) { return place }
    if let number = Int(name), number > 0, number <= headings?.count ?? 1024 { return number - 1 }
    let known = headings.map { "one of: \($0.prefix(50).joined(separator: ", "))" }
    report("\(option): no column '\(name)', expected \(known ?? "a number from 1")")
    return -1
  }

  func targets(_ layout: ReadingLayout) -> [ReadingTarget] {
    let isLong = layout.metricColumn != nil
    if layout.maps.isEmpty { return catalogue(isLong, layout) }
    return layout.maps.compactMap { map in
      guard let equals = map.lastIndex(of: "="), equals > map.startIndex else {
        report("--map: found '\(map)', expected COLUMN=METRIC or COLUMN=METRIC:UNIT")
        return nil
      }
      let name = String(map[..<equals])
      let parts = map[map.index(after: equals)...].split(separator: ":", maxSplits: 1)
      guard let metric = parts.first.flatMap({ MetricCatalogue.metric(named: String($0)) }) else {
        report("--map \(map): '\(parts.first ?? "")' is not in the metric catalogue")
        return nil
      }
      let own = parts.count > 1 ? String(parts[1]) : nil
      // In the long form rows may have units of their own, so what does not fit is told of rows.
      let isStrict = own != nil || !isLong
      let option = "--map \(map)"
      guard var target = target(metric, own ?? layout.unit, option, isStrict: isStrict) else {
        return nil
      }
      target.name = name
      target.column = isLong ? -1 : find(name, "--map")
      return target
    }
  }

  /// Without any map the names of the catalogue mean themselves.
  private func catalogue(_ isLong: Bool, _ layout: ReadingLayout) -> [ReadingTarget] {
    var targets: [ReadingTarget] = []
    for definition in MetricCatalogue.all where definition.kind != .text {
      let column = headings?.firstIndex(of: definition.name) ?? -1
      guard isLong || column >= 0 else { continue }
      let option = "--unit"
      if var target = target(definition.metric, layout.unit, option, isStrict: !isLong) {
        (target.column, target.name) = (isLong ? -1 : column, definition.name)
        targets.append(target)
      }
    }
    if targets.isEmpty {
      report("no column is named after a metric; say with --map NAME=METRIC which ones to take")
    }
    return targets
  }

  /// A unit that does not fit is reported if that is strict; else the shift is the least of all.
  private func target(
    _ metric: Metric, _ unit: String?, _ option: String, isStrict: Bool
  ) -> ReadingTarget? {
    guard let definition = MetricCatalogue.definition(of: metric), definition.kind != .text else {
      report("\(option): texts cannot be imported")
      return nil
    }
    let unit = unit.map { Unit($0) } ?? definition.unit
    let shift = unit.exponent(to: definition.unit)
    guard let shift = shift ?? (isStrict ? nil : .min) else {
      report("\(option): '\(unit.name)' cannot be turned into \(definition.unit.name)")
      return nil
    }
    return ReadingTarget(metric: metric, unit: definition.unit, shift: shift)
  }
}
