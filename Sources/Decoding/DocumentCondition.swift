import Protocols

/// Something that must hold of a document: a field has one of some words, or is there at all.
struct DocumentCondition: Sendable {
  let steps: [Step]
  /// The words in ``ProfilePlan/words``; -1 when any value but `null` will do.
  let words: Int32

  /// One step of the way from the document to the field.
  enum Step: Sendable {
    case key([UInt8])
    case element(Int)
  }

  /// Nil when the path has a `[*]`.
  init?(_ path: FieldPath, words: Int32) {
    var steps: [Step] = []
    for segment in path.segments {
      switch segment {
      case .key(let key): steps.append(.key(Array(key.utf8)))
      case .element(let position): steps.append(.element(position))
      case .each: return nil
      }
    }
    (self.steps, self.words) = (steps, words)
  }

  /// True when it holds of a document.
  func holds(_ nodes: UnsafeBufferPointer<JSONNode>, _ plan: borrowing ProfilePlan) -> Bool {
    guard let place = find(nodes), nodes[place].type != .null else { return false }
    if words < 0 { return true }
    return nodes[place].word.map { plan.words.find($0, in: words) >= 0 } ?? false
  }

  /// The first field on this way; nil when there is none.
  func find(_ nodes: UnsafeBufferPointer<JSONNode>) -> Int? {
    var place = 0
    for step in steps {
      var member = place + 1
      let end = nodes[place].end
      var element = 0
      while member < end, !step.leads(to: nodes[member], element, in: nodes[place]) {
        member = nodes[member].end
        element += 1
      }
      if member >= end { return nil }
      place = member
    }
    return place
  }
}

extension DocumentCondition.Step {
  fileprivate func leads(to node: JSONNode, _ element: Int, in parent: JSONNode) -> Bool {
    switch self {
    case .key(let key): parent.type == .object && node.keyBytes.elementsEqual(key)
    case .element(let position): parent.type == .list && element == position
    }
  }
}
