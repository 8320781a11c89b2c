import SiteModel

/// Reads the elements of an XML document into a ``NodeTree``; see ``XMLParser`` for the mapping.
struct XMLReader {
  private(set) var tree = NodeTree()
  private var scanner = XMLScanner()
  /// The elements that are open, as positions in the tree.
  private var open: [Int] = []
  /// The text so far of the document and of each open element; longer than `open` to keep memory.
  private var texts: [[UInt8]] = [[]]
  /// The numbers of the names of elements.
  private var names: [[UInt8]: Int] = [:]
  /// For each name, the grouping that it was last seen in, and the node that it had there.
  private var seen: [(grouping: Int, position: Int)] = []
  private var groupingCount = 0
  private var isNested = false

  /// Reads a whole document.
  mutating func read(_ input: UnsafeRawBufferPointer) throws(JSONFault) {
    tree.removeAll()
    open.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
    seen.removeAll(keepingCapacity: true)
    isNested = false
    scanner = try XMLScanner(document: input)
    try tree.add(NodeTree.Draft(key: 0..<0, kind: .object), under: -1)
    try readContent(of: 0)
  }

  /// Reads one document to its end, its root element as a child of the node `parent`.
  private mutating func readContent(of parent: Int) throws(JSONFault) {
    let outside = open.count
    var hasRoot = false
    beginText()
    while !scanner.isAtEnd {
      switch try scanner.next(into: &texts[open.count]) {
      case .text: break
      case .start(let name):
        if open.count == outside, hasRoot { throw Self.afterEnd }
        hasRoot = true
        try begin(name, under: open.count == outside ? parent : open[open.count - 1])
      case .end(let name):
        guard open.count > outside else {
          throw scanner.fault("</\(scanner.word(name))> without its beginning")
        }
        try end(name)
      }
      if open.count == outside, !texts[outside].allSatisfy(XMLScanner.isSpace) {
        throw hasRoot ? Self.afterEnd : scanner.fault("text before the first element")
      }
    }
    guard open.count == outside else {
      throw JSONFault(.malformed, "a document that is cut off: <\(name(open[open.count - 1]))>")
    }
    if !hasRoot { throw JSONFault(.malformed, "a document without an element") }
  }

  private mutating func begin(_ written: Range<Int>, under parent: Int) throws(JSONFault) {
    guard open.count < NodeTree.depthLimit else {
      throw JSONFault(.tooDeep, "more than \(NodeTree.depthLimit) levels of nesting")
    }
    let local = scanner.local(written)
    let element = try tree.add(
      NodeTree.Draft(key: tree.keep(local), text: written, kind: .null), under: parent)
    tree.drafts[element].name = number(of: local)
    open.append(element)
    beginText()
    while let attribute = try scanner.attribute(into: &texts[open.count]) {
      if scanner.isMarkup(attribute) { continue }
      let key = tree.keep([UInt8(ascii: "@")] + scanner.local(attribute))
      let text = tree.keep(texts[open.count])
      try tree.add(
        NodeTree.Draft(key: key, text: text, kind: text.isEmpty ? .null : .text), under: element)
    }
    texts[open.count].removeAll(keepingCapacity: true)
    if scanner.takeEnd() { try close() }
  }

  private mutating func end(_ written: Range<Int>) throws(JSONFault) {
    let element = open[open.count - 1]
    guard scanner.isSame(tree.drafts[element].text, written) else {
      throw scanner.fault("<\(name(element))> closed by </\(scanner.word(written))>")
    }
    try close()
  }

  /// Makes the innermost open element a text, an object or nothing.
  private mutating func close() throws(JSONFault) {
    let element = open[open.count - 1]
    let text = XMLScanner.trimmed(texts[open.count])
    tree.drafts[element].text = 0..<0
    if tree.drafts[element].first < 0 {
      if try !unwrap(text, in: element), !text.isEmpty {
        tree.drafts[element].text = tree.keep(text)
        tree.drafts[element].kind = .text
      }
    } else {
      tree.drafts[element].kind = .object
      if !text.isEmpty {
        let key = tree.keep("#text".utf8)
        try tree.add(NodeTree.Draft(key: key, text: tree.keep(text), kind: .text), under: element)
      }
      try group(element)
    }
    open.removeLast()
  }

  /// Reads a text that is a document of its own into the element; false when it is none.
  private mutating func unwrap(_ text: ArraySlice<UInt8>, in element: Int) throws(JSONFault) -> Bool
  {
    guard !isNested, text.first == UInt8(ascii: "<"), text.last == UInt8(ascii: ">") else {
      return false
    }
    let document = Array(text)
    let (outer, outerOpen, first) = (scanner, open, tree.drafts.count)
    isNested = true
    defer { (isNested, scanner, open) = (false, outer, outerOpen) }
    let fault = document.withUnsafeBytes { bytes -> JSONFault? in
      do throws(JSONFault) {
        scanner = try XMLScanner(document: bytes)
        try readContent(of: element)
        return nil
      } catch {
        return error
      }
    }
    switch fault?.reason {
    case nil:
      tree.drafts[element].kind = .object
      return true
    case .malformed, .notUTF8:
      tree.removeChildren(of: element, from: first)
      return false
    default: throw fault ?? Self.afterEnd
    }
  }

  /// Puts children of the same name into a list where the first of them stands.
  private mutating func group(_ element: Int) throws(JSONFault) {
    groupingCount += 1
    var child = tree.drafts[element].first
    var previous = -1
    while child >= 0 {
      let next = tree.drafts[child].next
      let name = tree.drafts[child].name
      if name >= 0, seen[name].grouping == groupingCount {
        tree.drafts[previous].next = next
        if tree.drafts[element].last == child { tree.drafts[element].last = previous }
        try add(child, toListAt: seen[name].position)
      } else {
        if name >= 0 { seen[name] = (groupingCount, child) }
        previous = child
      }
      child = next
    }
  }

  /// Adds a node to the list at `position`, which becomes one when it is the first element itself.
  private mutating func add(_ child: Int, toListAt position: Int) throws(JSONFault) {
    if tree.drafts[position].kind != .list || tree.drafts[position].name >= 0 {
      var first = tree.drafts[position]
      (first.key, first.next, first.name) = (0..<0, -1, -1)
      let copy = try tree.add(first, under: -1)
      let (key, next) = (tree.drafts[position].key, tree.drafts[position].next)
      tree.drafts[position] = NodeTree.Draft(
        key: key, kind: .list, first: copy, last: copy, next: next)
    }
    tree.drafts[child].key = 0..<0
    tree.link(child, under: position)
  }

  private mutating func beginText() {
    if texts.count <= open.count { texts.append([]) }
    texts[open.count].removeAll(keepingCapacity: true)
  }

  private mutating func number(of name: UnsafeRawBufferPointer) -> Int {
    let key = Array(name)
    if let known = names[key] { return known }
    names[key] = seen.count
    seen.append((0, 0))
    return seen.count - 1
  }

  private func name(_ element: Int) -> String {
    String(decoding: tree.bytes[tree.drafts[element].key].prefix(60), as: UTF8.self)
  }

  private static let afterEnd = JSONFault(
    .malformed, "something after the end of the document")
}
