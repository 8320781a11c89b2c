import SiteModel
import Tariffs

/// One stated price of transferred power: what a prepaid meter shows, or what a contract says.
struct PriceSeller: Sendable, Equatable {
  /// Most months kept per seller; older ones can be had again by replaying the journal.
  static let monthLimit = 13

  /// Name of the device whose energy is sold; empty for a contract without a meter.
  var meter: String
  /// Contract number; empty when the meter itself states the price.
  var contract: String
  var site: String
  var landlord: String
  /// Price in force, and since when; nil before the first statement.
  var price: ExactDecimal?
  var statedAt = Timestamp(milliseconds: .min)
  var source = ""
  /// When the contract ends; nil while it has no end.
  var until: Timestamp?
  var accounts: [PriceAccount] = []
  /// A figure was too long to be summed exactly, or the price changed more often than is kept.
  var isIncomplete = false

  /// A seller that has stated nothing yet.
  init(meter: String, contract: String, site: String, landlord: String) {
    self.meter = meter
    self.contract = contract
    self.site = site
    self.landlord = landlord
  }

  /// What an alert names: the contract, or the meter that shows the price.
  var subject: String { contract.isEmpty ? meter : contract }

  /// Takes a statement of the price at `time`; an older one than the latest is ignored.
  mutating func state(
    _ price: ExactDecimal, at time: Timestamp, source: String, offsetSeconds: Int
  ) -> Bool {
    guard time > statedAt else { return false }
    statedAt = time
    let month = YearMonth(containing: time, offsetSeconds: offsetSeconds)
    // Until this statement the price before it was in force, also in the months between.
    let hasRolled = roll(to: month, offsetSeconds: offsetSeconds)
    if price != self.price { (self.price, self.source) = (price, source) }
    guard let index = account(for: month) else { return hasRolled }
    if accounts[index].isFull, accounts[index].rows.last?.price != price { isIncomplete = true }
    return accounts[index].state(price, from: time, source: self.source) || hasRolled
  }

  /// Carries the price in force through the months up to `month`, where nothing was said yet; true
  /// when there were any.
  mutating func roll(to month: YearMonth, offsetSeconds: Int) -> Bool {
    guard let price, let first = accounts.last?.month, first < month else { return false }
    var next = first.next
    while next <= month {
      let start = next.start(offsetSeconds: offsetSeconds)
      if let until, until <= start { return close() || next > first.next }
      guard let index = account(for: next) else { return false }
      _ = accounts[index].state(price, from: start, source: source)
      if next == month { break }
      next = next.next
    }
    return true
  }

  /// Adds energy sold over an interval, split at month ends.
  mutating func sell(
    _ energy: ExactDecimal, from: Timestamp, to: Timestamp, offsetSeconds: Int
  ) throws(DecimalError) {
    guard price != nil, until.map({ from < $0 }) ?? true else { return }
    let parts = try ConsumptionSplit.byMonth(
      energy: energy, from: from, to: to, offsetSeconds: offsetSeconds)
    for part in parts {
      _ = roll(to: part.month, offsetSeconds: offsetSeconds)
      guard let index = accounts.lastIndex(where: { $0.month == part.month }) else { continue }
      try accounts[index].sell(part.energy, from: part.from)
    }
  }

  /// Corrects the price of everything so far, after the contract's row was corrected.
  mutating func correct(_ price: ExactDecimal, source: String) {
    (self.price, self.source) = (price, source)
    for index in accounts.indices {
      for row in accounts[index].rows.indices {
        accounts[index].rows[row].price = price
        accounts[index].rows[row].source = source
      }
    }
  }

  /// Ends the contract, because the registry names it no more.
  mutating func end(at now: Timestamp) {
    until = until.map { min($0, now) } ?? now
    _ = close()
  }

  /// Ends the running month, because the next began or the contract ended; true when it was open.
  mutating func close() -> Bool {
    guard let last = accounts.indices.last, !accounts[last].isClosed else { return false }
    accounts[last].isClosed = true
    return true
  }

  /// The account of a month, opened when it is newer than all others; nil for an older month that
  /// has none.
  private mutating func account(for month: YearMonth) -> Int? {
    if let index = accounts.lastIndex(where: { $0.month == month }) { return index }
    if let last = accounts.last, last.month > month { return nil }
    _ = close()
    accounts.append(PriceAccount(month: month))
    if accounts.count > Self.monthLimit { accounts.removeFirst() }
    return accounts.count - 1
  }
}
