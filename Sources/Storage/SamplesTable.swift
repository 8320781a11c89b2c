import GRDBSQLite
import Series
import SiteModel

/// The virtual table `samples` of a ``SqlSession``: SQLite's module interface
/// (https://sqlite.org/vtab.html) over ``SampleScan``. Eponymous: it needs no CREATE statement.
final class SamplesTable {
  /// Where its scans read.
  let source: SampleSource
  /// What ended the last scan early, when it was not the statement's own fault.
  private(set) var failure: StoreError?

  private init(_ source: SampleSource) { self.source = source }

  /// Makes the table known to a connection, for its whole life.
  static func register(
    _ connection: OpaquePointer?, _ source: SampleSource
  ) throws(SqlError) -> SamplesTable {
    let table = SamplesTable(source)
    let status = sqlite3_create_module_v2(
      connection, "samples", module, Unmanaged.passRetained(table).toOpaque()
    ) { table in
      table.map { Unmanaged<SamplesTable>.fromOpaque($0).release() }
    }
    guard status == SQLITE_OK else { throw SqlError("the table samples cannot be made") }
    return table
  }

  /// Runs `body` and hands its error to SQLite.
  private func status(
    _ base: UnsafeMutablePointer<sqlite3_vtab>, _ body: () throws -> Void
  ) -> Int32 {
    failure = nil
    do {
      try body()
      return SQLITE_OK
    } catch {
      if !(error is SqlError) { failure = StoreError(error, path: source.path) }
      sqlite3_free(base.pointee.zErrMsg)
      base.pointee.zErrMsg = Self.message("\(error)")
      return SQLITE_ERROR
    }
  }

  /// A text in memory that SQLite frees.
  private static func message(_ text: String) -> UnsafeMutablePointer<CChar>? {
    let bytes = Array(text.utf8) + [0]
    guard let memory = sqlite3_malloc(Int32(bytes.count)) else { return nil }
    memory.copyMemory(from: bytes, byteCount: bytes.count)
    return memory.assumingMemoryBound(to: CChar.self)
  }

  /// What SQLite allocates for the table and hands back at each call.
  private struct Object {
    var base = sqlite3_vtab()
    var table: Unmanaged<SamplesTable>
  }

  /// The same for a scan.
  private struct CursorObject {
    var base = sqlite3_vtab_cursor()
    var cursor: Unmanaged<Cursor>
  }

  /// One scan and what SQLite asks about it.
  private final class Cursor {
    var scan: SampleScan?
    var row: Int64 = 0
    /// What the function was called with, by column.
    var arguments: [SamplesColumn: SqlValue] = [:]
  }

  private static func table(_ base: UnsafeMutablePointer<sqlite3_vtab>) -> SamplesTable {
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: Object.self).pointee.table
      .takeUnretainedValue()
  }

  private static func cursor(_ base: UnsafeMutablePointer<sqlite3_vtab_cursor>) -> Cursor {
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: CursorObject.self).pointee.cursor
      .takeUnretainedValue()
  }

  /// The functions of the module, never freed.
  private nonisolated(unsafe) static let module: UnsafePointer<sqlite3_module> = {
    var functions = sqlite3_module()
    functions.xConnect = { connection, table, _, _, object, _ in
      connect(connection, table, object)
    }
    functions.xDisconnect = { base in
      UnsafeMutableRawPointer(base)?.assumingMemoryBound(to: Object.self).deallocate()
      return SQLITE_OK
    }
    functions.xBestIndex = { base, info in
      guard let base, let info else { return SQLITE_MISUSE }
      return SamplesPlan.answer(info, devices: table(base).source.deviceCount)
    }
    functions.xOpen = { _, object in open(object) }
    functions.xClose = { base in
      guard let base else { return SQLITE_MISUSE }
      let object = UnsafeMutableRawPointer(base).assumingMemoryBound(to: CursorObject.self)
      object.pointee.cursor.release()
      object.deallocate()
      return SQLITE_OK
    }
    functions.xFilter = { base, _, plan, count, values in
      guard let base else { return SQLITE_MISUSE }
      return filter(base, SamplesPlan.conditions(plan), Int(count), values)
    }
    functions.xNext = { base in base.map(next) ?? SQLITE_MISUSE }
    functions.xEof = { base in base.map { cursor($0).scan == nil ? 1 : 0 } ?? 1 }
    functions.xColumn = { base, context, column in
      guard let base, let context else { return SQLITE_MISUSE }
      give(cursor(base), SamplesColumn(rawValue: column), to: context)
      return SQLITE_OK
    }
    functions.xRowid = { base, row in
      guard let base else { return SQLITE_MISUSE }
      row?.pointee = cursor(base).row
      return SQLITE_OK
    }
    let module = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
    module.initialize(to: functions)
    return UnsafePointer(module)
  }()

  private static func connect(
    _ connection: OpaquePointer?, _ table: UnsafeMutableRawPointer?,
    _ result: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?
  ) -> Int32 {
    guard let table, let result else { return SQLITE_MISUSE }
    let status = sqlite3_declare_vtab(connection, SamplesColumn.declaration)
    guard status == SQLITE_OK else { return status }
    let object = UnsafeMutablePointer<Object>.allocate(capacity: 1)
    object.initialize(to: Object(table: Unmanaged.fromOpaque(table)))
    result.pointee = UnsafeMutableRawPointer(object).assumingMemoryBound(to: sqlite3_vtab.self)
    return SQLITE_OK
  }

  private static func open(
    _ result: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab_cursor>?>?
  ) -> Int32 {
    guard let result else { return SQLITE_MISUSE }
    let object = UnsafeMutablePointer<CursorObject>.allocate(capacity: 1)
    object.initialize(to: CursorObject(cursor: Unmanaged.passRetained(Cursor())))
    result.pointee =
      UnsafeMutableRawPointer(object).assumingMemoryBound(to: sqlite3_vtab_cursor.self)
    return SQLITE_OK
  }

  private static func filter(
    _ base: UnsafeMutablePointer<sqlite3_vtab_cursor>, _ conditions: [SamplesCondition],
    _ count: Int, _ values: UnsafeMutablePointer<OpaquePointer?>?
  ) -> Int32 {
    let cursor = cursor(base)
    cursor.scan = nil
    cursor.arguments = [:]
    let table = table(base.pointee.pVtab)
    return table.status(base.pointee.pVtab) {
      var builder = SamplesFilterBuilder()
      for (position, condition) in conditions.prefix(count).enumerated() {
        let value = SqlValue(value: values?[position])
        try builder.add(condition, value)
        if let column = condition.argumentColumn { cursor.arguments[column] = value }
      }
      guard let filter = builder.filter else { return }
      let scan = SampleScan(table.source, filter)
      if try scan.advance() { cursor.scan = scan }
    }
  }

  private static func next(_ base: UnsafeMutablePointer<sqlite3_vtab_cursor>) -> Int32 {
    let cursor = cursor(base)
    cursor.row += 1
    return table(base.pointee.pVtab).status(base.pointee.pVtab) {
      if try cursor.scan?.advance() != true { cursor.scan = nil }
    }
  }

  private static func give(
    _ cursor: Cursor, _ column: SamplesColumn?, to context: OpaquePointer
  ) {
    guard let column, let scan = cursor.scan, let (device, metric, sample) = scan.current else {
      return sqlite3_result_null(context)
    }
    let definition = MetricCatalogue.definition(of: metric)
    let isText = definition?.kind == .text
    switch column {
    case .device: SqlValue.text(device).give(to: context)
    case .metric: SqlValue.text(definition?.name ?? "\(metric.number)").give(to: context)
    case .time: SqlValue.text(sample.time.description).give(to: context)
    case .timeMs: sqlite3_result_int64(context, sample.time.milliseconds)
    case .value:
      let text = isText ? scan.text(of: sample.value) : sample.value.description
      (text.map(SqlValue.text) ?? .null).give(to: context)
    case .number:
      let number = isText ? nil : Double(sample.value.description)
      (number.map(SqlValue.real) ?? .null).give(to: context)
    case .unit: SqlValue.text(definition?.unit.name ?? "").give(to: context)
    case .quality: SqlValue.text(sample.quality.name).give(to: context)
    case .forDevice, .forMetric, .fromTime, .toTime:
      (cursor.arguments[column] ?? .null).give(to: context)
    }
  }
}

extension SamplesCondition {
  /// The column that stands for an argument of the function.
  fileprivate var argumentColumn: SamplesColumn? {
    switch self {
    case .forDevice: .forDevice
    case .forMetric: .forMetric
    case .fromTime: .fromTime
    case .toTime: .toTime
    default: nil
    }
  }
}
