import Foundation

extension Settings {
  /// Makes the folder of the database where it is missing, for its user and group only. A failure
  /// shows when the database is opened.
  public func makeDatabaseFolder() {
    let folder = (database as NSString).deletingLastPathComponent
    guard !folder.isEmpty else { return }
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
  }
}
