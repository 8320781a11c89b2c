import Foundation

/// A database as the release with schema 1 wrote it, with what that release's commands printed of
/// it. Six simulated sites over three hours: some samples in chunks, some not yet, 22 alerts.
public enum OldDatabase {
  /// Folder of the files.
  public static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../StorageTests/Cases/version-1").standardizedFileURL

  /// The bytes of one of its files.
  public static func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appending(path: name))
  }

  /// The lines that `alerts --format json` printed.
  public static func alerts() throws -> [String] {
    String(decoding: try bytes("alerts.jsonl"), as: UTF8.self).split(separator: "\n")
      .map(String.init)
  }
}
