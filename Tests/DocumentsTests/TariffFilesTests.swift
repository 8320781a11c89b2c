import Documents
import SiteModel
import Tariffs
import Testing

/// Tariff spreadsheets against the verdicts or the problems that they must give. Each line of
/// `questions.txt` is `province area month price`, `-` for no area.
@Suite struct TariffFilesTests {
  @Test(arguments: GoldenCase.all("tariffs"))
  func matches(golden: GoldenCase) throws {
    do {
      let table = try TariffFiles.read(try golden.files(ending: ".csv"))
      let questions = try golden.files(ending: "questions.txt").first?.bytes ?? []
      let answers = try String(decoding: questions, as: UTF8.self).split(separator: "\n").map {
        "\($0) -> \(try Self.answer(String($0), table))"
      }
      try golden.expect(answers.joined(separator: "\n"))
    } catch let problems as Problems {
      try golden.expect(problems.description)
    }
  }

  @Test func thereAreCases() { #expect(GoldenCase.all("tariffs").count >= 6) }

  @Test func aRowCarriesTheDigestOfItsFile() throws {
    let text =
      "province,month,user_class,scheme,voltage_class,period,price,document,published\n"
      + "山东,2026-03,commercial_industrial,single_part,<1kV,peak,1.1,D,2026-02-27\n"
    let bytes = Array(text.utf8)
    let table = try TariffFiles.read([("t.csv", bytes)])
    let month = try #require(YearMonth(parsing: "2026-03"))
    let cap = try #require(table.cap(province: "山东省", month: month))
    #expect(cap.fileSHA256 == Digest.hex(Digest.sha256(bytes)))
    #expect(cap.source == "t.csv:2")
    #expect(cap.voltageClass == "不满1千伏")
  }

  private static func answer(_ question: String, _ table: TariffTable) throws -> String {
    let words = question.split(separator: " ").map(String.init)
    try #require(words.count == 4, "\(question)")
    let month = try #require(YearMonth(parsing: words[2]))
    let verdict = try table.verdict(
      price: try ExactDecimal(parsing: words[3]), province: words[0],
      area: words[1] == "-" ? "" : words[1], month: month)
    switch verdict {
    case .withinCap(let cap): return "within \(text(of: cap))"
    case .exceeded(let cap, let excess): return "exceeds by \(excess) \(text(of: cap))"
    case .tariffMissing(let province, let month): return "no tariff for \(province) \(month)"
    }
  }

  private static func text(of cap: CapRow) -> String {
    "\(cap.price) (\(cap.scheme) \(cap.period), \(cap.document), \(cap.published), "
      + "\(cap.source)\(cap.isSample ? ", sample" : ""))"
  }
}
