import Detection
import Engine
import Setup
import SiteModel
import Storage

/// The registry as tables of an SQL session: what the configuration names and what was imported, in
/// the versions that the database holds.
enum RegistryTables {
  /// All tables; empty ones where nothing was stored yet.
  static func read(_ settings: Settings) throws -> [SqlTable] {
    tables(try registry(settings, Store.openReadOnly(path: settings.database)))
  }

  /// The registry itself.
  static func registry(_ settings: Settings, _ reader: StoreReader) throws -> Registry {
    let named = Set(settings.registry.map(\.path))
    let files = try reader.currentReferences()
      .filter { SourceFile.registryKinds.contains($0.kind) }
      .filter { $0.name.hasPrefix(SourceFile.importedPrefix) || named.contains($0.name) }
      .map { SourceFile(kind: $0.kind, name: $0.name, bytes: $0.body) }
    return try Reference.compile(files).context.registry
  }

  private static func tables(_ registry: Registry) -> [SqlTable] {
    [
      SqlTable(
        name: "site",
        columns: ["site", "name", "region", "province", "transformer", "landlord"],
        rows: rows(registry.sites) {
          [$0.id, $0.name, $0.region, $0.province, $0.transformer, $0.landlord]
        }),
      devices(registry),
      SqlTable(
        name: "feeder", columns: ["feeder", "name"],
        rows: rows(registry.feeders) { [$0.id, $0.name] }),
      SqlTable(
        name: "transformer", columns: ["transformer", "name", "feeder"],
        rows: rows(registry.transformers) { [$0.id, $0.name, $0.feeder] }),
      SqlTable(
        name: "landlord", columns: ["landlord", "name"],
        rows: rows(registry.landlords) { [$0.id, $0.name] }),
      SqlTable(
        name: "contract",
        columns: ["contract", "site", "landlord", "meter", "unit_price", "from_ms", "until_ms"],
        rows: registry.contracts.map { contract in
          [
            text(contract.id), text(contract.site), text(contract.landlord), text(contract.meter),
            text(contract.unitPrice.description), .integer(contract.from.milliseconds),
            contract.until.map { .integer($0.milliseconds) } ?? .null,
          ]
        }),
    ]
  }

  private static func devices(_ registry: Registry) -> SqlTable {
    SqlTable(
      name: "registered_device",
      columns: [
        "device", "site", "hardware", "role", "address", "parent", "ct", "pt",
        "silent_after_s",
      ],
      rows: registry.devices.values.sorted { $0.id < $1.id }.map { device in
        [
          text(device.id), text(device.site), text(device.hardware.rawValue),
          text(device.role.rawValue), text(device.address), text(device.parent),
          text(device.ctRatio.description), text(device.ptRatio.description),
          device.silentAfterSeconds.map { .integer(Int64($0)) } ?? .null,
        ]
      })
  }

  private static func rows<Entry>(
    _ table: [String: Entry], _ cells: (Entry) -> [String]
  ) -> [[SqlValue]] {
    table.sorted { $0.key < $1.key }.map { cells($0.value).map(text) }
  }

  /// What the registry leaves empty is NULL.
  private static func text(_ text: String) -> SqlValue { text.isEmpty ? .null : .text(text) }
}
