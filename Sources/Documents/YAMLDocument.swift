import SiteModel
import Yams

/// Reads a YAML file into ``ConfigNode``s, each with its line. It is the only importer of Yams.
///
/// A file is at most ``byteLimit`` long and ``depthLimit`` deep and holds one document. Anchors,
/// aliases, merge keys, tags and keys that are not plain texts are refused: nothing here needs
/// them, and aliases let a short file stand for an endless one.
public enum YAMLDocument {
  /// Longest file, in bytes.
  public static let byteLimit = 4 << 20
  /// Deepest nesting of lists and mappings.
  public static let depthLimit = 32

  /// The root of the only document in `bytes`; an empty file is an empty node. Problems carry
  /// `file` as the name.
  public static func parse(_ bytes: [UInt8], file: String) throws(Problems) -> ConfigNode {
    guard bytes.count <= byteLimit else {
      throw Problems([
        Problem(
          file: file, line: 0,
          text: "found \(bytes.count) bytes, expected at most \(byteLimit)")
      ])
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let line = TextBytes.firstLineThatIsNotUTF8(bytes)
      throw Problems([Problem(file: file, line: line, text: "found bytes that are not UTF-8")])
    }
    if let line = AliasGuard.lineOfFirstAnchor(ifManyAliasesIn: bytes) {
      throw Problems([Problem(file: file, line: line, text: NodeConverter.aliasText)])
    }
    let root: ConfigNode
    let log = ProblemLog()
    do {
      // The parser owns the anchors: it must outlive the conversion. Its own rules for what is a
      // number or a date are not needed, and compiling them takes longer than a small file.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      let node = try parser.singleRoot()
      root = withExtendedLifetime(parser) { convert(node, file: file, log: log) }
    } catch {
      throw Problems([problem(error, file: file, bytes: bytes)])
    }
    try log.throwIfAny()
    return root
  }

  private static func convert(_ node: Node?, file: String, log: ProblemLog) -> ConfigNode {
    guard let node else { return ConfigNode(file: file, line: 1, content: .null) }
    return NodeConverter(file: file, log: log).convert(node, depth: 1, above: 1)
  }

  /// What Yams complains about, with its line.
  private static func problem(_ error: any Error, file: String, bytes: [UInt8]) -> Problem {
    guard let error = error as? YamlError else {
      return Problem(file: file, line: 0, text: "is not YAML: \(error)")
    }
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let around = context.map { " (\($0.text) at line \($0.mark.line))" } ?? ""
      return Problem(file: file, line: mark.line, text: "is not YAML: \(problem)\(around)")
    case .duplicatedKeysInMapping(let keys, let context):
      let key = keys.first ?? ""
      return Problem(
        file: file, line: context.mark.line, text: "key '\(key.prefix(60))' is given twice")
    case .reader(let problem, let offset, _, _):
      let line = 1 + bytes.prefix(offset ?? 0).count { $0 == UInt8(ascii: "\n") }
      return Problem(file: file, line: line, text: "is not YAML: \(problem)")
    default:
      return Problem(file: file, line: 0, text: "is not YAML: \(error)")
    }
  }
}

/// Turns the nodes of Yams into those of the model.
private struct NodeConverter {
  static let aliasText = "found an anchor or alias, they are not read"

  let file: String
  let log: ProblemLog

  func convert(_ node: Node, depth: Int, above: Int) -> ConfigNode {
    let line = node.mark?.line ?? above
    func refuse(_ text: String) -> ConfigNode {
      log.add(Problem(file: file, line: line, text: text))
      return ConfigNode(file: file, line: line, content: .null)
    }
    guard depth <= YAMLDocument.depthLimit else {
      return refuse("is nested deeper than \(YAMLDocument.depthLimit) levels")
    }
    guard node.anchor == nil else { return refuse(Self.aliasText) }
    switch node {
    case .scalar(let scalar):
      // A quoted text carries the tag of a text by itself.
      guard Self.isTag(scalar.tag, .implicit) || Self.isTag(scalar.tag, .str) else {
        return refuse("found a tag, tags are not read")
      }
      return ConfigNode(file: file, line: line, content: content(of: scalar))
    case .sequence(let sequence):
      guard Self.isTag(sequence.tag, .implicit) else {
        return refuse("found a tag, tags are not read")
      }
      let elements = sequence.map { convert($0, depth: depth + 1, above: line) }
      return ConfigNode(file: file, line: line, content: .sequence(elements))
    case .mapping(let mapping):
      guard Self.isTag(mapping.tag, .implicit) else {
        return refuse("found a tag, tags are not read")
      }
      return ConfigNode(file: file, line: line, content: entries(of: mapping, depth, line))
    case .alias:
      return refuse(Self.aliasText)
    }
  }

  /// By its name: to make a `Tag` to compare with, the library would compile the rules of its
  /// default resolver, which takes longer than all the rest of a small file.
  private static func isTag(_ tag: Tag, _ name: Tag.Name) -> Bool {
    tag.description == name.rawValue
  }

  private func content(of scalar: Node.Scalar) -> ConfigNode.Content {
    let isEmpty = ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    return isEmpty && scalar.style == .plain ? .null : .scalar(scalar.string)
  }

  private func entries(of mapping: Node.Mapping, _ depth: Int, _ line: Int) -> ConfigNode.Content {
    var entries: [(key: String, line: Int, value: ConfigNode)] = []
    for (key, value) in mapping {
      let place = key.mark?.line ?? line
      guard case .scalar(let scalar) = key, scalar.anchor == nil else {
        log.add(Problem(file: file, line: place, text: "found a key that is not a plain text"))
        continue
      }
      guard scalar.string != "<<" || scalar.style != .plain else {
        log.add(Problem(file: file, line: place, text: "found a merge key, they are not read"))
        continue
      }
      let node = convert(value, depth: depth + 1, above: place)
      entries.append((scalar.string, place, node))
    }
    return .mapping(entries)
  }
}
