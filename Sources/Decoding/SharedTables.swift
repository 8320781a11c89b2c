import SiteModel

/// Tables that several profiles use, such as the alarm names of a vendor: files of `devices/` that
/// have `tables` and no `profile`.
public struct SharedTables: Sendable {
  private(set) var tables: [String: ConfigNode] = [:]

  /// No tables.
  public init() {}

  /// Takes the tables of a file.
  ///
  /// - Returns: false when the file is a profile and not one of tables.
  public mutating func take(_ node: ConfigNode, log: ProblemLog) -> Bool {
    guard case .mapping(let entries) = node.content,
      entries.contains(where: { $0.key == "tables" }),
      !entries.contains(where: { $0.key == "profile" })
    else { return false }
    let file = ConfigSection(node, log: log)
    let section = file.section("tables")
    for name in section?.keys ?? [] {
      guard let rows = section?.value(name) else { continue }
      if let other = tables.updateValue(rows, forKey: name) {
        section?.report(name, "is also defined in \(other.file)")
      }
    }
    file.finish()
    return true
  }
}
