import SiteModel

/// A spreadsheet of the registry with its bytes, which are kept as evidence.
public struct RegistryFile: Sendable {
  /// What its rows are.
  public enum Kind: String, Sendable, CaseIterable {
    /// Places with equipment.
    case sites
    /// Registered devices.
    case devices
    /// Medium-voltage lines.
    case feeders
    /// Distribution transformers (台区).
    case transformers
    /// Who sells power onward (转供电主体).
    case landlords
    /// Contracts about transferred power.
    case contracts
  }

  /// What its rows are.
  public let kind: Kind
  /// The file as the user named it.
  public let name: String
  /// Its content.
  public let bytes: [UInt8]

  /// A file from its parts.
  public init(kind: Kind, name: String, bytes: [UInt8]) {
    (self.kind, self.name, self.bytes) = (kind, name, bytes)
  }
}

/// Reads the operator's spreadsheets into a ``Registry``.
public enum RegistryFiles {
  /// Highest believable contract price, yuan/kWh.
  public static let priceLimit: ExactDecimal = "100"

  /// The registry of all files together; a kind may have several files or none. Every problem of
  /// every file is reported at once: headings, values, double codes, references that lead nowhere,
  /// meters that stand above themselves, and contracts for one meter that overlap.
  /// The dates are days where the clock is `offsetSeconds` ahead of UTC, +08:00 by default.
  public static func read(
    _ files: [RegistryFile], offsetSeconds: Int = 28_800
  ) throws(Problems) -> Registry {
    let log = ProblemLog()
    var draft = RegistryDraft(log: log, offsetSeconds: offsetSeconds)
    for file in files {
      do {
        let table = try CSVTable(file.bytes, file: file.name, log: log)
        let reader = TableReader(table, columns: file.kind.columns, log: log)
        if !reader.isSound { draft.unread.insert(file.kind) }
        for row in reader.rows { draft.add(row, of: file.kind) }
      } catch {
        error.all.forEach(log.add)
        draft.unread.insert(file.kind)
      }
    }
    draft.checkReferences()
    draft.checkParents()
    draft.checkContracts()
    try log.throwIfAny()
    return draft.registry
  }
}

extension RegistryFile.Kind {
  /// The headings of such a file.
  var columns: [Column] {
    switch self {
    case .sites:
      [
        Column("site", "站址编码"), Column("name", "站址名称"), Column("region", "区域"),
        Column("province", "省份"), Column("transformer", "台区", isRequired: false),
        Column("landlord", "转供电主体", isRequired: false),
      ]
    case .devices:
      [
        Column("device", "设备编码"), Column("site", "站址编码"), Column("hardware", "设备类型"),
        Column("role", "用途"), Column("address", "地址", isRequired: false),
        Column("parent", "上级表", isRequired: false), Column("ct", "ct变比", isRequired: false),
        Column("pt", "pt变比", isRequired: false),
        Column("silent_after_s", "静默秒数", isRequired: false),
        Column("gateway", "网关", isRequired: false), Column("model", "型号", isRequired: false),
      ]
    case .feeders: [Column("feeder", "线路编码"), Column("name", "线路名称")]
    case .transformers:
      [
        Column("transformer", "台区编码"), Column("name", "台区名称"),
        Column("feeder", "线路", isRequired: false),
      ]
    case .landlords: [Column("landlord", "转供电主体编码"), Column("name", "转供电主体名称")]
    case .contracts:
      [
        Column("contract", "合同编号"), Column("site", "站址编码"), Column("landlord", "转供电主体"),
        Column("meter", "电表", isRequired: false), Column("unit_price", "含税单价"),
        Column("from", "开始日期"), Column("until", "结束日期", isRequired: false),
      ]
    }
  }

  /// The column that names the row.
  var key: String { columns[0].name }
}
