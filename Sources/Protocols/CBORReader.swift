import SiteModel

/// Reads the items of a CBOR document into a ``NodeTree``; see ``CBORParser`` for the mapping.
struct CBORReader {
  /// The first byte of an item and what it counts: RFC 8949, section 3.
  private struct Head {
    let major: UInt8
    /// The low five bits.
    let detail: UInt8
    let argument: UInt64

    var isIndefinite: Bool { detail == 31 }
  }

  private static let breakByte: UInt8 = 0xFF
  /// Longest big integer in bytes; more digits than that can never be kept.
  private static let bigIntegerLimit = 64

  private(set) var tree = NodeTree()
  private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  private var at = 0

  /// Reads a whole document.
  mutating func read(_ input: UnsafeRawBufferPointer) throws(JSONFault) {
    tree.removeAll()
    (bytes, at) = (input, 0)
    if input.isEmpty { throw JSONFault(.malformed, "nothing") }
    try readItem(under: -1, key: 0..<0, depth: 1)
    let kind = tree.drafts[0].kind
    guard kind == .object || kind == .list else { throw JSONFault(.malformed, "a single value") }
    if at < bytes.count {
      throw JSONFault(.malformed, "something after the end of the document")
    }
  }

  private mutating func readItem(under parent: Int, key: Range<Int>, depth: Int) throws(JSONFault) {
    var head = try head()
    var tag: UInt64?
    while head.major == 6 {
      guard !head.isIndefinite else { throw fault("a tag without a number") }
      tag = head.argument
      head = try self.head()
    }
    switch (tag, head.major) {
    case (2, 2), (3, 2):
      let digits = try bigInteger(head, isNegative: tag == 3)
      try add(.number, digits.utf8, key, under: parent)
    case (4, 4): try add(.number, try decimalFraction(head).utf8, key, under: parent)
    default: try readPlain(head, under: parent, key: key, depth: depth)
    }
  }

  private mutating func readPlain(
    _ head: Head, under parent: Int, key: Range<Int>, depth: Int
  ) throws(JSONFault) {
    switch head.major {
    case 0, 1: try add(.number, try integer(head).utf8, key, under: parent)
    case 2: try add(.text, Self.hex(try string(head)), key, under: parent)
    case 3: try add(.text, try string(head), key, under: parent)
    case 4, 5:
      guard depth <= NodeTree.depthLimit else {
        throw JSONFault(.tooDeep, "more than \(NodeTree.depthLimit) levels of nesting")
      }
      let kind: JSONNode.Kind = head.major == 4 ? .list : .object
      let own = try tree.add(NodeTree.Draft(key: key, kind: kind), under: parent)
      try readMembers(of: own, head, depth: depth)
    default: try readSimple(head, key, under: parent)
    }
  }

  private mutating func readMembers(of own: Int, _ head: Head, depth: Int) throws(JSONFault) {
    var count: UInt64 = 0
    while head.isIndefinite ? try !takeBreak() : count < head.argument {
      let key = head.major == 5 ? try readKey() : 0..<0
      try readItem(under: own, key: key, depth: depth + 1)
      count += 1
    }
  }

  private mutating func readKey() throws(JSONFault) -> Range<Int> {
    let head = try head()
    switch head.major {
    case 0, 1: return tree.keep(try integer(head).utf8)
    case 2: return tree.keep(Self.hex(try string(head)))
    case 3: return tree.keep(try string(head))
    default: throw fault("a key that is neither a number nor a text")
    }
  }

  private mutating func readSimple(
    _ head: Head, _ key: Range<Int>, under parent: Int
  ) throws(JSONFault) {
    let text: String
    switch head.detail {
    case 20: return try add(.no, [], key, under: parent)
    case 21: return try add(.yes, [], key, under: parent)
    case 22, 23: return try add(.null, [], key, under: parent)
    case 25: text = Self.text(Float16(bitPattern: UInt16(truncatingIfNeeded: head.argument)))
    case 26: text = Self.text(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument)))
    case 27: text = Self.text(Double(bitPattern: head.argument))
    default: throw fault("a simple value without a meaning")
    }
    let isNumber = text.utf8.last.map { (48...57).contains($0) } ?? false
    try add(isNumber ? .number : .text, text.utf8, key, under: parent)
  }

  private mutating func add(
    _ kind: JSONNode.Kind, _ text: some Collection<UInt8>, _ key: Range<Int>, under parent: Int
  ) throws(JSONFault) {
    try tree.add(NodeTree.Draft(key: key, text: tree.keep(text), kind: kind), under: parent)
  }
}

// Heads, numbers and strings.
extension CBORReader {
  private mutating func head() throws(JSONFault) -> Head {
    guard at < bytes.count else { throw Self.cutOff }
    let first = bytes[at]
    at += 1
    let (major, detail) = (first >> 5, first & 31)
    switch detail {
    case 0...23: return Head(major: major, detail: detail, argument: UInt64(detail))
    case 24...27:
      let length = 1 << Int(detail - 24)
      guard bytes.count - at >= length else { throw Self.cutOff }
      let argument = bytes[at..<(at + length)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      at += length
      return Head(major: major, detail: detail, argument: argument)
    case 31: return Head(major: major, detail: detail, argument: 0)
    default: throw fault("a first byte that CBOR does not have")
    }
  }

  private mutating func takeBreak() throws(JSONFault) -> Bool {
    guard at < bytes.count else { throw Self.cutOff }
    guard bytes[at] == Self.breakByte else { return false }
    at += 1
    return true
  }

  private func integer(_ head: Head) throws(JSONFault) -> String {
    if head.isIndefinite { throw fault("a number without an end") }
    let number = Int128(head.argument)
    return String(head.major == 0 ? number : -1 - number)
  }

  /// The bytes of a string, its pieces joined when it has several.
  private mutating func string(_ head: Head) throws(JSONFault) -> [UInt8] {
    guard head.isIndefinite else { return Array(try piece(head)) }
    var joined: [UInt8] = []
    while try !takeBreak() {
      let inner = try self.head()
      guard inner.major == head.major, !inner.isIndefinite else {
        throw fault("a piece of a string that is none")
      }
      joined += try piece(inner)
    }
    return joined
  }

  private mutating func piece(_ head: Head) throws(JSONFault) -> UnsafeRawBufferPointer {
    guard head.argument <= UInt64(bytes.count - at) else { throw Self.cutOff }
    let end = at + Int(head.argument)
    let piece = UnsafeRawBufferPointer(rebasing: bytes[at..<end])
    at = end
    if head.major == 3, String(validating: piece, as: UTF8.self) == nil {
      throw JSONFault(.notUTF8, "a text that is not UTF-8 before byte \(at)")
    }
    return piece
  }

  /// The decimal digits of a tagged big integer.
  private mutating func bigInteger(_ head: Head, isNegative: Bool) throws(JSONFault) -> String {
    let string = try string(head)
    guard string.count <= Self.bigIntegerLimit else {
      throw JSONFault(.numberTooLong, "an integer of \(string.count) bytes")
    }
    // Decimal digits, the lowest first; a negative one is -1 - n.
    var digits: [Int] = [0]
    var carry = 0
    for (position, byte) in string.enumerated() {
      carry = Int(byte) + (isNegative && position == string.count - 1 ? 1 : 0)
      for index in digits.indices {
        carry += digits[index] * 256
        (digits[index], carry) = (carry % 10, carry / 10)
      }
      while carry > 0 {
        digits.append(carry % 10)
        carry /= 10
      }
    }
    if string.isEmpty, isNegative { digits = [1] }
    return (isNegative ? "-" : "") + digits.reversed().map(String.init).joined()
  }

  /// `mantissa e exponent` of `[exponent, mantissa]`.
  private mutating func decimalFraction(_ head: Head) throws(JSONFault) -> String {
    guard head.argument == 2, !head.isIndefinite else {
      throw fault("a decimal fraction that is not a pair")
    }
    let exponent = try self.head()
    guard exponent.major <= 1 else { throw fault("a decimal fraction without an exponent") }
    let exponentText = try integer(exponent)
    return "\(try mantissa())e\(exponentText)"
  }

  private mutating func mantissa() throws(JSONFault) -> String {
    let head = try head()
    if head.major <= 1 { return try integer(head) }
    guard head.major == 6, head.argument == 2 || head.argument == 3 else {
      throw fault("a decimal fraction without digits")
    }
    let string = try self.head()
    guard string.major == 2 else { throw fault("a big integer that is no bytes") }
    return try bigInteger(string, isNegative: head.argument == 3)
  }

  private func fault(_ found: String) -> JSONFault {
    JSONFault(.malformed, "\(found) before byte \(at)")
  }

  private static let cutOff = JSONFault(.malformed, "a document that is cut off")

  /// The shortest decimal that reads back as `value`.
  private static func text(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func hex(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }
}
