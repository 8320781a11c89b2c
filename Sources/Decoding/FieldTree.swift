/// All paths of a profile as one tree, so that a document is walked once and every key is looked up
/// once. The tree has a level for the document and one more for each `[*]` of the records path.
struct FieldTree: Sendable {
  struct Node: Sendable {
    /// How many `[*]` stand above it.
    let level: Int
    /// Its path from the document, with `[*]`.
    let path: String
    /// True when paths go on below it.
    var hasChildren = false
    /// True when it holds the list of the next level.
    var isList = false
    /// True when a value is read here.
    var isRead = false
    /// Metric rule that reads it; -1 when there is none.
    var rule: Int32 = -1
  }

  /// Where a level begins, and which node of it holds the list of the next level's members.
  struct Level: Sendable {
    let root: Int32
    var list: Int32 = -1
  }

  private(set) var nodes: [Node] = [Node(level: 0, path: "")]
  private(set) var levels = [Level(root: 0)]
  private var children = ByteTable(isKeyed: false)
  /// Node that relative paths begin at.
  private(set) var record: Int32 = 0

  /// A tree whose records are the whole document, or what `records` selects.
  init(records: FieldPath?) {
    guard let records else { return }
    record = 0
    for segment in records.segments {
      record = segment == .each ? openList(at: record) : child(of: record, segment)
    }
  }

  /// The child of a node by key; -1 when no path goes there.
  func child(of node: Int32, key: UnsafeRawBufferPointer) -> Int32 {
    children.find(key, in: node)
  }

  /// The child of a node by position in a list; -1 when no path goes there.
  func child(of node: Int32, element: Int) -> Int32 {
    withUnsafeBytes(of: Int32(clamping: element)) { children.find($0, in: ~node) }
  }

  /// The node that a path leads to, added when it is new; nil when a `[*]` of it is not one of the
  /// records path.
  mutating func insert(_ path: FieldPath) -> Int32? {
    var node = path.isAbsolute ? 0 : record
    for segment in path.segments {
      if segment == .each {
        guard let level = levels.firstIndex(where: { $0.list == node }) else { return nil }
        node = levels[level + 1].root
      } else {
        node = child(of: node, segment)
      }
    }
    nodes[Int(node)].isRead = true
    return node
  }

  mutating func setRule(_ rule: Int32, at node: Int32) { nodes[Int(node)].rule = rule }

  private mutating func openList(at node: Int32) -> Int32 {
    let level = levels.count
    levels[level - 1].list = node
    nodes[Int(node)].isList = true
    let root = add(level: level, path: nodes[Int(node)].path + "[*]")
    levels.append(Level(root: root))
    return root
  }

  private mutating func child(of parent: Int32, _ segment: FieldPath.Segment) -> Int32 {
    let above = nodes[Int(parent)]
    switch segment {
    case .key(let key):
      let known = children.find(key, in: parent)
      if known >= 0 { return known }
      let node = add(level: above.level, path: above.path + (above.path.isEmpty ? "" : ".") + key)
      children.insert(key, in: parent, value: node)
      nodes[Int(parent)].hasChildren = true
      return node
    case .element(let position):
      let known = child(of: parent, element: position)
      if known >= 0 { return known }
      let node = add(level: above.level, path: above.path + "[\(position)]")
      withUnsafeBytes(of: Int32(position)) { children.insert($0, in: ~parent, value: node) }
      nodes[Int(parent)].hasChildren = true
      return node
    case .each:
      preconditionFailure("[*] opens a level and is no child")
    }
  }

  private mutating func add(level: Int, path: String) -> Int32 {
    nodes.append(Node(level: level, path: path))
    return Int32(nodes.count - 1)
  }
}
