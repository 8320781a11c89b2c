/// Swift text with comments and the insides of string literals made blank, line by line the same;
/// what stands in an interpolation is code and stays.
struct SwiftCode {
  /// The remaining text.
  private(set) var text = ""

  private var input: [Character]
  private var position = 0

  /// Scans `source`.
  init(_ source: String) {
    input = Array(source)
    text.reserveCapacity(source.utf8.count)
    code(untilClosingParenthesis: false)
  }

  /// The lines of the remaining text.
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  private func looking(at word: String) -> Bool {
    input[position...].prefix(word.count).elementsEqual(word)
  }

  private mutating func keep(_ count: Int = 1) {
    text.append(contentsOf: input[position..<min(position + count, input.count)])
    position += count
  }

  private mutating func blank(_ count: Int = 1) {
    for character in input[position..<min(position + count, input.count)] {
      text.append(character.isNewline ? "\n" : " ")
    }
    position += count
  }

  private mutating func code(untilClosingParenthesis: Bool) {
    var depth = 0
    while position < input.count {
      if looking(at: "//") {
        while position < input.count, !input[position].isNewline { blank() }
      } else if looking(at: "/*") {
        comment()
      } else if let hashes = hashesBeforeQuote() {
        string(hashes: hashes)
      } else {
        if input[position] == "(" { depth += 1 }
        if input[position] == ")" { depth -= 1 }
        keep()
        if untilClosingParenthesis, depth == 0 { return }
      }
    }
  }

  private mutating func comment() {
    var depth = 0
    while position < input.count {
      if looking(at: "/*") {
        depth += 1
        blank(2)
      } else if looking(at: "*/") {
        depth -= 1
        blank(2)
        if depth == 0 { return }
      } else {
        blank()
      }
    }
  }

  /// The number of `#` before a quote that begins here; nil when no literal begins here.
  private func hashesBeforeQuote() -> Int? {
    let hashes = input[position...].prefix { $0 == "#" }.count
    let quote = position + hashes
    return quote < input.count && input[quote] == "\"" ? hashes : nil
  }

  private mutating func string(hashes: Int) {
    keep(hashes)
    let quotes = looking(at: "\"\"\"") ? "\"\"\"" : "\""
    keep(quotes.count)
    let raw = String(repeating: "#", count: hashes)
    while position < input.count {
      if looking(at: quotes + raw) {
        keep(quotes.count + hashes)
        return
      } else if looking(at: "\\" + raw + "(") {
        blank(1 + hashes)
        code(untilClosingParenthesis: true)
      } else if looking(at: "\\" + raw) {
        blank(2 + hashes)
      } else {
        blank()
      }
    }
  }
}
