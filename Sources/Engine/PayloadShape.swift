import Protocols

/// A value of a document: where it stands and what is there.
public struct PayloadField: Sendable, Hashable {
  /// What stands there.
  public enum Kind: String, Sendable, CaseIterable {
    /// A number.
    case number
    /// A text that is a number.
    case numericText = "numeric text"
    /// Any other text.
    case text
    /// `true` or `false`
    case truth
    /// `null`
    case null
    /// An object or list without anything in it.
    case empty
  }

  /// The path as profiles write it; a list is `[*]`, and a key that looks like the name of one
  /// thing among many `*`.
  public var path: String
  /// What stands there.
  public var kind: Kind
  /// The first value that was found there, cut.
  public var sample: String
}

/// What a payload is built like: the kind of its bytes, and the values of a document.
public struct PayloadShape: Sendable {
  /// What kind of bytes.
  public enum Kind: String, Sendable {
    /// Nothing.
    case empty
    /// An object or list of JSON.
    case json = "JSON"
    /// JSON that cannot be read.
    case brokenJSON = "JSON with an error"
    /// XML.
    case xml = "XML"
    /// XML that cannot be read.
    case brokenXML = "XML with an error"
    /// A map or list of CBOR.
    case cbor = "CBOR"
    /// The birth of a Sparkplug B node or device.
    case sparkplug = "Sparkplug B"
    /// Hexadecimal digits.
    case hex = "hexadecimal digits"
    /// Other text.
    case text
    /// Anything else.
    case binary
    /// More than is looked at.
    case large = "too long to look at"
  }

  /// What kind of bytes.
  public var kind: Kind
  /// What a frame looks like (`DL/T 645`), the pattern of a text, why a document cannot be read;
  /// empty for the others.
  public var detail = ""
  /// Values of a document, by path and kind; at most ``fieldLimit``.
  public var fields: [PayloadField] = []
  /// Members of lists that name themselves; at most ``NamedValue/limit``, each name once.
  public var namedValues: [NamedValue] = []
  /// True when the document has more fields.
  public var isCut = false

  /// Most fields that are told.
  public static let fieldLimit = 100
  /// Deepest field that is told.
  public static let depthLimit = 8
  /// Longest payload that is looked at, in bytes.
  public static let lengthLimit = 256 << 10
  /// Most values of a document that are looked at.
  static let nodeLimit = 10_000
  /// Bytes of a sample that are kept.
  static let sampleLength = 64

  /// One line for people: `JSON: Ua number, ts number`; at most about 250 characters.
  public var description: String {
    var text = kind.rawValue
    if !detail.isEmpty { text += ": \(detail)" }
    guard !fields.isEmpty else { return text }
    text += ": "
    for (place, field) in fields.enumerated() {
      if text.count > 200 { return text + " and \(fields.count - place) more" }
      text += "\(place == 0 ? "" : ", ")\(field.path.prefix(40)) \(field.kind.rawValue)"
    }
    return isCut ? text + " and more" : text
  }

  /// What tells it from other shapes.
  var identity: String {
    let fields = fields.map { "\($0.path) \($0.kind.rawValue)" }.joined(separator: "\n")
    return "\(kind.rawValue)\n\(detail)\n\(fields)\(isCut ? "\n…" : "")"
  }
}

extension PayloadShape {
  /// The shape of a Sparkplug birth: the metrics that the edge named itself.
  init(birth: SparkplugMessage) {
    self.init(kind: .sparkplug)
    let list = birth.ownPoints
    var names: Set<String> = []
    for point in list.points {
      let name = String(decoding: list.bytes[point.name], as: UTF8.self)
      guard names.insert(name).inserted else { continue }
      isCut = fields.count == Self.fieldLimit
      if isCut { break }
      let (kind, sample): (PayloadField.Kind, String) =
        switch point.value {
        case .truth(let truth): (.truth, "\(truth)")
        case .text(let range): (.text, String(decoding: list.bytes[range], as: UTF8.self))
        case .number(let number): (.number, "\(number)")
        // Births of one model differ in what has no value yet; most of it are numbers.
        case .missing: (.number, "")
        }
      let cut = String(sample.prefix(Self.sampleLength))
      fields.append(PayloadField(path: name, kind: kind, sample: cut))
      namedValues.append(NamedValue(name: name, sample: cut))
    }
    fields.sort { $0.path < $1.path }
  }

  /// The shape of a parsed document; elements of a list fall together.
  init(kind: Kind, of nodes: UnsafeBufferPointer<JSONNode>) {
    self.kind = kind
    (fields, isCut) = Self.fields(nodes)
    namedValues = Self.namedValues(nodes)
  }

  private static func namedValues(_ nodes: UnsafeBufferPointer<JSONNode>) -> [NamedValue] {
    var found: [NamedValue] = []
    var names: Set<String> = []
    // Lists around the present node: where each ends, and its path; a list in a list is none that
    // a person would write a profile for.
    var (list, end) = ("", 0)
    var around: [(end: Int, path: String)] = []
    for position in 0..<min(nodes.count, nodeLimit) {
      while let last = around.last, last.end <= position { around.removeLast() }
      let node = nodes[position]
      if position < end {
        guard let value = NamedValue(nodes, at: position, in: list),
          names.insert(value.name).inserted
        else { continue }
        found.append(value)
        if found.count == NamedValue.limit { return found }
      } else if node.type == .list {
        (list, end) = (path(of: node, in: around.last.map { ($0.path, false) }) + "[*]", node.end)
      } else if node.type == .object {
        around.append((node.end, path(of: node, in: around.last.map { ($0.path, false) })))
      }
    }
    return found
  }

  private static func fields(_ nodes: UnsafeBufferPointer<JSONNode>) -> ([PayloadField], Bool) {
    var found: [String: PayloadField] = [:]
    // Objects and lists around the present node: where each ends, and its path.
    var around: [(end: Int, path: String, isList: Bool)] = []
    var position = 0
    var isCut = nodes.count > nodeLimit
    while position < min(nodes.count, nodeLimit) {
      let node = nodes[position]
      while let last = around.last, last.end <= position { around.removeLast() }
      let path = path(of: node, in: around.last.map { ($0.path, $0.isList) })
      let isContainer = (node.type == .object || node.type == .list) && node.end > position + 1
      if isContainer, around.count < depthLimit {
        around.append((node.end, path, node.type == .list))
        position += 1
        continue
      }
      if isContainer { isCut = true }
      let field = PayloadField(path: path, kind: kind(of: node), sample: sample(of: node))
      let key = "\(path)\n\(field.kind.rawValue)"
      if found[key] == nil {
        if found.count < fieldLimit { found[key] = field } else { isCut = true }
      }
      position = max(node.end, position + 1)
    }
    return (found.sorted { $0.key < $1.key }.map(\.value), isCut)
  }

  private static func path(of node: JSONNode, in parent: (path: String, isList: Bool)?) -> String {
    guard let parent else { return "" }
    if parent.isList { return parent.path + "[*]" }
    let key = escaped(node.keyBytes)
    return parent.path.isEmpty ? key : "\(parent.path).\(key)"
  }

  /// A key as profiles write it.
  private static func escaped(_ key: UnsafeRawBufferPointer) -> String {
    let isName =
      key.count >= 10
      && key.allSatisfy { byte in
        (48...57).contains(byte) || (97...102).contains(byte | 0x20) || byte == UInt8(ascii: ":")
      }
    if isName { return "*" }
    var text = ""
    for scalar in String(decoding: key.prefix(sampleLength), as: UTF8.self).unicodeScalars {
      if ".[]\\".unicodeScalars.contains(scalar) || (text.isEmpty && scalar == "$") {
        text += "\\"
      }
      text.unicodeScalars.append(scalar)
    }
    return text
  }

  private static func kind(of node: JSONNode) -> PayloadField.Kind {
    switch node.type {
    case .object, .list: .empty
    case .number: .number
    case .text: isNumber(node.textBytes) ? .numericText : .text
    case .yes, .no: .truth
    case .null: .null
    }
  }

  private static func sample(of node: JSONNode) -> String {
    node.word.map { String(decoding: $0.prefix(sampleLength), as: UTF8.self) } ?? ""
  }

  private static func isNumber(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
    let points = digits.count { $0 == UInt8(ascii: ".") }
    return points <= 1 && digits.count > points && digits.count <= 20
      && digits.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
  }
}
