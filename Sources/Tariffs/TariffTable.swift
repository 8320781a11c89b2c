import SiteModel

/// All published prices that were imported, and the question which of them is the cap of a month.
///
/// Where two documents give a price for the same key and month, the later published one is in force
/// (a correction). A sample never displaces a real price, whatever its date.
public struct TariffTable: Sendable {
  /// Every row, in the order of the files.
  public let rows: [TariffRow]
  private let positions: [Key: [Int]]

  /// A table without rows: nothing can be judged by it.
  public init() {
    rows = []
    positions = [:]
  }

  /// A table of `rows`. Two different prices for the same key and month are a problem when neither
  /// supersedes the other: published on the same day, or by the same document of the same file.
  public init(rows: [TariffRow]) throws(Problems) {
    self.rows = rows
    positions = Dictionary(grouping: rows.indices) { Key(rows[$0]) }
    let log = ProblemLog()
    for group in positions.values {
      let byDay = Dictionary(grouping: group) { Edition(rows[$0], rows[$0].published) }
      let byDocument = Dictionary(grouping: group) {
        Edition(rows[$0], rows[$0].file + "\n" + rows[$0].document)
      }
      var reported: Set<Int> = []
      for edition in Array(byDay.values) + Array(byDocument.values) {
        for (row, earlier) in Self.conflicts(edition.map { ($0, rows[$0]) })
        where reported.insert(row).inserted {
          log.add(Self.problem(rows[row], earlier))
        }
      }
    }
    try log.throwIfAny()
  }

  /// The highest price allowed in `province` (and `area`, where the grid is divided) in a local
  /// month; nil when no table was imported for it. A row without an area serves every area that has
  /// none of its own. `山东` and `山东省` are the same province.
  public func cap(
    province: String, area: String = "", month: YearMonth, rule: CapRule = CapRule()
  ) -> CapRow? {
    if !area.isEmpty, let row = row(Key(province: province, area: area, rule: rule), in: month) {
      return row
    }
    return row(Key(province: province, area: "", rule: rule), in: month)
  }

  private func row(_ key: Key, in month: YearMonth) -> TariffRow? {
    var best: TariffRow?
    for position in positions[key] ?? [] where rows[position].months.contains(month) {
      let row = rows[position]
      if let held = best, !row.supersedes(held) { continue }
      best = row
    }
    return best
  }

  /// Rows of one edition that overlap an earlier row with another price.
  private static func conflicts(
    _ edition: [(position: Int, row: TariffRow)]
  ) -> [(position: Int, earlier: TariffRow)] {
    let sorted = edition.sorted {
      ($0.row.months.lowerBound, $0.position) < ($1.row.months.lowerBound, $1.position)
    }
    guard var reach = sorted.first else { return [] }
    var conflicts: [(position: Int, earlier: TariffRow)] = []
    for next in sorted.dropFirst() {
      // The row that reaches furthest overlaps the next one if any of the rows before does.
      if next.row.months.lowerBound <= reach.row.months.upperBound,
        next.row.price != reach.row.price
      {
        let (first, second) = reach.position < next.position ? (reach, next) : (next, reach)
        conflicts.append((second.position, first.row))
      }
      if next.row.months.upperBound > reach.row.months.upperBound { reach = next }
    }
    return conflicts
  }

  private static func problem(_ row: TariffRow, _ earlier: TariffRow) -> Problem {
    Problem(
      file: row.file, line: row.line,
      text: "price: found '\(row.price)', expected '\(earlier.price)' as at \(earlier.source) for "
        + "the same months; only a document published later supersedes a price")
  }
}

extension TariffRow {
  /// True when this row is in force instead of `other`, where both are for the same key and month.
  fileprivate func supersedes(_ other: TariffRow) -> Bool {
    if isSample != other.isSample { return other.isSample }
    return published > other.published
  }
}

/// What a price is for, but for the months.
private struct Key: Hashable {
  let province: String
  let area: String
  let rule: CapRule

  init(province: String, area: String, rule: CapRule) {
    self.province = Self.plain(province)
    self.area = area
    self.rule = rule
  }

  init(_ row: TariffRow) {
    var rule = CapRule()
    rule.userClass = row.userClass
    rule.scheme = row.scheme
    rule.voltageClass = row.voltageClass
    rule.period = row.period
    self.init(province: row.province, area: row.area, rule: rule)
  }

  /// A province's name without the word for its rank.
  private static func plain(_ province: String) -> String {
    let ranks = ["壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "特别行政区", "省", "市"]
    let rank = ranks.first { province.hasSuffix($0) && province != $0 }
    return String(province.dropLast(rank?.count ?? 0))
  }
}

/// Rows that were published together, samples apart from real ones.
private struct Edition: Hashable {
  let isSample: Bool
  let name: String

  init(_ row: TariffRow, _ name: String) {
    isSample = row.isSample
    self.name = name
  }
}
