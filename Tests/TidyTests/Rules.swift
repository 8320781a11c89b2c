/// The rules of style that a scanner can check; each takes a text and gives what is against it.
enum Rules {
  typealias File = Repository.File

  /// Longest line in characters.
  static let longestLine = 100
  /// Longest file in lines.
  static let longestFile = 400
  /// Longest function in lines.
  static let longestFunction = 70
  /// Nine of ten functions are no longer than this.
  static let usualFunction = 25

  /// The rooms that touch nothing but what they are given.
  static let pureRooms: Set = [
    "Alerting", "Decoding", "Detection", "Engine", "Protocols", "Series", "Simulator",
    "SiteModel", "Tariffs",
  ]

  static func longLines(_ file: File) -> [Finding] {
    findings(file, file.lines) { line in
      line.count > longestLine ? "\(line.count) columns, at most \(longestLine)" : nil
    }
  }

  static func longFile(_ file: File) -> [Finding] {
    let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
    guard count > longestFile else { return [] }
    return [Finding(path: file.path, line: 1, text: "\(count) lines, at most \(longestFile)")]
  }

  static func longFunctions(_ file: File) -> [Finding] {
    FunctionLengths(file.text).functions.filter { $0.length > longestFunction }.map {
      let text = "a function of \($0.length) lines, at most \(longestFunction)"
      return Finding(path: file.path, line: $0.line, text: text)
    }
  }

  /// What a pure room must not name, and what it does instead.
  static func impureCalls(_ file: File) -> [Finding] {
    findings(file, SwiftCode(file.text).lines) { line in
      impure.first { contains(line, word: $0.call) }.map {
        "'\($0.call)' in a pure room; instead: \($0.instead)"
      }
    }
  }

  private static let impure: [(call: String, instead: String)] = [
    ("import Foundation", "SiteModel's own Timestamp, ExactDecimal, JSONText"),
    ("import FoundationEssentials", "SiteModel's own Timestamp, ExactDecimal, JSONText"),
    ("import Glibc", "what the caller passes in"),
    ("import Dispatch", "what the caller passes in"),
    ("Date()", "take `now: Timestamp` as an argument"),
    ("ContinuousClock", "take `now: Timestamp` as an argument"),
    ("SuspendingClock", "take `now: Timestamp` as an argument"),
    ("FileManager", "take the bytes as an argument; files belong to the rim"),
    (".random(", "a generator with a seed, passed in"),
    (".randomElement()", "a generator with a seed, passed in"),
    (".shuffled()", "a generator with a seed, passed in"),
    ("SystemRandomNumberGenerator", "a generator with a seed, passed in"),
    ("UUID()", "an identifier derived from the content"),
    ("Thread", "nothing; the caller decides where it runs"),
    ("sleep", "return when the work is due; the caller waits"),
    ("print", "return an effect"),
  ]

  /// What may crash on an outsider's input.
  static func crashes(_ file: File) -> [Finding] {
    findings(file, SwiftCode(file.text).lines) { line in
      if contains(line, word: "fatalError") { return "'fatalError'; instead: preconditionFailure" }
      if contains(line, word: "try!") { return "'try!'; instead: do and catch" }
      if contains(line, word: "as!") { return "'as!'; instead: as? and guard" }
      return unwraps(line) ? "a forced unwrap; instead: guard let" : nil
    }
  }

  /// A `!` right after an expression or a type, and not part of `!=`.
  private static func unwraps(_ line: Substring) -> Bool {
    let characters = Array(line)
    return characters.indices.dropFirst().contains { index in
      guard characters[index] == "!" else { return false }
      let before = characters[index - 1]
      let after = index + 1 < characters.count ? characters[index + 1] : " "
      return after != "=" && (before.isLetter || before.isNumber || "_)]}>\"?!`".contains(before))
    }
  }

  /// Marks of unfinished work, and paths of somebody's machine. Put together here, so that this
  /// file holds none itself.
  static func leftovers(_ file: File) -> [Finding] {
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
    let places = ["home", "root", "Users", "work", "private"].map { "/" + $0 + "/" }
    return findings(file, file.lines) { line in
      if let mark = marks.first(where: { line.contains($0) }) { return "'\(mark)': unfinished" }
      return places.first { contains(line, place: $0) }.map { "'\($0)': a machine's own path" }
    }
  }

  private static func contains(_ line: Substring, place: String) -> Bool {
    line.ranges(of: place).contains { range in
      guard range.lowerBound > line.startIndex else { return true }
      let before = line[line.index(before: range.lowerBound)]
      return !(before.isLetter || before.isNumber || "_-.}".contains(before))
    }
  }

  /// True when `word` stands in the line and is not a part of a longer name.
  static func contains(_ line: Substring, word: String) -> Bool {
    line.ranges(of: word).contains { range in
      let before = line[..<range.lowerBound].last.map(isName) ?? false
      let after = line[range.upperBound...].first.map(isName) ?? false
      let begins = word.first.map(isName) ?? false
      let ends = word.last.map(isName) ?? false
      return !(before && begins) && !(after && ends)
    }
  }

  private static func isName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  private static func findings(
    _ file: File, _ lines: [Substring], _ check: (Substring) -> String?
  ) -> [Finding] {
    lines.enumerated().compactMap { number, line in
      check(line).map { Finding(path: file.path, line: number + 1, text: $0) }
    }
  }
}
