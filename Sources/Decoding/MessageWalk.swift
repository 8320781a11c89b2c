import Protocols
import SiteModel

/// Walks the nodes of one message along the field trees of its profile's shapes. Each level of a
/// tree is first scanned as a whole, because a time or a device may stand behind the values it
/// belongs to; then its list is entered, or, at the innermost level, its record is taken.
struct MessageWalk {
  private let profiles: [DeviceProfile]
  /// The shapes of all profiles, one profile after the other.
  let shapes: [MessageShape]
  /// Which of them belong to a profile.
  private let ranges: [Range<Int>]
  var nodes = UnsafeBufferPointer<JSONNode>(start: nil, count: 0)
  var profile = 0
  /// The shape that is read at present.
  private(set) var shape = 0
  var topic = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Position of the topic's device in the directory; -1 when the payload names it.
  var topicDevice: Int32 = -1
  /// The topic's device.
  private(set) var speaker: DeviceIndex?
  var receivedAt = Timestamp(milliseconds: 0)
  var retained = false
  /// The time of a reading that came in several parts; nil for a message of its own.
  var commonTime: RecordTime?
  /// The first time that the message itself stated.
  var statedTime: RecordTime?

  /// For each node of the field tree: the document's node that stands there, 0 when there is none,
  /// negative when there are several.
  private var marks: [Int32]
  /// Tree nodes found in the levels that are open, in document order.
  private(set) var found: [Int32] = []
  /// The present element of each list that is open.
  private var elements: [Int] = []
  /// What became of the present shape's records.
  var outcome = ShapeOutcome()
  /// True when the present record's time is that of a begin.
  var isTimeOfBegin = false
  private var ignoredCount = 0
  /// A tree node on the way to values that was found twice in the present level; -1 without one.
  private var ambiguousNode: Int32 = -1
  /// A device name under construction.
  var scratch: [UInt8] = []

  init(_ profiles: [DeviceProfile]) {
    self.profiles = profiles
    var ranges: [Range<Int>] = []
    var shapes: [MessageShape] = []
    for profile in profiles {
      ranges.append(shapes.count..<(shapes.count + profile.plan.shapes.count))
      shapes += profile.plan.shapes
    }
    (self.shapes, self.ranges) = (shapes, ranges)
    marks = [Int32](repeating: 0, count: shapes.map(\.tree.nodes.count).max() ?? 0)
  }

  var model: DeviceProfile { profiles[profile] }

  mutating func begin(
    _ nodes: UnsafeBufferPointer<JSONNode>, topic: UnsafeRawBufferPointer, profile: Int,
    device: Int32, speaker: DeviceIndex?, receivedAt: Timestamp, retained: Bool
  ) {
    self.speaker = speaker
    self.nodes = nodes
    self.topic = topic
    self.profile = profile
    topicDevice = device
    self.receivedAt = receivedAt
    self.retained = retained
    (commonTime, statedTime) = (nil, nil)
  }

  /// Takes the message apart by every shape whose condition holds.
  ///
  /// - Returns: nil when something was taken, left out on purpose or refused; otherwise why nothing
  ///   was.
  mutating func read(
    _ directory: inout DeviceDirectory, _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) -> Rejection? {
    var isMapped = false
    var leastIgnored = Int.max
    outcome = ShapeOutcome()
    for index in ranges[profile] {
      if !shapes[index].conditions.isEmpty, !holds(shapes[index].conditions) { continue }
      shape = index
      ignoredCount = 0
      outcome.isMapped = false
      readLevel(0, at: 0, &directory, &devices, &batch)
      isMapped = isMapped || outcome.isMapped
      leastIgnored = min(leastIgnored, ignoredCount)
    }
    // Each shape that a broken part stands in the way of has refused it.
    if hasAlternatives { batch.removeRepeatedRejections() }
    ignoredCount = leastIgnored == Int.max ? 0 : leastIgnored
    batch.ignoredCount += ignoredCount
    return isMapped ? nil : nothingMapped()
  }

  /// Scans a level whose document node is `position`, and takes what is in it.
  private mutating func readLevel(
    _ level: Int, at position: Int, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    let first = found.count
    ambiguousNode = -1
    let place = shapes[shape].tree.levels[level]
    if place.list != place.root { scan(position, at: place.root, &batch) }
    if ambiguousNode >= 0 {
      outcome.isMapped = true
      batch.reject(ambiguity(at: ambiguousNode))
    } else if level + 1 < shapes[shape].tree.levels.count {
      if let fault = wrongSpeaker(at: level, directory) {
        outcome.isMapped = true
        batch.reject(fault)
      } else {
        let list = place.list == place.root ? Int32(position) : mark(place.list)
        readList(Int(list), level, &directory, &devices, &batch)
      }
    } else {
      takeRecord(position, from: first, at: level, &directory, &devices, &batch)
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
    let treeNode = shapes[shape].tree.levels[level].list
    let isDocument = treeNode == shapes[shape].tree.levels[level].root && level == 0
    guard list > 0 || isDocument, nodes[list].type != .null else {
      if list > 0 || !hasAlternatives { outcome.missingList = (shape, treeNode, list > 0) }
      return
    }
    let node = nodes[list]
    if node.type == .object, model.wire.contains(.xml) {
      elements.append(0)
      readLevel(level + 1, at: list, &directory, &devices, &batch)
      elements.removeLast()
      return
    }
    guard node.type == .list else {
      // Another of the shapes may be meant.
      if isDocument, hasAlternatives { return }
      outcome.isMapped = true
      return batch.reject(mistyped(treeNode, node, "a list"))
    }
    if node.end == list + 1 { outcome.isMapped = true }
    elements.append(0)
    var member = list + 1
    while member < node.end {
      if nodes[member].type == .object || nodes[member].type == .list {
        readLevel(level + 1, at: member, &directory, &devices, &batch)
      } else {
        let root = shapes[shape].tree.levels[level + 1].root
        outcome.isMapped = true
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
        ? shapes[shape].tree.child(of: treeNode, key: nodes[member].keyBytes)
        : shapes[shape].tree.child(of: treeNode, element: element)
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
    if marks[index] == 0 {
      marks[index] = Int32(member)
      found.append(target)
    } else {
      marks[index] = -1
      if !shapes[shape].tree.nodes[index].isRead, ambiguousNode < 0 { ambiguousNode = target }
    }
    guard shapes[shape].tree.nodes[index].hasChildren else { return }
    switch nodes[member].type {
    case .object, .list: scan(member, at: target, &batch)
    case .null: break
    default:
      outcome.isMapped = true
      batch.reject(mistyped(target, nodes[member], "an object"))
    }
  }

  /// The path of a tree node with the present elements in place of each `[*]`.
  func part(_ node: Int32) -> String {
    var pieces = shapes[shape].tree.nodes[Int(node)].path.split(
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
  mutating func ignoreOne(_ name: JSONNode) {
    ignoredCount += 1
    if !outcome.isMapped, let word = name.word { outcome.unknown.note(word) }
  }

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
    var found = ignoredCount == 0 ? "no fields" : "only fields that are not mapped"
    var expected = "at least one field of profile '\(model.name)'"
    if !outcome.unknown.isEmpty {
      found = outcome.unknown.text
    } else if let list = outcome.missingList {
      let path = shapes[list.shape].tree.nodes[Int(list.node)].path
      found = (list.isNull ? "null at '" : "no list at '") + path + "'"
      expected = "the list that profile '\(model.name)' takes its records from"
    } else if hasAlternatives {
      found = "no record of a kind that is known"
      expected = "one of the messages of profile '\(model.name)'"
    } else if outcome.isLeftOut {
      found = "only records that the profile does not keep"
    }
    return Rejection(reason: .nothingMapped, device: speaker, found: found, expected: expected)
  }

  /// True when the profile has several shapes, so that what one cannot read may be another's.
  var hasAlternatives: Bool { ranges[profile].count > 1 }
}
