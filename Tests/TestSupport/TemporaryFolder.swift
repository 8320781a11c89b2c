import Foundation

/// A folder of its own for one test, removed with its contents at the end.
public final class TemporaryFolder: Sendable {
  /// The absolute path, without a slash at the end.
  public let path: String

  /// A fresh folder under the system's temporary one, readable by everybody (brokers may change
  /// their user).
  public init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("sitewatt-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file into the folder and returns its path.
  @discardableResult
  public func write(_ text: String, to name: String) throws -> String {
    let file = "\(path)/\(name)"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }
}
