/// Which row of the published tariff table is the highest price that a landlord may charge for
/// transferred power (转供电).
///
/// The defaults are the wording of 鲁政办字〔2019〕187号 and 聊政办字〔2020〕28号: "不得高于工商业单一制
/// 电价不满1千伏电压等级高峰时段电度电价". The 尖峰 price is higher and is not the cap.
public struct CapRule: Sendable, Hashable {
  /// 用电分类. Default 工商业.
  public var userClass = "工商业"
  /// 电价制. Default 单一制.
  public var scheme = "单一制"
  /// 电压等级. Default 不满1千伏.
  public var voltageClass = "不满1千伏"
  /// 时段. Default 高峰.
  public var period = "高峰"

  /// The rule of the two documents.
  public init() {}
}
