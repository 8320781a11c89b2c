import GRDB
import Series
import SiteModel

/// The columns of a roll-up row behind its key, which SchemaRollups.swift describes: figures with
/// the decimals of their sum are integers, most of them relative to the first value, so that a row
/// takes a third of what texts would. Everything is read as it was written.
struct RollupRow {
  private let statement: PlainStatement

  /// A row that is bound to a statement from place 4 on, or read from column 1 on.
  init(_ statement: PlainStatement) { self.statement = statement }

  /// What an exponent may be; other figures are texts.
  private static let exponents = -18...0

  /// What ``read(_:)`` needs to be selected.
  static let columns =
    "count, exponent, first_after_ms, first, last_after_ms, last, min, max, sum, consumption, "
    + ["marked", "latest_after_ms", "gap_consumption", "rollovers", "resets", "glitches"]
    .map { "json_extract(other, '$.\($0)'), " }.joined() + "json_extract(other, '$.incomplete')"

  /// Binds all figures.
  func write(_ row: Rollup) {
    let exponent = row.sum.map(\.exponent).flatMap { Self.exponents.contains($0) ? $0 : nil }
    let base = row.first?.value.units(exponent)
    statement.bind(4, Int64(row.count))
    statement.bind(5, exponent.map(Int64.init))
    statement.bind(6, row.first?.time.since(row.start))
    bind(7, base, row.first?.value)
    statement.bind(8, row.last?.time.since(row.start))
    bind(9, row.last?.value.units(exponent, after: base), row.last?.value)
    let least = row.minimum.isWritten(as: row.lesserEnd) ? nil : row.minimum
    bind(10, least?.units(exponent, after: base), least)
    let most = row.maximum.isWritten(as: row.greaterEnd) ? nil : row.maximum
    bind(11, most?.units(exponent, after: base), most)
    let (total, overflow) = Int64(row.count).multipliedReportingOverflow(by: base ?? 0)
    bind(12, overflow || base == nil ? nil : row.sum?.units(exponent, after: total), row.sum)
    let consumption = row.register?.consumption
    bind(13, consumption?.units(exponent), consumption)
    statement.bind(14, text: row.other)
  }

  /// Completes a row, which has its begin, with all figures.
  func read(_ empty: Rollup) throws -> Rollup {
    var row = empty
    row.count = Int(statement.integer(1) ?? 0)
    let exponent = statement.integer(2)
    guard exponent.map({ Self.exponents.contains(Int($0)) }) ?? true else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a roll-up with a wrong exponent")
    }
    let base = statement.isInteger(4) ? Int128(statement.integer(4) ?? 0) : 0
    row.first = try sample(row.start, 3, exponent, 0)
    row.last = try sample(row.start, 5, exponent, base)
    row.minimum = try decimal(7, exponent, base) ?? row.lesserEnd
    row.maximum = try decimal(8, exponent, base) ?? row.greaterEnd
    row.sum = try decimal(9, exponent, base * Int128(row.count))
    row.marked = Int(statement.integer(11) ?? 0)
    row.latest = row.start.advanced(
      byMilliseconds: statement.integer(12) ?? row.last?.time.since(row.start) ?? 0)
    if row.register != nil {
      row.register?.consumption = try decimal(10, exponent, 0)
      row.register?.gapConsumption = try gap()
      row.register?.rollovers = Int(statement.integer(14) ?? 0)
      row.register?.resets = Int(statement.integer(15) ?? 0)
      row.register?.glitches = Int(statement.integer(16) ?? 0)
    }
    row.isIncomplete = statement.integer(17) == 1
    return row
  }

  private func bind(_ place: Int32, _ units: Int64?, _ value: ExactDecimal?) {
    if let units {
      statement.bind(place, units)
    } else {
      statement.bind(place, value)
    }
  }

  private func sample(
    _ start: Timestamp, _ column: Int32, _ exponent: Int64?, _ base: Int128
  ) throws -> Sample? {
    guard let after = statement.integer(column),
      let value = try decimal(column + 1, exponent, base)
    else { return nil }
    return Sample(time: start.advanced(byMilliseconds: after), value: value)
  }

  private func decimal(
    _ column: Int32, _ exponent: Int64?, _ base: Int128
  ) throws -> ExactDecimal? {
    guard let exponent, statement.isInteger(column), let units = statement.integer(column)
    else { return try statement.decimal(column) }
    return ExactDecimal(significand: base + Int128(units), exponent: Int(exponent))
  }

  /// The text is empty where the figure is too long; there is none for zero.
  private func gap() throws -> ExactDecimal? {
    if statement.isNull(13) { return .zero }
    return statement.isEmpty(13) ? nil : try statement.decimal(13)
  }
}

extension Rollup {
  /// What NULL means as the smallest value.
  fileprivate var lesserEnd: ExactDecimal? {
    guard let first, let last else { return nil }
    return last.value < first.value ? last.value : first.value
  }

  /// What NULL means as the largest value.
  fileprivate var greaterEnd: ExactDecimal? {
    guard let first, let last else { return nil }
    return last.value > first.value ? last.value : first.value
  }

  /// The figures that few rows have, as JSON; nil when there are none.
  fileprivate var other: String? {
    var members = [
      ("marked", marked), ("latest_after_ms", latestAfter), ("rollovers", register?.rollovers ?? 0),
      ("resets", register?.resets ?? 0), ("glitches", register?.glitches ?? 0),
      ("incomplete", isIncomplete ? 1 : 0),
    ].filter { $0.1 != 0 }.map { "\"\($0.0)\":\($0.1)" }
    if let register, !register.gapConsumption.isWritten(as: .zero) {
      members.append("\"gap_consumption\":\"\(register.gapConsumption?.description ?? "")\"")
    }
    return members.isEmpty ? nil : "{\(members.joined(separator: ","))}"
  }

  private var latestAfter: Int { last?.time == latest ? 0 : Int(latest.since(start)) }
}

extension ExactDecimal {
  /// How many units of 10^exponent it is, less a number of them; nil when it is written with other
  /// decimals, or too long.
  fileprivate func units(_ exponent: Int?, after base: Int64? = 0) -> Int64? {
    guard let base, self.exponent == exponent, let units = Int64(exactly: significand)
    else { return nil }
    let (difference, overflow) = units.subtractingReportingOverflow(base)
    return overflow ? nil : difference
  }
}

extension ExactDecimal? {
  /// Whether both are the same digits with the same point.
  fileprivate func isWritten(as other: ExactDecimal?) -> Bool {
    self?.significand == other?.significand && self?.exponent == other?.exponent
  }
}
