import Foundation
import Setup
import TestSupport

extension TemporaryFolder {
  /// A configuration without profiles, `c.yaml`, whose database lies in this folder.
  func settings(database: String) throws -> Settings {
    try FileManager.default.createDirectory(
      atPath: path + "/devices", withIntermediateDirectories: true)
    let file = try write(
      """
      database: \(database)
      mqtt: {brokers: ["mqtt://127.0.0.1"]}
      profiles: [devices]
      """, to: "c.yaml")
    return try Settings.load(file)
  }
}
