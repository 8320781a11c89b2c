import CSimdjson

/// A document under construction by a parser of SiteWatt's own: nodes with their children, and
/// their keys and texts one after the other in one buffer. Its memory is used again.
struct NodeTree {
  struct Draft {
    var key: Range<Int>
    var text = 0..<0
    var kind: JSONNode.Kind
    /// First and last child, and the next one of the same parent; -1 without one.
    var first = -1
    var last = -1
    var next = -1
    /// Number of the element's name in XML; -1 for what cannot be repeated.
    var name = -1
  }

  /// Deepest nesting and most nodes, as in JSON.
  static let depthLimit = 32
  static let nodeLimit = 65_536

  private(set) var bytes: [UInt8] = []
  var drafts: [Draft] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    drafts.removeAll(keepingCapacity: true)
  }

  /// Keeps a key or text and says where it lies.
  mutating func keep(_ text: some Collection<UInt8>) -> Range<Int> {
    let start = bytes.count
    bytes.append(contentsOf: text)
    return start..<bytes.count
  }

  /// Adds a node as the last child of `parent`, or the root when that is -1; its position.
  @discardableResult
  mutating func add(_ draft: Draft, under parent: Int) throws(JSONFault) -> Int {
    guard drafts.count < Self.nodeLimit else {
      throw JSONFault(.tooManyValues, "more than \(Self.nodeLimit) values")
    }
    let position = drafts.count
    drafts.append(draft)
    if parent >= 0 { link(position, under: parent) }
    return position
  }

  /// Appends a node that has no place yet to the children of `parent`.
  mutating func link(_ position: Int, under parent: Int) {
    drafts[position].next = -1
    if drafts[parent].last < 0 {
      drafts[parent].first = position
    } else {
      drafts[drafts[parent].last].next = position
    }
    drafts[parent].last = position
  }

  /// Takes back all nodes from `position` on, which must be the last children of `parent`.
  mutating func removeChildren(of parent: Int, from position: Int) {
    drafts.removeSubrange(position...)
    (drafts[parent].first, drafts[parent].last) = (-1, -1)
  }
}

/// The finished nodes of a document, with the memory that their keys and texts lie in.
final class NodeMemory {
  private var nodes: [JSONNode] = []
  private var finished = UnsafeMutableBufferPointer<JSONNode>.allocate(capacity: 256)
  private var texts = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 4096)

  deinit {
    finished.deallocate()
    texts.deallocate()
  }

  /// Lays the tree out in document order, the root first; valid until the next call.
  func lay(_ tree: borrowing NodeTree) throws(JSONFault) -> UnsafeBufferPointer<JSONNode> {
    if texts.count < tree.bytes.count {
      texts.deallocate()
      texts = .allocate(capacity: tree.bytes.count * 2)
    }
    _ = texts.update(fromContentsOf: tree.bytes)
    nodes.removeAll(keepingCapacity: true)
    try lay(0, of: tree, depth: 1)
    if finished.count < nodes.count {
      finished.deallocate()
      finished = .allocate(capacity: nodes.count * 2)
    }
    _ = finished.update(fromContentsOf: nodes)
    return UnsafeBufferPointer(rebasing: finished[0..<nodes.count])
  }

  private func lay(_ position: Int, of tree: borrowing NodeTree, depth: Int) throws(JSONFault) {
    let draft = tree.drafts[position]
    let own = nodes.count
    let isOpen = draft.kind == .object || draft.kind == .list
    if isOpen, depth > NodeTree.depthLimit {
      throw JSONFault(.tooDeep, "more than \(NodeTree.depthLimit) levels of nesting")
    }
    nodes.append(
      JSONNode(
        key: pointer(draft.key), text: pointer(draft.text), key_length: UInt32(draft.key.count),
        text_length: UInt32(draft.text.count), next: 0, kind: draft.kind.rawValue))
    var child = draft.first
    while child >= 0 {
      try lay(child, of: tree, depth: depth + 1)
      child = tree.drafts[child].next
    }
    nodes[own].next = UInt32(nodes.count)
  }

  private func pointer(_ range: Range<Int>) -> UnsafePointer<UInt8>? {
    guard !range.isEmpty, let start = texts.baseAddress else { return nil }
    return UnsafePointer(start + range.lowerBound)
  }
}

extension JSONFault {
  /// A fault of a parser of SiteWatt's own.
  init(_ reason: RejectionReason, _ found: String) { (self.reason, self.found) = (reason, found) }
}
