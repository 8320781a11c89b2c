import Foundation
import Simulator

/// Writes a fleet's spreadsheets where a configuration can name them.
public enum FleetFiles {
  /// Writes `sites.csv`, `devices.csv`, … and `tariffs.csv` into a folder, which is made if needed.
  public static func write(_ fleet: Fleet, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let registry = fleet.registry
    let files = [
      ("sites", registry.sites), ("devices", registry.devices), ("feeders", registry.feeders),
      ("transformers", registry.transformers), ("landlords", registry.landlords),
      ("contracts", registry.contracts), ("tariffs", fleet.tariffCSV),
    ]
    for (name, text) in files {
      try text.write(toFile: "\(folder)/\(name).csv", atomically: true, encoding: .utf8)
    }
  }
}
