/// A topic pattern of a profile: levels between slashes, each a fixed text, `+` for any one level,
/// or `{name}` for any one level that is remembered under that name; `#` at the end stands for any
/// further levels.
struct TopicPattern: Sendable {
  enum Level: Sendable, Equatable {
    case fixed([UInt8])
    case any
    case capture(String)
    case rest

    /// Order of specificity, most specific first.
    var rank: Int {
      switch self {
      case .fixed: 0
      case .any, .capture: 1
      case .rest: 2
      }
    }
  }

  /// Longest pattern in UTF-8 bytes.
  static let lengthLimit = 1024

  /// As it was written.
  let text: String
  let levels: [Level]

  /// Nil when `text` is not a pattern.
  init?(_ text: String) {
    guard !text.isEmpty, text.utf8.count <= Self.lengthLimit else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    var levels: [Level] = []
    for (position, part) in parts.enumerated() {
      guard let level = Self.level(part, isLast: position == parts.count - 1) else { return nil }
      levels.append(level)
    }
    self.text = text
    self.levels = levels
    let names = captures
    if Set(names).count != names.count { return nil }
  }

  /// The names of its captures.
  var captures: [String] {
    levels.compactMap { level in
      if case .capture(let name) = level { name } else { nil }
    }
  }

  /// The MQTT subscription filter: every `{name}` is a `+`.
  var filter: String {
    levels.map { level in
      switch level {
      case .fixed(let bytes): String(decoding: bytes, as: UTF8.self)
      case .any, .capture: "+"
      case .rest: "#"
      }
    }.joined(separator: "/")
  }

  /// True when this one is to be tried before `other`: at the first level where they differ it is
  /// the more fixed one. Equal filters compare as equal.
  func precedes(_ other: TopicPattern) -> Bool {
    for (mine, theirs) in zip(levels, other.levels) where mine.rank != theirs.rank {
      return mine.rank < theirs.rank
    }
    if levels.count != other.levels.count { return levels.count > other.levels.count }
    return filter < other.filter
  }

  /// Nil when the topic does not match; otherwise where in it the level named `capture` stands
  /// (an empty range when there is none of that name).
  func match(_ topic: UnsafeRawBufferPointer, capture: String) -> Range<Int>? {
    var found = 0..<0
    var start = 0
    for level in levels {
      if level == .rest { return found }
      guard start <= topic.count else { return nil }
      var end = start
      while end < topic.count, topic[end] != UInt8(ascii: "/") { end += 1 }
      switch level {
      case .fixed(let bytes):
        guard topic[start..<end].elementsEqual(bytes) else { return nil }
      case .capture(let name):
        if name == capture { found = start..<end }
      case .any, .rest: break
      }
      start = end + 1
    }
    return start == topic.count + 1 ? found : nil
  }

  private static func level(_ part: Substring, isLast: Bool) -> Level? {
    if part == "+" { return .any }
    if part == "#" { return isLast ? .rest : nil }
    if part.first == "{", part.last == "}" {
      let name = part.dropFirst().dropLast()
      let isName = !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_") }
      return isName ? .capture(String(name)) : nil
    }
    guard !part.contains(where: { "+#{}".contains($0) || $0 == "\0" }) else { return nil }
    return .fixed(Array(part.utf8))
  }
}
