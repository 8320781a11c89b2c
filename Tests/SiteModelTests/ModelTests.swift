import SiteModel
import Testing

/// Small parts of the model: device numbers, units, the catalogue, JSON text and digests.
@Suite struct ModelTests {
  @Test func devicesAreNumberedInOrderOfFirstSight() {
    var table = DeviceTable()
    #expect(table.index(of: "M-2") == DeviceIndex(0))
    #expect(table.index(of: "M-1") == DeviceIndex(1))
    #expect(table.index(of: "M-2") == DeviceIndex(0))
    #expect(table.find("M-3") == nil && table.count == 2)
    #expect(DeviceTable(names: ["M-2", "M-1"]).find("M-1") == DeviceIndex(1))
  }

  @Test func namesAreBounded() {
    var table = DeviceTable()
    let longest = String(repeating: "x", count: DeviceTable.nameLimit)
    #expect(table.index(of: longest) != nil)
    for name in ["", longest + "x", "a\nb", "a\u{0}", "a\u{7F}", "站" + longest.dropLast(2)] {
      #expect(table.index(of: name) == nil, "\(name)")
    }
    #expect(table.count == 1)
  }

  @Test func aFullTableTakesNobodyElse() {
    var table = DeviceTable()
    for number in 0..<DeviceTable.limit { _ = table.index(of: "M-\(number)") }
    #expect(table.count == DeviceTable.limit)
    #expect(table.index(of: "one more") == nil)
    #expect(table.index(of: "M-7") == DeviceIndex(7))
  }

  @Test(arguments: [
    ("Wh", "kWh", -3), ("MWh", "kWh", 3), ("W", "kW", -3), ("mA", "A", -3), ("ms", "s", -3),
    ("fen/kWh", "yuan/kWh", -2), ("fen", "yuan", -2), ("kvarh", "kvarh", 0), ("°C", "°C", 0),
    ("kW", "kWh", nil), ("V", "A", nil), ("ks", "s", nil), ("furlong", "m", nil),
    ("furlong", "furlong", 0), ("%", "1", nil),
  ])
  func unitsConvertByPowersOfTen(_ from: String, _ to: String, _ exponent: Int?) {
    #expect(Unit(from).exponent(to: Unit(to)) == exponent)
  }

  @Test func theCatalogueIsSound() {
    #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
    #expect(Set(MetricCatalogue.all.map(\.metric)).count == MetricCatalogue.all.count)
    #expect(MetricCatalogue.all.map(\.metric) == MetricCatalogue.all.map(\.metric).sorted())
    for row in MetricCatalogue.all {
      #expect(row.unit.isKnown, "\(row.name)")
      #expect(MetricCatalogue.metric(named: row.name) == row.metric)
      #expect(MetricCatalogue.definition(of: row.metric)?.name == row.name)
    }
    #expect(MetricCatalogue.definition(of: Metric(number: 0)) == nil)
    #expect(MetricCatalogue.definition(of: Metric(number: .max)) == nil)
  }

  /// Numbers and names that stand in files and in the habits of outsiders.
  @Test func theNumbersOfMetricsNeverChange() {
    let pinned: [(String, UInt16)] = [
      ("energy.active.import.total", 1), ("energy.active.import.rate8", 9), ("voltage.a", 20),
      ("voltage.c", 22), ("current.a", 30), ("power.active.total", 40), ("frequency", 56),
      ("price.energy", 60), ("battery.voltage", 70), ("mains.present", 74), ("door.open", 93),
      ("environment.temperature", 100), ("pm10", 108), ("radio.rsrp", 120),
    ]
    for (name, number) in pinned {
      #expect(MetricCatalogue.metric(named: name)?.number == number, "\(name)")
    }
  }

  @Test func jsonTextEscapesWhatItMust() {
    var json = JSONText()
    json.add("a\"b", "站\\\n\r\t\u{1}\u{7F}/😀")
    json.add("n", Int64(-5))
    json.add("d", "0.50" as ExactDecimal)
    json.add("t", true)
    json.addNull("z")
    json.add("gone", String?.none)
    json.raw("list", JSONText.array(["1", "{}"]))
    let expected =
      #"{"a\"b":"站\\\n\r\t\u0001\u007f/😀","n":-5,"d":"0.50","t":true,"z":null,"list":[1,{}]}"#
    #expect(json.text == expected)
  }

  /// FIPS 180-4 and RFC 4231.
  @Test func digestsAreThoseOfTheStandards() {
    #expect(
      Digest.hex(Digest.sha256(Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest.hex(
        Digest.hmacSHA256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    let parts: ([UInt8], [UInt8]) = (Array("a".utf8), Array("bc".utf8))
    let joined = parts.0.withUnsafeBytes { first in
      parts.1.withUnsafeBytes { Digest.sha256(first, $0) }
    }
    #expect(joined == Digest.sha256(Array("abc".utf8)))
  }
}
