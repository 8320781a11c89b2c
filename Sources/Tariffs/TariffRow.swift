import SiteModel

/// A row of the tariff table that a ``CapRule`` picked: its price is the cap.
public typealias CapRow = TariffRow

/// One published price of electricity with its proof.
///
/// The words are those of the published tables (``userClass`` 工商业, ``scheme`` 单一制 or 两部制,
/// ``period`` 尖峰, 高峰, 平, 低谷 or 深谷), so that a row can be laid beside its document.
public struct TariffRow: Sendable, Equatable {
  /// Province, as written.
  public var province: String
  /// Part of the grid within the province; empty for all of it.
  public var area: String
  /// First and last local month in which it is in force.
  public var months: ClosedRange<YearMonth>
  /// 用电分类.
  public var userClass: String
  /// 电价制.
  public var scheme: String
  /// 电压等级.
  public var voltageClass: String
  /// 时段.
  public var period: String
  /// Price with tax and funds (电度电价), yuan/kWh.
  public var price: ExactDecimal
  /// Number or name of the document that announced it.
  public var document: String
  /// Day on which the document was published, `2026-02-27`: text order is the order of time.
  public var published: String
  /// True when the price is invented for trials; it must never be shown without saying so.
  public var isSample: Bool
  /// The file it was read from, as the user named it.
  public var file: String
  /// One-based line in that file.
  public var line: Int
  /// SHA-256 of that file, in hexadecimal digits.
  public var fileSHA256: String

  /// A row from its parts.
  public init(
    province: String, area: String = "", months: ClosedRange<YearMonth>, userClass: String,
    scheme: String, voltageClass: String, period: String, price: ExactDecimal, document: String,
    published: String, isSample: Bool, file: String, line: Int, fileSHA256: String
  ) {
    self.province = province
    self.area = area
    self.months = months
    self.userClass = userClass
    self.scheme = scheme
    self.voltageClass = voltageClass
    self.period = period
    self.price = price
    self.document = document
    self.published = published
    self.isSample = isSample
    self.file = file
    self.line = line
    self.fileSHA256 = fileSHA256
  }

  /// `FILE:LINE`, as evidence.
  public var source: String { "\(file):\(line)" }
}
