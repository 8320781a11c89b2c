import SiteModel

/// What the law says about one price of transferred power in one month.
public enum PriceVerdict: Sendable, Equatable {
  /// At or below the cap; exactly the cap is legal.
  case withinCap(CapRow)
  /// Above the cap, by `excess` yuan/kWh.
  case exceeded(CapRow, excess: ExactDecimal)
  /// No table was imported for the month: nothing is judged.
  case tariffMissing(province: String, month: YearMonth)
}

extension TariffTable {
  /// Judges a price with tax, yuan/kWh, that is charged in a local month. It fails with
  /// `DecimalError.overflow` only for prices that no one can charge (more than 20 digits apart).
  public func verdict(
    price: ExactDecimal, province: String, area: String = "", month: YearMonth,
    rule: CapRule = CapRule()
  ) throws(DecimalError) -> PriceVerdict {
    guard let cap = cap(province: province, area: area, month: month, rule: rule) else {
      return .tariffMissing(province: province, month: month)
    }
    guard price > cap.price else { return .withinCap(cap) }
    return .exceeded(cap, excess: try price.subtracting(cap.price))
  }
}

extension PriceVerdict {
  /// What was charged too much for `energy` kWh, in yuan: `energy × (price − cap)`, exact, never
  /// rounded. Zero within the cap; nil when nothing is judged.
  public func overcharge(energy: ExactDecimal) throws(DecimalError) -> ExactDecimal? {
    switch self {
    case .withinCap: .zero
    case .exceeded(_, let excess): try energy.multiplied(by: excess)
    case .tariffMissing: nil
    }
  }
}
