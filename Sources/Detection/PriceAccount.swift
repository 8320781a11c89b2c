import SiteModel
import Tariffs

/// What one seller charged in one month: the prices in force and the energy sold at each. The
/// verdict is computed from this alone, so that a corrected tariff can be applied to it at any
/// time.
struct PriceAccount: Sendable, Equatable {
  /// A price and what was sold at it.
  struct Row: Sendable, Equatable {
    var price: ExactDecimal
    /// From when it was in force within the month.
    var from: Timestamp
    /// Where it was stated: `journal 12/3`, or file and line of the contract.
    var source: String
    /// kWh sold while it was in force.
    var energy: ExactDecimal
  }

  /// Consecutive rows above the cap: one incident.
  struct Run: Sendable, Equatable {
    var openedAt: Timestamp
    /// When a price within the cap followed, or the month ended; nil while it goes on.
    var endedAt: Timestamp?
    /// Highest price of the run, with its source.
    var top: Row
    var energy: ExactDecimal
    var overcharge: ExactDecimal
  }

  /// An incident as it was last reported.
  struct Reported: Sendable, Equatable {
    var openedAt: Timestamp
    var endedAt: Timestamp?
    var energy: ExactDecimal
    var overcharge: ExactDecimal
    var cap: ExactDecimal
    var isWithdrawn = false
  }

  var month: YearMonth
  var rows: [Row] = []
  var reported: [Reported] = []
  /// Whether a later month has begun for this seller.
  var isClosed = false

  /// Most price changes kept; a meter that changes its price more often in a month is broken.
  static let rowLimit = 200

  /// Whether no further price can be kept.
  var isFull: Bool { rows.count >= Self.rowLimit }

  /// Notes the price in force from `time` on; true when it is another than before.
  mutating func state(_ price: ExactDecimal, from time: Timestamp, source: String) -> Bool {
    guard rows.last?.price != price, !isFull else { return false }
    let from = max(time, rows.last?.from ?? time)
    rows.append(Row(price: price, from: from, source: source, energy: .zero))
    return true
  }

  /// Adds energy that was sold from `time` on, at the price that was in force then.
  mutating func sell(_ energy: ExactDecimal, from time: Timestamp) throws(DecimalError) {
    guard let index = rows.lastIndex(where: { $0.from <= time }) ?? rows.indices.first else {
      return
    }
    rows[index].energy = try rows[index].energy.adding(energy)
  }

  /// The incidents that follow from `cap`; `monthEnd` closes the last one of a closed month.
  func runs(above cap: ExactDecimal, monthEnd: Timestamp) throws(DecimalError) -> [Run] {
    var runs: [Run] = []
    var isOpen = false
    for row in rows {
      guard row.price > cap else {
        if isOpen { runs[runs.count - 1].endedAt = row.from }
        isOpen = false
        continue
      }
      let excess = try row.price.subtracting(cap)
      let overcharge = try excess.multiplied(by: row.energy)
      if isOpen {
        let last = runs.count - 1
        runs[last].energy = try runs[last].energy.adding(row.energy)
        runs[last].overcharge = try runs[last].overcharge.adding(overcharge)
        if row.price > runs[last].top.price { runs[last].top = row }
      } else {
        runs.append(
          Run(openedAt: row.from, top: row, energy: row.energy, overcharge: overcharge))
        isOpen = true
      }
    }
    if isOpen, isClosed, let last = runs.indices.last {
      runs[last].endedAt = max(monthEnd, runs[last].openedAt)
    }
    return runs
  }
}
