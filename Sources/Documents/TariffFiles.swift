import SiteModel
import Tariffs

/// Reads tariff tables from the bytes of CSV files.
///
/// A row is a sample when its `sample` column says so or a note at the top of the file contains
/// `SAMPLE` or `示例`.
public enum TariffFiles {
  /// Highest believable price of electricity, yuan/kWh.
  public static let priceLimit: ExactDecimal = "100"

  private static let columns = [
    Column("province", "省份"),
    Column("area", "电网区域", isRequired: false),
    Column("month", "月份", isRequired: false),
    Column("from", "起始月份", isRequired: false),
    Column("to", "截止月份", isRequired: false),
    Column("user_class", "用电分类"),
    Column("scheme", "电价制"),
    Column("voltage_class", "电压等级"),
    Column("period", "时段"),
    Column("price", "电度电价"),
    Column("document", "文号"),
    Column("published", "发布日期"),
    Column("sample", "示例", isRequired: false),
  ]

  /// All rows of all files; every problem of every file at once.
  public static func read(_ files: [(name: String, bytes: [UInt8])]) throws(Problems) -> TariffTable
  {
    let log = ProblemLog()
    var rows: [TariffRow] = []
    for file in files {
      do {
        let table = try CSVTable(file.bytes, file: file.name, log: log)
        let digest = Digest.hex(Digest.sha256(file.bytes))
        let isSample = table.notes.contains { $0.contains("SAMPLE") || $0.contains("示例") }
        for row in TableReader(table, columns: columns, log: log).rows {
          if let tariff = tariff(row, isSample: isSample, digest: digest) { rows.append(tariff) }
        }
      } catch {
        error.all.forEach(log.add)
      }
    }
    try log.throwIfAny()
    return try TariffTable(rows: rows)
  }

  /// A row's price; nil when a part without a stand-in is wrong.
  private static func tariff(_ row: TableRow, isSample: Bool, digest: String) -> TariffRow? {
    let province = row.requiredText("province")
    let months = months(row)
    let userClass = word(row, "user_class", userClasses)
    let scheme = word(row, "scheme", schemes)
    let voltage = word(row, "voltage_class", voltages)
    let period = word(row, "period", periods)
    let price = row.required("price", row.decimal("price", in: .zero...priceLimit))
    let document = row.requiredText("document")
    let published = row.required("published", row.day("published"))
    let sample = row.choice("sample", of: TableRow.flags) ?? false
    guard let months, let userClass, let scheme, let voltage, let period, let price, let published
    else { return nil }
    return TariffRow(
      province: province, area: row.text("area"), months: months, userClass: userClass,
      scheme: scheme, voltageClass: voltage, period: period, price: price, document: document,
      published: published.dayText, isSample: isSample || sample, file: row.file, line: row.line,
      fileSHA256: digest)
  }

  /// `month`, or `from` and `to`.
  private static func months(_ row: TableRow) -> ClosedRange<YearMonth>? {
    if let month = row.month("month") {
      if !row.isEmpty("from") || !row.isEmpty("to") {
        row.report("month", "is given beside from and to, expected one or the other")
      }
      return month...month
    }
    guard row.isEmpty("month") else { return nil }
    guard let from = row.required("from", row.month("from")),
      let to = row.required("to", row.month("to"))
    else { return nil }
    guard from <= to else {
      row.report("to", expected: "a month that is not before \(from)")
      return nil
    }
    return from...to
  }

  /// The published word for what stands in a cell. User and voltage classes that are not listed are
  /// kept as they are, because the published tables have more of them than matter here.
  private static func word(
    _ row: TableRow, _ column: String, _ options: [(word: String, value: String)]
  ) -> String? {
    if row.isEmpty(column) {
      row.report(column, "is empty")
      return nil
    }
    if column == "user_class" || column == "voltage_class" {
      let text = row.text(column)
      return options.first { $0.word == text.lowercased() }?.value ?? text
    }
    return row.choice(column, of: options)
  }

  private static let userClasses = [
    (word: "工商业", value: "工商业"), ("commercial_industrial", "工商业"),
  ]

  private static let schemes = [
    (word: "单一制", value: "单一制"), ("两部制", "两部制"), ("single_part", "单一制"), ("two_part", "两部制"),
  ]

  private static let voltages = [
    (word: "不满1千伏", value: "不满1千伏"), ("不满1kv", "不满1千伏"), ("<1kv", "不满1千伏"),
  ]

  private static let periods = [
    (word: "尖峰", value: "尖峰"), ("高峰", "高峰"), ("平", "平"), ("低谷", "低谷"), ("深谷", "深谷"),
    ("平段", "平"), ("sharp", "尖峰"), ("peak", "高峰"), ("flat", "平"), ("valley", "低谷"),
    ("deep_valley", "深谷"),
  ]
}
