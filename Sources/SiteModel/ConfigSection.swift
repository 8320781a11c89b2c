/// Reads one mapping of a configuration file key by key. Each getter reports a missing, mistyped or
/// out-of-range value with file and line and goes on with a stand-in; ``finish()`` refuses the keys
/// that nobody asked for.
public final class ConfigSection {
  /// The mapping itself.
  public let node: ConfigNode
  private let log: ProblemLog
  private var entries: [(key: String, line: Int, value: ConfigNode)] = []
  private var asked: Set<String> = []

  /// A reader of `node`, which must be a mapping (an empty file counts as an empty one).
  public init(_ node: ConfigNode, log: ProblemLog) {
    self.node = node
    self.log = log
    switch node.content {
    case .mapping(let all):
      var seen: Set<String> = []
      for entry in all {
        if seen.insert(entry.key).inserted {
          entries.append(entry)
        } else {
          let text = "key '\(entry.key)' is given twice"
          log.add(Problem(file: node.file, line: entry.line, text: text))
        }
      }
    case .null: break
    default: log.add(node.problem("found \(node.found), expected a mapping of keys and values"))
    }
  }

  /// All keys in the order of the file.
  public var keys: [String] { entries.map(\.key) }

  /// True when the key is there and not empty.
  public func has(_ key: String) -> Bool { value(key) != nil }

  /// The raw value of a key; nil when it is absent or empty.
  public func value(_ key: String) -> ConfigNode? {
    asked.insert(key)
    guard let entry = entries.first(where: { $0.key == key }) else { return nil }
    if case .null = entry.value.content { return nil }
    return entry.value
  }

  /// Reports a problem at a key's value, or at the mapping when the key is absent.
  public func report(_ key: String, _ text: String) {
    let place = entries.first { $0.key == key }?.value ?? node
    log.add(place.problem("\(key): \(text)"))
  }

  /// A text; nil when the key is absent.
  public func optionalText(_ key: String) -> String? {
    guard let node = value(key) else { return nil }
    guard case .scalar(let text) = node.content else {
      report(key, "found \(node.found), expected a text")
      return nil
    }
    return text
  }

  /// A text that must be there unless there is a default.
  public func text(_ key: String, default standard: String? = nil) -> String {
    if let text = optionalText(key) { return text }
    if let standard { return standard }
    if value(key) == nil { report(key, "is missing") }
    return ""
  }

  /// One of the given words.
  public func choice(_ key: String, of options: [String], default standard: String? = nil) -> String
  {
    let word = text(key, default: standard)
    if !options.contains(word), case .scalar? = value(key)?.content {
      report(key, "found '\(word)', expected one of \(options.joined(separator: ", "))")
    }
    return word
  }

  /// A whole number within `range`.
  public func integer(_ key: String, default standard: Int?, in range: ClosedRange<Int>) -> Int {
    guard let written = optionalText(key) else {
      if standard == nil, value(key) == nil { report(key, "is missing") }
      return standard ?? range.lowerBound
    }
    guard let number = Int(written), range.contains(number) else {
      let (least, most) = (range.lowerBound, range.upperBound)
      report(key, "found '\(written)', expected a whole number from \(least) to \(most)")
      return standard ?? range.lowerBound
    }
    return number
  }

  /// An exact decimal; nil when the key is absent.
  public func decimal(_ key: String) -> ExactDecimal? {
    guard let written = optionalText(key) else { return nil }
    do {
      return try ExactDecimal(parsing: written)
    } catch {
      report(key, "found '\(written)', expected a decimal number (\(error))")
      return nil
    }
  }

  /// `true` or `false`.
  public func flag(_ key: String, default standard: Bool) -> Bool {
    guard let written = optionalText(key) else { return standard }
    switch written {
    case "true", "yes": return true
    case "false", "no": return false
    default:
      report(key, "found '\(written)', expected true or false")
      return standard
    }
  }

  /// The elements of a list; a single value counts as a list of one; empty when absent.
  public func list(_ key: String) -> [ConfigNode] {
    guard let node = value(key) else { return [] }
    if case .sequence(let elements) = node.content { return elements }
    return [node]
  }

  /// The texts of a list.
  public func texts(_ key: String) -> [String] {
    list(key).compactMap { element in
      if case .scalar(let text) = element.content { return text }
      log.add(element.problem("\(key): found \(element.found), expected a text"))
      return nil
    }
  }

  /// A reader of the mapping under a key; nil when absent.
  public func section(_ key: String) -> ConfigSection? {
    value(key).map { ConfigSection($0, log: log) }
  }

  /// Readers of a list of mappings.
  public func sections(_ key: String) -> [ConfigSection] {
    list(key).map { ConfigSection($0, log: log) }
  }

  /// Reports every key that was never asked for.
  public func finish() {
    for entry in entries where !asked.contains(entry.key) {
      let known = asked.sorted().joined(separator: ", ")
      log.add(
        Problem(
          file: node.file, line: entry.line,
          text: "unknown key '\(entry.key)', expected one of \(known)"))
    }
  }
}
