import Protocols
import SiteModel
import Testing

/// SenML's units become SiteWatt's, exactly where that is possible.
@Suite struct SenMLUnitsTests {
  static let cases: [(value: ExactDecimal, symbol: String, unit: String, result: String?)] = [
    ("229.80", "V", "V", "229.80"), ("3210", "mA", "A", "3.210"), ("1.5", "W", "kW", "0.0015"),
    ("2", "MHz", "Hz", "2000000"), ("12", "Wh", "kWh", "0.012"), ("12", "kvarh", "kvarh", "12"),
    ("3600000", "J", "kWh", "1.000000000"), ("1", "J", "Wh", "0.000278"),
    ("5400", "vars", "kvarh", "0.001500000"), ("-40.5", "Cel", "°C", "-40.5"),
    ("0", "K", "°C", "-273.15"), ("3.141592653589793", "rad", "°", "180.000000"),
    ("-0.0001", "rad", "°", "-0.005730"), ("1.25", "deg", "°", "1.25"), ("0.5", "/", "%", "50"),
    ("0.97", "/", "1", "0.97"), ("97", "/100", "1", "0.97"), ("44", "%RH", "%", "44"),
    ("80", "%EL", "%", "80"), ("12000", "ppm", "%", "1.2000"), ("-95", "dBm", "dBm", "-95"),
    ("-125", "dBW", "dBm", "-95"), ("1.5e-8", "kg/m3", "µg/m³", "15"), ("7", "count", "1", "7"),
    ("2", "h", "s", "7200"), ("1.5", "h", "min", "90.0"), ("90", "s", "min", "1.500000"),
    ("1", "km", "m", "1000"), ("500", "lx", "lx", "500"), ("1", "VA", "kVA", "0.001"),
    ("1", "V", "A", nil), ("1", "furlong", "m", nil), ("1", "", "V", nil), ("1", "Cel", "V", nil),
  ]

  @Test func conversions() throws {
    for (value, symbol, unit, result) in Self.cases {
      let found = try SenMLUnits.converted(value, from: symbol, to: Unit(unit))
      #expect(found?.description == result, "\(value) \(symbol) in \(unit)")
    }
  }
}
