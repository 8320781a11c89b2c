import GRDBSQLite
import SiteModel

/// The columns of the `samples` table, in the order of its declaration.
enum SamplesColumn: Int32 {
  case device, metric, time, timeMs, value, number, unit, quality
  // The arguments of samples(device, metric, from, to).
  case forDevice, forMetric, fromTime, toTime

  /// What SQLite is told about the table.
  static let declaration = """
    CREATE TABLE samples (
      device TEXT, metric TEXT, time TEXT, time_ms INTEGER, value TEXT, number REAL, unit TEXT,
      quality TEXT,
      for_device HIDDEN, for_metric HIDDEN, from_time HIDDEN, to_time HIDDEN
    )
    """
}

/// One condition that a scan takes over from SQLite. The raw value stands for it in the plan, which
/// SQLite keeps as a text of one letter per argument.
enum SamplesCondition: UInt8 {
  case device = 0x64  // d
  case metric = 0x6D  // m
  case timeEqual = 0x65  // e
  case timeAfter = 0x67  // g
  case timeFrom = 0x47  // G
  case timeBefore = 0x6C  // l
  case timeUpTo = 0x4C  // L
  case textEqual = 0x78  // x
  case textAfter = 0x79  // y
  case textBefore = 0x7A  // z
  case forDevice = 0x44  // D
  case forMetric = 0x4D  // M
  case fromTime = 0x66  // f
  case toTime = 0x74  // t

  /// The condition that a column and an operator make; nil when SQLite has to look itself.
  init?(_ column: SamplesColumn, _ operation: UInt8) {
    switch (column, Int32(operation)) {
    case (.device, SQLITE_INDEX_CONSTRAINT_EQ): self = .device
    case (.metric, SQLITE_INDEX_CONSTRAINT_EQ): self = .metric
    case (.timeMs, SQLITE_INDEX_CONSTRAINT_EQ): self = .timeEqual
    case (.timeMs, SQLITE_INDEX_CONSTRAINT_GT): self = .timeAfter
    case (.timeMs, SQLITE_INDEX_CONSTRAINT_GE): self = .timeFrom
    case (.timeMs, SQLITE_INDEX_CONSTRAINT_LT): self = .timeBefore
    case (.timeMs, SQLITE_INDEX_CONSTRAINT_LE): self = .timeUpTo
    case (.time, SQLITE_INDEX_CONSTRAINT_EQ): self = .textEqual
    case (.time, SQLITE_INDEX_CONSTRAINT_GT), (.time, SQLITE_INDEX_CONSTRAINT_GE):
      self = .textAfter
    case (.time, SQLITE_INDEX_CONSTRAINT_LT), (.time, SQLITE_INDEX_CONSTRAINT_LE):
      self = .textBefore
    case (.forDevice, SQLITE_INDEX_CONSTRAINT_EQ): self = .forDevice
    case (.forMetric, SQLITE_INDEX_CONSTRAINT_EQ): self = .forMetric
    case (.fromTime, SQLITE_INDEX_CONSTRAINT_EQ): self = .fromTime
    case (.toTime, SQLITE_INDEX_CONSTRAINT_EQ): self = .toTime
    default: return nil
    }
  }

  /// An argument of the function: without it the scan would mean something else.
  var isArgument: Bool {
    switch self {
    case .forDevice, .forMetric, .fromTime, .toTime: true
    default: false
    }
  }
}

/// How SQLite plans a scan of `samples`: which conditions the scan takes over, and what that costs.
struct SamplesPlan {
  private(set) var conditions: [SamplesCondition] = []

  /// Fills in the answer to SQLite's question how it would be to scan with these constraints.
  static func answer(_ info: UnsafeMutablePointer<sqlite3_index_info>, devices: Int) -> Int32 {
    var plan = SamplesPlan()
    for position in 0..<Int(info.pointee.nConstraint) {
      let constraint = info.pointee.aConstraint[position]
      guard let column = SamplesColumn(rawValue: constraint.iColumn),
        let condition = SamplesCondition(column, constraint.op)
      else { continue }
      guard constraint.usable != 0 else {
        if condition.isArgument { return SQLITE_CONSTRAINT }
        continue
      }
      // Names are compared byte by byte here; another collation is SQLite's business.
      let collation = sqlite3_vtab_collation(info, Int32(position)).map { String(cString: $0) }
      guard condition.isArgument || collation == "BINARY" else { continue }
      plan.conditions.append(condition)
      info.pointee.aConstraintUsage[position].argvIndex = Int32(plan.conditions.count)
      info.pointee.aConstraintUsage[position].omit = condition.isArgument ? 1 : 0
    }
    plan.estimate(info, devices: devices)
    if plan.isInOrder(info) { info.pointee.orderByConsumed = 1 }
    return plan.write(info)
  }

  /// The conditions of a plan that ``answer(_:devices:)`` wrote.
  static func conditions(_ text: UnsafePointer<CChar>?) -> [SamplesCondition] {
    guard let text else { return [] }
    return String(cString: text).utf8.compactMap(SamplesCondition.init(rawValue:))
  }

  private func has(_ any: SamplesCondition...) -> Bool { any.contains(where: conditions.contains) }

  /// Rough numbers that only have to be right against each other: the fewer series and the less
  /// time, the cheaper. SQLite takes any table for large, so a scan without a device must look far
  /// worse: then the devices are found first and each one's series is scanned inside.
  private func estimate(_ info: UnsafeMutablePointer<sqlite3_index_info>, devices: Int) {
    var rows = 10_000.0
    if has(.timeEqual, .textEqual) {
      rows = 1
    } else {
      if has(.timeAfter, .timeFrom, .textAfter, .fromTime) { rows /= 5 }
      if has(.timeBefore, .timeUpTo, .textBefore, .toTime) { rows /= 5 }
    }
    var series = 1.0
    if !has(.metric, .forMetric) { series *= 20 }
    if !has(.device, .forDevice) { series *= 1e6 * Double(max(devices, 10)) }
    info.pointee.estimatedRows = Int64(rows * series)
    info.pointee.estimatedCost = series * (1_000 + rows)
  }

  /// True when the scan gives one series and the query wants it in the order of time.
  private func isInOrder(_ info: UnsafeMutablePointer<sqlite3_index_info>) -> Bool {
    guard info.pointee.nOrderBy == 1, info.pointee.aOrderBy[0].desc == 0,
      has(.device, .forDevice), has(.metric, .forMetric)
    else { return false }
    let column = SamplesColumn(rawValue: info.pointee.aOrderBy[0].iColumn)
    return column == .time || column == .timeMs
  }

  private func write(_ info: UnsafeMutablePointer<sqlite3_index_info>) -> Int32 {
    let letters = conditions.map(\.rawValue) + [0]
    guard let memory = sqlite3_malloc(Int32(letters.count)) else { return SQLITE_NOMEM }
    memory.copyMemory(from: letters, byteCount: letters.count)
    info.pointee.idxStr = memory.assumingMemoryBound(to: CChar.self)
    info.pointee.needToFreeIdxStr = 1
    return SQLITE_OK
  }
}

/// The values of a scan's conditions become its filter.
struct SamplesFilterBuilder {
  private var device: String?
  private var metric: Metric?
  private var first = Int64.min
  private var last = Int64.max
  private var isEmpty = false

  /// The filter; nil when nothing can pass.
  var filter: SampleFilter? {
    guard !isEmpty, first <= last else { return nil }
    return SampleFilter(device: device, metric: metric, times: first...last)
  }

  /// Adds a condition. An argument that makes no sense is an error; with a column's value SQLite
  /// compares by its own rules, so that what cannot narrow the scan is left to it.
  mutating func add(_ condition: SamplesCondition, _ value: SqlValue) throws(SqlError) {
    switch condition {
    case .device, .forDevice: restrict(device: value)
    case .metric, .forMetric: try restrict(metric: value, isArgument: condition == .forMetric)
    case .fromTime: first = max(first, try Self.time(value) ?? .min)
    case .toTime: last = min(last, (try Self.time(value) ?? .max).saturated(-1))
    case .textEqual, .textAfter, .textBefore: restrict(text: value, condition)
    case .timeEqual, .timeAfter, .timeFrom, .timeBefore, .timeUpTo: restrict(time: value, condition)
    }
  }

  private mutating func restrict(device value: SqlValue) {
    let name = value.name
    if name == nil || (device != nil && device != name) { isEmpty = true }
    device = name
  }

  private mutating func restrict(metric value: SqlValue, isArgument: Bool) throws(SqlError) {
    let found = value.name.flatMap { MetricCatalogue.metric(named: $0) }
    if isArgument, found == nil, let name = value.name {
      throw SqlError("samples(): metric '\(name)' is not in the catalogue; see the table metric")
    }
    if found == nil || (metric != nil && metric != found) { isEmpty = true }
    metric = found
  }

  private mutating func restrict(time value: SqlValue, _ condition: SamplesCondition) {
    let (low, high): (Int64, Int64)
    switch value {
    case .null: return isEmpty = true
    case .integer(let number): (low, high) = (number, number)
    case .real(let number) where number.magnitude < 9e15:
      (low, high) = (Int64(number.rounded(.down)), Int64(number.rounded(.up)))
    default: return
    }
    switch condition {
    case .timeAfter, .timeFrom:
      first = max(first, condition == .timeAfter && low == high ? low.saturated(1) : low)
    case .timeBefore, .timeUpTo:
      last = min(last, condition == .timeBefore && low == high ? high.saturated(-1) : high)
    default: (first, last) = (max(first, low), min(last, high))
    }
  }

  /// A comparison of texts: the bound's day, and a day more on either side.
  private mutating func restrict(text value: SqlValue, _ condition: SamplesCondition) {
    guard case .text(let text) = value,
      let day = Timestamp(parsing: text.prefix(10), offsetSeconds: 0)?.milliseconds
    else { return }
    if condition != .textBefore { first = max(first, day - 86_400_000) }
    if condition != .textAfter { last = min(last, day + 2 * 86_400_000) }
  }

  /// A time as an argument: nil for NULL, which sets no bound.
  private static func time(_ value: SqlValue) throws(SqlError) -> Int64? {
    switch value {
    case .null: return nil
    case .integer(let milliseconds): return milliseconds
    case .text(let text):
      if let time = Timestamp(parsing: text, offsetSeconds: 28_800) { return time.milliseconds }
    case .real, .blob: break
    }
    throw SqlError(
      "samples(): expected times like '2026-03-01', '2026-03-01T08:00:00Z', milliseconds or NULL")
  }
}

extension SqlValue {
  /// The value as a name; nil for what is none.
  fileprivate var name: String? {
    switch self {
    case .text(let text): text
    case .integer(let number): "\(number)"
    case .real, .null, .blob: nil
    }
  }
}

extension Int64 {
  /// The sum, or the bound that it would pass.
  fileprivate func saturated(_ other: Int64) -> Int64 {
    let (sum, isOver) = addingReportingOverflow(other)
    return isOver ? (other > 0 ? .max : .min) : sum
  }
}
