/// A value of a configuration file with the place where it stands, so that every complaint can name
/// file and line. It knows nothing of YAML; the Collector's loader makes it.
public struct ConfigNode: Sendable {
  /// What stands there.
  public indirect enum Content: Sendable {
    /// Nothing, or `null`.
    case null
    /// A plain or quoted text, number or truth value, as written.
    case scalar(String)
    /// A list.
    case sequence([ConfigNode])
    /// Keys and values in the order of the file.
    case mapping([(key: String, line: Int, value: ConfigNode)])
  }

  /// The file as it was named by the user.
  public let file: String
  /// One-based line.
  public let line: Int
  /// What stands there.
  public let content: Content

  /// A node at a place.
  public init(file: String, line: Int, content: Content) {
    self.file = file
    self.line = line
    self.content = content
  }

  /// A problem at this place.
  public func problem(_ text: String) -> Problem { Problem(file: file, line: line, text: text) }

  /// What is found here, for error messages: `'abc'`, `a list`, `a mapping`, `nothing`.
  public var found: String {
    switch content {
    case .null: "nothing"
    case .scalar(let text): "'\(text.prefix(60))'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

/// Collects what is wrong while a file is read to its end, so that all of it is reported at once.
public final class ProblemLog {
  /// What was found so far.
  public private(set) var problems: [Problem] = []

  /// An empty log.
  public init() {}

  /// Adds a problem.
  public func add(_ problem: Problem) { problems.append(problem) }

  /// Throws all problems, if there are any.
  public func throwIfAny() throws(Problems) {
    if !problems.isEmpty { throw Problems(problems) }
  }
}
