import Protocols

/// The nodes of a document as one line of JSON, without escapes: `{"a":["x",1,null]}`.
func text(of nodes: UnsafeBufferPointer<JSONNode>) -> String {
  var position = 0
  func next() -> String {
    let node = nodes[position]
    position += 1
    let content = String(decoding: node.textBytes, as: UTF8.self)
    switch node.type {
    case .object, .list:
      var members: [String] = []
      while position < node.end {
        let key = String(decoding: nodes[position].keyBytes, as: UTF8.self)
        members.append((node.type == .object ? "\"\(key)\":" : "") + next())
      }
      let inside = members.joined(separator: ",")
      return node.type == .object ? "{\(inside)}" : "[\(inside)]"
    case .text: return "\"\(content)\""
    case .number: return content
    case .yes: return "true"
    case .no: return "false"
    case .null: return "null"
    }
  }
  return nodes.isEmpty ? "" : next()
}

/// What a parser makes of some bytes: the nodes as text, or `!reason: what was found`.
func outcome(
  of bytes: [UInt8],
  _ parse: (UnsafeRawBufferPointer) throws(JSONFault) -> UnsafeBufferPointer<JSONNode>
) -> String {
  let padded = bytes + [UInt8](repeating: UInt8(ascii: "7"), count: 64)
  return padded.withUnsafeBytes { padded in
    do throws(JSONFault) {
      return text(of: try parse(UnsafeRawBufferPointer(rebasing: padded[0..<bytes.count])))
    } catch {
      return "!\(error.reason.rawValue): \(error.found)"
    }
  }
}
