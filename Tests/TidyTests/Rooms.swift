/// Who imports whom: what the files say, and what the package's manifest allows.
enum Rooms {
  typealias File = Repository.File

  /// Modules of the language and the system, free for every room that is not pure.
  static let system: Set = [
    "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Swift", "Synchronization",
  ]

  /// The modules that a file imports.
  static func imports(of file: File) -> Set<String> {
    let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return Set(
      SwiftCode(file.text).lines.compactMap { line in
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(of: "import"), words[..<place].allSatisfy(isModifier)
        else { return nil }
        let name = words[(place + 1)...].first { !kinds.contains(String($0)) }
        return name?.split(separator: ".").first.map { String($0) }
      })
  }

  private static func isModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@")
      || ["public", "package", "internal", "private", "fileprivate"].contains(word)
  }

  /// The manifest's arrows: the rooms that each room may import.
  static func arrows(manifest: String) -> [String: Set<String>] {
    var arrows: [String: Set<String>] = [:]
    for opening in ["room(", ".executableTarget(", ".target(", ".systemLibrary("] {
      for part in manifest.ranges(of: opening) where !isDeclaration(manifest[..<part.lowerBound]) {
        let body = balanced(manifest[part.upperBound...])
        let names = quoted(body)
        // A library of the tests stands among them and is no room.
        if body.contains("path: \"Tests/") { continue }
        if let name = names.first { arrows[name] = Set(names.dropFirst()) }
      }
    }
    let rooms = Set(arrows.keys)
    return arrows.mapValues { $0.intersection(rooms) }
  }

  private static func isDeclaration(_ before: Substring) -> Bool { before.hasSuffix("func ") }

  /// The text up to the parenthesis that closes the one before it.
  private static func balanced(_ text: Substring) -> Substring {
    var depth = 1
    return text.prefix { character in
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      return depth > 0
    }
  }

  private static func quoted(_ text: Substring) -> [String] {
    text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  /// Imports of a room that the manifest does not allow.
  static func strayImports(_ file: File, arrows: [String: Set<String>]) -> [Finding] {
    guard let room = file.room, let allowed = arrows[room] else {
      return [Finding(path: file.path, line: 1, text: "not in a room of Package.swift")]
    }
    return imports(of: file).filter { arrows[$0] != nil && !allowed.contains($0) }.sorted().map {
      Finding(path: file.path, line: 1, text: "\(room) must not import \($0)")
    }
  }

  /// Arrows that no file of the room uses.
  static func unusedArrows(_ files: [File], arrows: [String: Set<String>]) -> [Finding] {
    let used = Dictionary(grouping: files) { $0.room ?? "" }
      .mapValues { Set($0.flatMap(imports)) }
    return arrows.sorted { $0.key < $1.key }.flatMap { room, allowed in
      allowed.subtracting(used[room] ?? []).sorted().map {
        Finding(path: "Package.swift", line: 1, text: "\(room) does not import \($0)")
      }
    }
  }

  /// Outside libraries that more than one room imports.
  static func sharedLibraries(_ files: [File], rooms: Set<String>) -> [Finding] {
    var importers: [String: Set<String>] = [:]
    for file in files {
      for name in imports(of: file) where !rooms.contains(name) && !system.contains(name) {
        importers[name, default: []].insert(file.room ?? file.path)
      }
    }
    return importers.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map {
      let rooms = $0.value.sorted().joined(separator: ", ")
      return Finding(path: "Sources", line: 0, text: "\($0.key) is imported by \(rooms)")
    }
  }

  /// The folders that the folder map of ARCHITECTURE.md names: the first word of each indented or
  /// fenced line in the section whose heading has the words "folder map".
  static func folderMap(_ page: String) -> Set<String> {
    var names: Set<String> = []
    var inSection = false
    var inFence = false
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("#") && !inFence { inSection = line.lowercased().contains("folder map") }
      if line.hasPrefix("```") { inFence.toggle() }
      guard inSection, !line.hasPrefix("```"), inFence || line.hasPrefix("    ") else { continue }
      // Deeper lines go on with the text of the line before.
      let indent = line.prefix { $0 == " " }.count
      guard indent <= 4, let word = line.split(separator: " ").first else { continue }
      names.insert(String(word))
    }
    return names
  }
}
