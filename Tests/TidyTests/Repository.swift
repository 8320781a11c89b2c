import Foundation

/// The repository that these tests stand in, as files and their texts.
enum Repository {
  /// A text file.
  struct File: Sendable {
    /// Path from the top of the repository.
    let path: String
    let text: String

    /// `Sources/<room>/…` → the room.
    var room: String? {
      let parts = path.split(separator: "/")
      return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  }

  /// The top folder.
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every text file, without build products, in the order of their paths.
  static let files: [File] = paths(below: root).compactMap { path in
    (try? String(contentsOf: root.appending(path: path), encoding: .utf8)).map {
      File(path: path, text: $0)
    }
  }

  /// Every Swift file outside the folder of packages, but those that a generator wrote.
  static let swiftFiles = files.filter {
    $0.path.hasSuffix(".swift") && !$0.path.hasSuffix(".pb.swift")
  }

  /// The Swift files of the rooms.
  static let sources = swiftFiles.filter { $0.room != nil }

  /// The text of one file; empty when it is not there.
  static func text(_ path: String) -> String { files.first { $0.path == path }?.text ?? "" }

  /// Names of the folders in a folder.
  static func folders(in path: String) -> [String] {
    let folder = root.appending(path: path)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { isFolder(folder.appending(path: $0)) }.sorted()
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static let skipped: Set = [".git", ".build", ".swiftpm", "__pycache__", "data"]

  private static func paths(below folder: URL, prefix: String = "") -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { !skipped.contains($0) }.sorted().flatMap { name in
      let url = folder.appending(path: name)
      return isFolder(url) ? paths(below: url, prefix: prefix + name + "/") : [prefix + name]
    }
  }
}

/// Something against the rules.
struct Finding: Sendable, Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let text: String

  var description: String { "\(path):\(line): \(text)" }
}
