import Protocols

/// What became of the records of one shape.
struct ShapeOutcome {
  /// Something was taken, left out on purpose, or refused with a reason of its own.
  var isMapped = false
  /// Records were there that `only` does not keep.
  var isLeftOut = false
  /// Shape and tree node of a list that was not there; true when `null` was.
  var missingList: (shape: Int, node: Int32, isNull: Bool)?
  /// Names, of members or of fields, that the profile does not have.
  var unknown = UnknownNames()
}

/// The first names of a message that its profile does not have.
struct UnknownNames {
  /// Most names that are listed.
  private static let nameLimit = 5
  /// Most bytes of one of them.
  private static let byteLimit = 40

  private var names: [String] = []
  /// True when there are more, so that further ones need not be looked for.
  private(set) var isFull = false

  var isEmpty: Bool { names.isEmpty }

  mutating func note(_ name: UnsafeRawBufferPointer) {
    if isFull { return }
    var text = String(decoding: name.prefix(Self.byteLimit), as: UTF8.self)
    if name.count > Self.byteLimit { text += "…" }
    if names.contains(text) { return }
    isFull = names.count == Self.nameLimit
    if !isFull { names.append(text) }
  }

  /// What was found, for error messages.
  var text: String {
    "only names that are not mapped: " + names.joined(separator: ", ") + (isFull ? ", …" : "")
  }
}

// The names of a record of which nothing is mapped. They are looked for only then, so that
// messages that are understood pay nothing for it.
extension MessageWalk {
  mutating func noteUnknown(_ position: Int, at treeNode: Int32) {
    // A record that names its value in a field has said which.
    if shapes[shape].namedValues != nil { return }
    noteUnknownFields(of: position, at: treeNode)
  }

  private mutating func noteUnknownFields(of position: Int, at treeNode: Int32) {
    let isObject = nodes[position].type == .object
    guard isObject || nodes[position].type == .list else { return }
    var member = position + 1
    var element = 0
    while member < nodes[position].end, !outcome.unknown.isFull {
      let target =
        isObject
        ? shapes[shape].tree.child(of: treeNode, key: nodes[member].keyBytes)
        : shapes[shape].tree.child(of: treeNode, element: element)
      if target >= 0 {
        noteUnknownFields(of: member, at: target)
      } else if isObject {
        outcome.unknown.note(nodes[member].keyBytes)
      }
      member = nodes[member].end
      element += 1
    }
  }
}
