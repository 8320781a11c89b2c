/// Where a value stands in a JSON document: `power.dc.v`, `phases[0].u`, `batch[*]`, `$.timestamp`.
///
/// Keys are separated by dots; `[3]` is an element of a list, `[*]` stands for each of them. A path
/// is relative to the record unless it begins with `$`, the document. A backslash makes the next
/// character part of a key (`voltage\.a`).
struct FieldPath: Sendable, Equatable {
  enum Segment: Sendable, Equatable {
    case key(String)
    case element(Int)
    case each
  }

  /// Most segments of a path; the parser reads no deeper documents.
  static let segmentLimit = 31

  /// As it was written.
  let text: String
  /// True when it begins at the document and not at the record.
  let isAbsolute: Bool
  let segments: [Segment]

  /// A path that is exactly one key, whatever its characters.
  init(key: String) {
    (text, isAbsolute, segments) = (key, false, [.key(key)])
  }

  /// Nil when `text` is not a path.
  init?(_ text: String) {
    var rest = Substring(text)
    isAbsolute = rest.first == "$"
    if isAbsolute {
      rest = rest.dropFirst()
      guard rest.first == "." || rest.first == "[" else { return nil }
      if rest.first == "." { rest = rest.dropFirst() }
    }
    var segments: [Segment] = []
    var expectsKey = rest.first != "["
    while expectsKey || !rest.isEmpty {
      if expectsKey {
        guard let key = Self.takeKey(&rest) else { return nil }
        segments.append(.key(key))
        expectsKey = false
      } else if rest.first == "." {
        rest = rest.dropFirst()
        expectsKey = true
      } else {
        guard let segment = Self.takeBrackets(&rest) else { return nil }
        segments.append(segment)
      }
    }
    guard segments.count <= Self.segmentLimit else { return nil }
    self.text = text
    self.segments = segments
  }

  private static func takeKey(_ rest: inout Substring) -> String? {
    var key = ""
    while let character = rest.first, !".[]".contains(character) {
      rest = rest.dropFirst()
      if character == "\\" {
        guard let escaped = rest.popFirst() else { return nil }
        key.append(escaped)
      } else {
        key.append(character)
      }
    }
    return key.isEmpty ? nil : key
  }

  private static func takeBrackets(_ rest: inout Substring) -> Segment? {
    guard rest.first == "[", let close = rest.firstIndex(of: "]") else { return nil }
    let inside = rest[rest.index(after: rest.startIndex)..<close]
    rest = rest[rest.index(after: close)...]
    if inside == "*" { return .each }
    guard let position = Int(inside), (0..<65_536).contains(position) else { return nil }
    return .element(position)
  }
}
