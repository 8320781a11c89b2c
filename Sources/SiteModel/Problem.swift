/// Something wrong in what a person wrote: where, what was found, and what was expected.
public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file as it was named by the user.
  public let file: String
  /// One-based line; 0 when it concerns the whole file.
  public let line: Int
  /// What is wrong, in one sentence.
  public let text: String

  /// A problem at a place.
  public init(file: String, line: Int, text: String) {
    self.file = file
    self.line = line
    self.text = text
  }

  /// `FILE:LINE: text`, or `FILE: text` for the whole file.
  public var description: String {
    line > 0 ? "\(file):\(line): \(text)" : "\(file): \(text)"
  }
}

/// Every problem that stopped a start, a check or an import.
public struct Problems: Error, Sendable, CustomStringConvertible {
  /// In the order of file and line; never empty.
  public let all: [Problem]

  /// All problems of one attempt.
  public init(_ all: [Problem]) {
    self.all = all.sorted { ($0.file, $0.line) < ($1.file, $1.line) }
  }

  /// One line each.
  public var description: String { all.map(\.description).joined(separator: "\n") }
}
