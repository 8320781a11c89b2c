import SiteModel
import Tariffs
import Testing

/// Cap lookup and verdicts without files; the golden cases of the Documents tests read them from
/// CSV.
@Suite struct TariffTableTests {
  private func month(_ text: String) throws -> YearMonth {
    try #require(YearMonth(parsing: text))
  }

  private func row(
    _ price: ExactDecimal, from: String = "2026-03", to: String? = nil, scheme: String = "单一制",
    period: String = "高峰", published: String = "2026-02-27", document: String = "A",
    isSample: Bool = false, line: Int = 2
  ) throws -> TariffRow {
    TariffRow(
      province: "山东省", months: try month(from)...month(to ?? from), userClass: "工商业",
      scheme: scheme, voltageClass: "不满1千伏", period: period, price: price,
      document: document, published: published, isSample: isSample, file: "t.csv", line: line,
      fileSHA256: "")
  }

  @Test func exactlyTheCapIsLegal() throws {
    let cap = try row("1.23456789")
    let table = try TariffTable(rows: [cap])
    let march = try month("2026-03")
    for price: ExactDecimal in ["1.23456789", "1.234567890", "1.23456788"] {
      #expect(
        try table.verdict(price: price, province: "山东省", month: march) == .withinCap(cap))
    }
    let above = try table.verdict(price: "1.2345679", province: "山东省", month: march)
    #expect(above == .exceeded(cap, excess: "0.00000001"))
    #expect(try above.overcharge(energy: "1234.5678") == "0.000012345678")
  }

  @Test func aMissingMonthIsNotJudged() throws {
    let table = try TariffTable(rows: [try row("1.1")])
    let april = try month("2026-04")
    let verdict = try table.verdict(price: "9", province: "山东省", month: april)
    #expect(verdict == .tariffMissing(province: "山东省", month: april))
    #expect(try verdict.overcharge(energy: "1") == nil)
    #expect(TariffTable().cap(province: "山东省", month: april) == nil)
  }

  @Test func otherRowsAreNeverTheCap() throws {
    let others = [
      try row("1.9", period: "尖峰"), try row("1.8", scheme: "两部制"), try row("0.5", period: "平"),
    ]
    let march = try month("2026-03")
    #expect(try TariffTable(rows: others).cap(province: "山东省", month: march) == nil)
    let withCap = try TariffTable(rows: others + [row("1.1")])
    #expect(withCap.cap(province: "山东省", month: march)?.price == "1.1")
    var rule = CapRule()
    rule.period = "尖峰"
    #expect(withCap.cap(province: "山东省", month: march, rule: rule)?.price == "1.9")
  }

  @Test func aLaterDocumentSupersedes() throws {
    let first = try row("1.2", from: "2026-01", to: "2026-06")
    let correction = try row("1.1", published: "2026-04-02", document: "B", line: 3)
    let march = try month("2026-03")
    for rows in [[first, correction], [correction, first]] {
      let table = try TariffTable(rows: rows)
      #expect(table.cap(province: "山东省", month: march) == correction)
      #expect(table.cap(province: "山东省", month: march.next) == first)
    }
  }

  @Test func aSampleNeverDisplacesARealPrice() throws {
    let real = try row("1.2")
    let sample = try row("9.9", published: "2026-12-31", document: "示例", isSample: true, line: 3)
    let table = try TariffTable(rows: [real, sample])
    #expect(table.cap(province: "山东省", month: try month("2026-03")) == real)
    let onlySample = try TariffTable(rows: [sample])
    #expect(onlySample.cap(province: "山东省", month: try month("2026-03"))?.isSample == true)
  }

  @Test func contradictionsAreProblems() throws {
    let wide = try row("1.2", from: "2026-01", to: "2026-12")
    let same = try row("1.20", from: "2026-02", document: "B", line: 3)
    let other = try row("1.3", from: "2026-04", document: "C", line: 4)
    #expect(try TariffTable(rows: [wide, same]).rows.count == 2)
    #expect {
      _ = try TariffTable(rows: [wide, same, other])
    } throws: { error in
      "\(error)".hasPrefix("t.csv:4: price: found '1.3', expected '1.2' as at t.csv:2")
    }
  }
}
