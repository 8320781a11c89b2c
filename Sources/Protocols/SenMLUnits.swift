import SiteModel

/// Units as SenML names them (RFC 8428, section 12.1, and the primary and secondary units of RFC
/// 8798), and how their values become values of SiteWatt's units. Names that are the same in both
/// (`V`, `kWh`, `dBm`, `lx`, …) need no row here.
public enum SenMLUnits {
  private enum Scale {
    /// `value × factor + offset`
    case exact(ExactDecimal, offset: ExactDecimal = .zero)
    /// `value × numerator / denominator`, half to even at ``decimals`` decimals: no decimal is the
    /// exact result.
    case rounded(Int64, over: Int64)
  }

  /// Decimals of what has no exact decimal: joules in Wh, radians in degrees.
  public static let decimals = 6

  private static let rows: [(symbol: String, unit: String, scale: Scale)] = [
    ("Cel", "°C", .exact("1")),
    ("K", "°C", .exact("1", offset: "-273.15")),
    ("deg", "°", .exact("1")),
    // 180/π to 18 digits.
    ("rad", "°", .rounded(572_957_795_130_823_209, over: 10_000_000_000_000_000)),
    ("J", "Wh", .rounded(1, over: 3600)),
    ("vars", "varh", .rounded(1, over: 3600)),
    ("min", "s", .exact("60")),
    ("h", "s", .exact("3600")),
    ("h", "min", .exact("60")),
    ("s", "min", .rounded(1, over: 60)),
    ("mm", "m", .exact("0.001")),
    ("cm", "m", .exact("0.01")),
    ("km", "m", .exact("1e3")),
    ("kg/m3", "µg/m³", .exact("1e9")),
    ("ug/m3", "µg/m³", .exact("1")),
    ("dBW", "dBm", .exact("1", offset: "30")),
    ("%RH", "%", .exact("1")),
    ("%EL", "%", .exact("1")),
    ("/", "%", .exact("1e2")),
    ("/", "1", .exact("1")),
    ("/100", "%", .exact("1")),
    ("/100", "1", .exact("0.01")),
    ("/1000", "%", .exact("0.1")),
    ("/1000", "1", .exact("0.001")),
    ("ppm", "%", .exact("0.0001")),
    ("ppm", "1", .exact("0.000001")),
    ("%", "1", .exact("0.01")),
    ("count", "1", .exact("1")),
  ]

  /// A value in `unit`; nil when `symbol` is no unit that is known or measures something else.
  public static func converted(
    _ value: ExactDecimal, from symbol: String, to unit: Unit
  ) throws(DecimalError) -> ExactDecimal? {
    if let exponent = Unit(symbol).exponent(to: unit) { return shifted(value, exponent) }
    for row in rows where row.symbol == symbol {
      guard let exponent = Unit(row.unit).exponent(to: unit) else { continue }
      switch row.scale {
      case .exact(let factor, let offset):
        let scaled = try value.multiplied(by: factor)
        return shifted(offset == .zero ? scaled : try scaled.adding(offset), exponent)
      case .rounded(let numerator, let denominator):
        return shifted(
          try value.scaled(by: numerator, over: denominator, decimals: decimals), exponent)
      }
    }
    return nil
  }

  private static func shifted(_ value: ExactDecimal, _ exponent: Int) -> ExactDecimal {
    ExactDecimal(significand: value.significand, exponent: value.exponent + exponent)
  }
}
