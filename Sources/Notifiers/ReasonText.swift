/// Makes what a stranger sent fit to stand in a log line: no control characters, no secrets, short.
struct ReasonText: Sendable {
  /// Longest excerpt in characters; the rest becomes `…`.
  static let limit = 300

  private let hidden: [String]

  /// Hides these texts; a text that holds another one is replaced first.
  init(hiding secrets: [String]) {
    hidden = Set(secrets.filter { !$0.isEmpty }).sorted { ($1.count, $1) < ($0.count, $0) }
  }

  /// A short single line from untrusted text.
  func excerpt(_ text: String) -> String {
    var line = text
    for secret in hidden {
      line = line.split(separator: secret, omittingEmptySubsequences: false)
        .joined(separator: "***")
    }
    line = Self.oneLine(line)
    return line.count > Self.limit ? line.prefix(Self.limit) + "…" : line
  }

  /// The text with every run of white space and control characters made one space.
  private static func oneLine(_ text: String) -> String {
    let words = text.unicodeScalars.split { scalar in
      scalar.properties.isWhitespace
        || [.control, .format].contains(scalar.properties.generalCategory)
    }
    return words.map { String($0) }.joined(separator: " ")
  }
}
