/// A unit of measurement by its field name (`kWh`, `V`, `yuan/kWh`, `1` for a pure number).
public struct Unit: Sendable, Hashable {
  /// The name as it is printed.
  public let name: String

  /// A unit by its name; any text is allowed, conversions exist for those of the table.
  public init(_ name: String) { self.name = name }

  /// The exact factor that turns a value in `self` into one in `target`; nil when the two do not
  /// measure the same or the factor is not a power of ten.
  public func exponent(to target: Unit) -> Int? {
    if self == target { return 0 }
    guard let from = Self.scales[name], let to = Self.scales[target.name], from.base == to.base
    else { return nil }
    return from.exponent - to.exponent
  }

  /// True when a profile may name it.
  public var isKnown: Bool { Self.scales[name] != nil }

  /// Each known unit as a power of ten of a base unit.
  private static let scales: [String: (base: String, exponent: Int)] = {
    var table: [String: (base: String, exponent: Int)] = [:]
    for base in ["Wh", "W", "var", "VA", "varh", "V", "A", "Hz", "s"] {
      table[base] = (base, 0)
      for (prefix, exponent) in [("m", -3), ("k", 3), ("M", 6)] where base != "s" {
        table[prefix + base] = (base, exponent)
      }
    }
    table["ms"] = ("s", -3)
    // An instant: seconds since 1970-01-01T00:00:00Z.
    table["epoch_s"] = ("epoch_s", 0)
    table["yuan/kWh"] = ("yuan/kWh", 0)
    table["fen/kWh"] = ("yuan/kWh", -2)
    table["yuan"] = ("yuan", 0)
    table["fen"] = ("yuan", -2)
    for plain in ["°C", "%", "µg/m³", "dB", "dBm", "°", "lx", "min", "m", "state", "text"] {
      table[plain] = (plain, 0)
    }
    table["1"] = ("1", 0)
    return table
  }()
}
