import Foundation
import SiteModel

/// Reads whole files that people wrote, with a limit and with errors that name the file.
public enum FileBytes {
  /// The bytes of a file of at most `limit` bytes.
  public static func read(_ path: String, limit: Int) throws(Problems) -> [UInt8] {
    let handle: FileHandle
    do {
      handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    } catch {
      let exists = access(path, F_OK) == 0
      throw problem(path, exists ? "cannot be read (no permission)" : "does not exist")
    }
    defer { try? handle.close() }
    do {
      let data = try handle.read(upToCount: limit + 1) ?? Data()
      guard data.count <= limit else {
        throw problem(path, "is longer than \(limit >> 10) KiB")
      }
      return [UInt8](data)
    } catch let error as Problems {
      throw error
    } catch {
      throw problem(path, "cannot be read")
    }
  }

  /// A secret of one line; spaces and line ends around it are dropped. The text is never reported.
  public static func secret(_ path: String) throws(Problems) -> String {
    let bytes = try read(path, limit: 4096)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw problem(path, "is not UTF-8")
    }
    let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !secret.isEmpty else { throw problem(path, "is empty") }
    return secret
  }

  /// The files of a folder with one of the endings, sorted by name; a file stands for itself.
  public static func list(_ path: String, endings: [String]) throws(Problems) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw problem(path, "does not exist")
    }
    guard isFolder.boolValue else { return [path] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        .filter { name in endings.contains { name.hasSuffix($0) } && !name.hasPrefix(".") }
        .map { "\(path)/\($0)" }
    } catch {
      throw problem(path, "cannot be listed")
    }
  }

  private static func problem(_ path: String, _ text: String) -> Problems {
    Problems([Problem(file: path, line: 0, text: text)])
  }
}
