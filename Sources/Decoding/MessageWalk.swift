import Protocols
import SiteModel

/// Walks the nodes of one message along a profile's field tree. Each level of the tree is first
/// scanned as a whole, because a time or a device may stand behind the values it belongs to; then
/// its list is entered, or, at the innermost level, its record is taken.
struct MessageWalk {
  private let profiles: [DeviceProfile]
  var nodes = UnsafeBufferPointer<JSONNode>(start: nil, count: 0)
  var profile = 0
  /// Position of the topic's device in the directory; -1 when the payload names it.
  var topicDevice: Int32 = -1
  /// The topic's device.
  private var speaker: DeviceIndex?
  var receivedAt = Timestamp(milliseconds: 0)
  var retained = false

  /// For each node of the field tree: the document's node that stands there, 0 when there is none,
  /// negative when there are several.
  private var marks: [Int32]
  /// Tree nodes found in the levels that are open, in document order.
  private(set) var found: [Int32] = []
  /// The present element of each list that is open.
  private var elements: [Int] = []
  /// Fields of the field tree seen in this message.
  private var mappedCount = 0
  private var ignoredCount = 0
  /// A tree node on the way to values that was found twice in the present level; -1 without one.
  private var ambiguousNode: Int32 = -1

  init(_ profiles: [DeviceProfile]) {
    self.profiles = profiles
    marks = [Int32](repeating: 0, count: profiles.map(\.plan.tree.nodes.count).max() ?? 0)
  }

  var model: DeviceProfile { profiles[profile] }

  mutating func begin(
    _ nodes: UnsafeBufferPointer<JSONNode>, profile: Int, device: Int32,
    speaker: DeviceIndex?, receivedAt: Timestamp, retained: Bool
  ) {
    self.speaker = speaker
    self.nodes = nodes
    self.profile = profile
    topicDevice = device
    self.receivedAt = receivedAt
    self.retained = retained
    (mappedCount, ignoredCount) = (0, 0)
  }

  mutating func end(_ batch: inout DecodedBatch) {
    batch.ignoredCount += ignoredCount
    if mappedCount == 0 { batch.reject(nothingMapped()) }
  }

  /// Scans a level whose document node is `position`, and takes what is in it.
  mutating func readLevel(
    _ level: Int, at position: Int, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    let first = found.count
    ambiguousNode = -1
    let place = model.plan.tree.levels[level]
    if place.list != place.root { scan(position, at: place.root, &batch) }
    if ambiguousNode >= 0 {
      batch.reject(ambiguity(at: ambiguousNode))
    } else if level + 1 < model.plan.tree.levels.count {
      let list = place.list == place.root ? Int32(position) : mark(place.list)
      if place.list == place.root || list > 0 {
        readList(Int(list), level, &directory, &devices, &batch)
      }
    } else {
      takeRecord(from: first, &directory, &devices, &batch)
    }
    for index in first..<found.count { marks[Int(found[index])] = 0 }
    found.removeSubrange(first...)
  }

  /// The document node at a tree node; 0 when there is none, negative when there are several.
  func mark(_ node: Int32) -> Int32 { marks[Int(node)] }

  private mutating func readList(
    _ list: Int, _ level: Int, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    let node = nodes[list]
    if node.type == .null { return }
    guard node.type == .list else {
      return batch.reject(mistyped(model.plan.tree.levels[level].list, node, "a list"))
    }
    mappedCount += 1
    elements.append(0)
    var member = list + 1
    while member < node.end {
      if nodes[member].type == .object || nodes[member].type == .list {
        readLevel(level + 1, at: member, &directory, &devices, &batch)
      } else {
        let root = model.plan.tree.levels[level + 1].root
        batch.reject(mistyped(root, nodes[member], "an object"))
      }
      member = nodes[member].end
      elements[elements.count - 1] += 1
    }
    elements.removeLast()
  }

  /// Marks everything below the document node `position` that the tree has below `treeNode`.
  private mutating func scan(_ position: Int, at treeNode: Int32, _ batch: inout DecodedBatch) {
    let isObject = nodes[position].type == .object
    let end = nodes[position].end
    var member = position + 1
    var element = 0
    while member < end {
      let target =
        isObject
        ? model.plan.tree.child(of: treeNode, key: nodes[member].keyBytes)
        : model.plan.tree.child(of: treeNode, element: element)
      if target < 0 {
        ignoredCount += 1
      } else {
        visit(member, at: target, &batch)
      }
      member = nodes[member].end
      element += 1
    }
  }

  private mutating func visit(_ member: Int, at target: Int32, _ batch: inout DecodedBatch) {
    let index = Int(target)
    mappedCount += 1
    if marks[index] == 0 {
      marks[index] = Int32(member)
      found.append(target)
    } else {
      marks[index] = -1
      if !model.plan.tree.nodes[index].isRead, ambiguousNode < 0 { ambiguousNode = target }
    }
    guard model.plan.tree.nodes[index].hasChildren else { return }
    switch nodes[member].type {
    case .object, .list: scan(member, at: target, &batch)
    case .null: break
    default: batch.reject(mistyped(target, nodes[member], "an object"))
    }
  }

  /// The path of a tree node with the present elements in place of each `[*]`.
  func part(_ node: Int32) -> String {
    var pieces = model.plan.tree.nodes[Int(node)].path.split(
      separator: "[*]", omittingEmptySubsequences: false)
    guard pieces.count > 1 else { return pieces.first.map(String.init) ?? "" }
    var text = String(pieces.removeFirst())
    for (index, piece) in pieces.enumerated() {
      let element = index < elements.count ? String(elements[index]) : "*"
      text += "[\(element)]" + piece
    }
    return text
  }

  /// Counts a list member whose name the profile does not have.
  mutating func ignoreOne() { ignoredCount += 1 }

  func mistyped(_ node: Int32, _ value: JSONNode, _ expected: String) -> Rejection {
    Rejection(
      reason: .wrongType, device: speaker, part: part(node), found: value.found,
      expected: expected)
  }

  func ambiguity(at node: Int32) -> Rejection {
    Rejection(
      reason: .ambiguous, device: speaker, part: part(node), found: "the key twice",
      expected: "it once in an object")
  }

  private func nothingMapped() -> Rejection {
    Rejection(
      reason: .nothingMapped, device: speaker,
      found: ignoredCount == 0 ? "no fields" : "only fields that are not mapped",
      expected: "at least one field of profile '\(model.name)'")
  }
}
