/// Finds functions, initialisers, subscripts and accessors with a body, and counts their lines.
struct FunctionLengths {
  /// One declaration with a body.
  struct Function: Equatable {
    /// Line of its keyword, one-based.
    let line: Int
    /// Lines from the keyword to the closing brace, both included.
    let length: Int
  }

  /// All of them, in the order of the text; one within another counts for both.
  private(set) var functions: [Function] = []

  private let tokens: [(text: Substring, line: Int)]

  /// Scans `source`.
  init(_ source: String) {
    tokens = Self.tokens(of: SwiftCode(source))
    for index in tokens.indices where declares(index) {
      guard let open = body(of: index), let close = end(of: open) else { continue }
      let length = tokens[close].line - tokens[index].line + 1
      functions.append(Function(line: tokens[index].line, length: length))
    }
  }

  /// Words and single marks, with their lines.
  private static func tokens(of code: SwiftCode) -> [(text: Substring, line: Int)] {
    var tokens: [(text: Substring, line: Int)] = []
    for (number, line) in code.lines.enumerated() {
      var rest = line
      while let first = rest.first {
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let token = word.isEmpty ? rest.prefix(1) : word
        if !first.isWhitespace { tokens.append((token, number + 1)) }
        rest = rest.dropFirst(token.count)
      }
    }
    return tokens
  }

  private func declares(_ index: Int) -> Bool {
    let before = index > 0 ? tokens[index - 1].text : ""
    switch tokens[index].text {
    case "func", "deinit", "subscript", "var": return before != "."
    case "init": return before != "."
    default: return false
    }
  }

  /// Words that begin another declaration or statement, so that the one before has no body.
  private static let beginners: Set<Substring> = [
    "case", "for", "func", "guard", "if", "init", "let", "return", "subscript", "var", "while",
  ]

  /// The token of the brace that opens the body; nil when there is none.
  private func body(of start: Int) -> Int? {
    let isVariable = tokens[start].text == "var"
    var depth = 0
    for index in tokens.indices.dropFirst(start + 1) {
      switch tokens[index].text {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case "{" where depth == 0: return index
      // A stored property's value may be a closure; that is not a function of its own.
      case "=" where depth == 0 && isVariable: return nil
      case "}" where depth <= 0: return nil
      case let word where depth == 0 && Self.beginners.contains(word): return nil
      default: break
      }
      if depth < 0 { return nil }
    }
    return nil
  }

  private func end(of open: Int) -> Int? {
    var depth = 0
    for index in tokens.indices.dropFirst(open) {
      if tokens[index].text == "{" { depth += 1 }
      if tokens[index].text == "}" { depth -= 1 }
      if depth == 0 { return index }
    }
    return nil
  }
}
