/// Finds source files of which no other source file names anything.
enum DeadFiles {
  /// Files whose declared names (of types, their members, and first labels of initialisers) all
  /// stand in that file alone. `main.swift` and a file with `@main` are entry points by the
  /// language.
  static func find(_ files: [Repository.File]) -> [Finding] {
    var holders: [String: Int] = [:]
    for file in files {
      for word in Set(words(of: Substring(SwiftCode(file.text).text))) {
        holders[word, default: 0] += 1
      }
    }
    return files.compactMap { file in
      if file.path.hasSuffix("/main.swift") || file.text.contains("@main") { return nil }
      if declaredNames(in: file).contains(where: { holders[$0, default: 0] > 1 }) { return nil }
      return Finding(path: file.path, line: 1, text: "nothing of it is used elsewhere")
    }
  }

  /// Names declared at the top level and one level down, where the indent is two spaces.
  private static func declaredNames(in file: Repository.File) -> Set<String> {
    var names: Set<String> = []
    for line in SwiftCode(file.text).lines where line.prefix(while: { $0 == " " }).count <= 2 {
      let words = words(of: line)
      for (word, next) in zip(words, words.dropFirst()) where keywords.contains(word) {
        names.insert(next)
      }
    }
    return names
  }

  private static let keywords: Set = [
    "actor", "class", "enum", "func", "init", "let", "protocol", "struct", "typealias", "var",
  ]

  private static func words(of text: Substring) -> [String] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { String($0) }
  }
}
