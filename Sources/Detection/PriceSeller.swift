import SiteModel
import Tariffs

/// One stated price of transferred power: what a prepaid meter shows, or what a contract says.
struct PriceSeller: Sendable, Equatable {
  /// Most months kept per seller; older ones can be had again by replaying the journal.
  static let monthLimit = 13
  /// Most price changes kept per month; a meter that changes its price more often is broken.
  static let rowLimit = 200

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
  /// A figure was too long to be summed exactly, so the energy is a lower bound.
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
    let isNew = price != self.price
    self.price = price
    statedAt = time
    if isNew { self.source = source }
    let month = YearMonth(containing: time, offsetSeconds: offsetSeconds)
    let before = accounts.last?.month
    guard let index = account(for: month, offsetSeconds: offsetSeconds) else { return false }
    guard isNew || before != month else { return false }
    // A price that merely goes on in a new month is in force there from the month's start.
    let start = isNew ? time : month.start(offsetSeconds: offsetSeconds)
    if accounts[index].rows.count < Self.rowLimit {
      let from = max(start, accounts[index].rows.last?.from ?? start)
      accounts[index].state(price, from: from, source: self.source)
    }
    return true
  }

  /// Carries the price in force into `month` when nothing was said there yet; true when it did.
  mutating func carry(into month: YearMonth, offsetSeconds: Int) -> Bool {
    guard let price, let last = accounts.last, last.month < month else { return false }
    let start = month.start(offsetSeconds: offsetSeconds)
    if let until, until <= start { return close() }
    guard let index = account(for: month, offsetSeconds: offsetSeconds) else { return false }
    accounts[index].state(price, from: start, source: source)
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
      _ = carry(into: part.month, offsetSeconds: offsetSeconds)
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

  /// Ends the running month, because the next began or the contract ended; true when it was open.
  mutating func close() -> Bool {
    guard let last = accounts.indices.last, !accounts[last].isClosed else { return false }
    accounts[last].isClosed = true
    return true
  }

  /// The account of a month, opened when it is newer than all others; nil for an older month that
  /// has none.
  private mutating func account(for month: YearMonth, offsetSeconds: Int) -> Int? {
    if let index = accounts.lastIndex(where: { $0.month == month }) { return index }
    if let last = accounts.last, last.month > month { return nil }
    _ = close()
    accounts.append(PriceAccount(month: month))
    if accounts.count > Self.monthLimit { accounts.removeFirst() }
    return accounts.count - 1
  }
}
