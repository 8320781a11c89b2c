import SiteModel

/// A cursor over the bytes of one XML document: tags, attributes and text, not what they mean.
struct XMLScanner {
  enum Token {
    /// Text was appended, or there was none.
    case text
    /// `<name`: attributes and ``takeEnd()`` follow.
    case start(Range<Int>)
    /// `</name>`
    case end(Range<Int>)
  }

  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  /// A scanner of nothing.
  init() { bytes = UnsafeRawBufferPointer(start: nil, count: 0) }

  /// A scanner at the beginning of a document of UTF-8 without control characters, whatever it
  /// declares.
  init(document: UnsafeRawBufferPointer) throws(JSONFault) {
    bytes = document
    if bytes.isEmpty { throw JSONFault(.malformed, "nothing") }
    if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
      throw JSONFault(.notUTF8, "UTF-16")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw JSONFault(.notUTF8, "bytes that are not UTF-8\(XMLEncoding.note(bytes))")
    }
    var place = 0
    while place < bytes.count {
      if bytes[place] < 0x20, Self.isControl(UInt32(bytes[place])) {
        throw JSONFault(.malformed, "a control character at byte \(place)")
      }
      place += 1
    }
  }

  var isAtEnd: Bool { at == bytes.count }

  /// The next tag or piece of text; comments and instructions are a text of nothing.
  mutating func next(into text: inout [UInt8]) throws(JSONFault) -> Token {
    guard bytes[at] == UInt8(ascii: "<") else {
      try readText(until: UInt8(ascii: "<"), into: &text)
      return .text
    }
    switch at + 1 < bytes.count ? bytes[at + 1] : 0 {
    case UInt8(ascii: "/"):
      at += 2
      let name = try name()
      skipSpace()
      guard take(">") else { throw missing("a broken end tag") }
      return .end(name)
    case UInt8(ascii: "!"), UInt8(ascii: "?"):
      try passAside(into: &text)
      return .text
    default:
      at += 1
      return .start(try name())
    }
  }

  /// Passes a comment or an instruction, or appends a CDATA section.
  private mutating func passAside(into text: inout [UInt8]) throws(JSONFault) {
    if take("<!--") {
      _ = try passed("-->")
    } else if take("<?") {
      _ = try passed("?>")
    } else if take("<![CDATA[") {
      text.append(contentsOf: bytes[try passed("]]>")])
    } else {
      throw missing("a DOCTYPE or another declaration")
    }
  }

  /// The name of the next attribute of a tag, whose value replaces `text`; nil at the tag's end.
  mutating func attribute(into text: inout [UInt8]) throws(JSONFault) -> Range<Int>? {
    skipSpace()
    if isAtEnd { throw Self.cutOff }
    if bytes[at] == UInt8(ascii: ">") || starts("/>") { return nil }
    let name = try name()
    skipSpace()
    guard take("=") else { throw missing("an attribute without a value") }
    skipSpace()
    if isAtEnd { throw Self.cutOff }
    let quote = bytes[at]
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
      throw fault("an attribute without quotes")
    }
    at += 1
    text.removeAll(keepingCapacity: true)
    try readText(until: quote, into: &text)
    if isAtEnd { throw Self.cutOff }
    at += 1
    return name
  }

  /// Ends a tag after its attributes; true when its element ends with it (`/>`).
  mutating func takeEnd() -> Bool {
    let isEmpty = take("/")
    at += 1
    return isEmpty
  }

  /// The part of a name behind its prefix.
  func local(_ name: Range<Int>) -> UnsafeRawBufferPointer {
    let colon = bytes[name].lastIndex(of: UInt8(ascii: ":"))
    let start = colon.map { $0 + 1 } ?? name.lowerBound
    return UnsafeRawBufferPointer(rebasing: bytes[start..<name.upperBound])
  }

  /// True for attributes of the markup itself: `xmlns` and all that have a prefix.
  func isMarkup(_ name: Range<Int>) -> Bool {
    bytes[name].contains(UInt8(ascii: ":")) || bytes[name].elementsEqual("xmlns".utf8)
  }

  /// True when the same stands in both places.
  func isSame(_ name: Range<Int>, _ other: Range<Int>) -> Bool {
    bytes[name].elementsEqual(bytes[other])
  }

  /// A name for error messages.
  func word(_ name: Range<Int>) -> String {
    String(decoding: bytes[name].prefix(60), as: UTF8.self)
  }

  /// A fault before the present place.
  func fault(_ found: String) -> JSONFault {
    JSONFault(.malformed, "\(found) before byte \(at)")
  }

  /// A fault at the present place, where the document may just be cut off.
  private func missing(_ found: String) -> JSONFault { isAtEnd ? Self.cutOff : fault(found) }

  static let cutOff = JSONFault(.malformed, "a document that is cut off")

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// A text without the white space around it.
  static func trimmed(_ text: [UInt8]) -> ArraySlice<UInt8> {
    var (start, end) = (0, text.count)
    while start < end, isSpace(text[start]) { start += 1 }
    while end > start, isSpace(text[end - 1]) { end -= 1 }
    return text[start..<end]
  }
}

// Names, texts and references.
extension XMLScanner {
  private mutating func name() throws(JSONFault) -> Range<Int> {
    let start = at
    while at < bytes.count, Self.isName(bytes[at]) { at += 1 }
    let name = start..<at
    guard !name.isEmpty, bytes[at - 1] != UInt8(ascii: ":"), !Self.isDigit(bytes[start]) else {
      throw missing("a name that is not one of XML")
    }
    return name
  }

  /// Appends the text up to `mark`, which is not passed, or to the end.
  private mutating func readText(until mark: UInt8, into text: inout [UInt8]) throws(JSONFault) {
    var start = at
    while at < bytes.count {
      let byte = bytes[at]
      if byte == mark { break }
      if byte == UInt8(ascii: "&") {
        text.append(contentsOf: bytes[start..<at])
        text.append(contentsOf: try reference())
        start = at
      } else {
        at += 1
      }
    }
    text.append(contentsOf: bytes[start..<at])
  }

  /// What `&…;` stands for.
  private mutating func reference() throws(JSONFault) -> [UInt8] {
    let longest = 12
    let inside = bytes[(at + 1)...].prefix(longest).prefix { $0 != UInt8(ascii: ";") }
    let name = String(decoding: inside, as: UTF8.self)
    at += 1 + inside.count
    guard at < bytes.count else { throw Self.cutOff }
    guard take(";"), let scalar = Self.scalar(name), !Self.isControl(scalar.value) else {
      throw missing("a reference &\(name); that is not one of XML")
    }
    return Array(String(Character(scalar)).utf8)
  }

  private static func scalar(_ name: String) -> Unicode.Scalar? {
    if let known = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"][name] {
      return known.unicodeScalars.first
    }
    guard name.first == "#" else { return nil }
    let isHex = name.dropFirst().first == "x"
    let digits = name.dropFirst(isHex ? 2 : 1)
    guard digits.first != "+", digits.first != "-" else { return nil }
    return UInt32(digits, radix: isHex ? 16 : 10).flatMap(Unicode.Scalar.init)
  }

  /// Passes everything up to `mark` and `mark` itself; the range before it.
  private mutating func passed(_ mark: StaticString) throws(JSONFault) -> Range<Int> {
    let start = at
    while !starts(mark) {
      if isAtEnd { throw Self.cutOff }
      at += 1
    }
    let end = at
    at += mark.utf8CodeUnitCount
    return start..<end
  }

  private mutating func skipSpace() {
    while at < bytes.count, Self.isSpace(bytes[at]) { at += 1 }
  }

  private mutating func take(_ text: StaticString) -> Bool {
    guard starts(text) else { return false }
    at += text.utf8CodeUnitCount
    return true
  }

  private func starts(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - at >= count else { return false }
    var index = 0
    while index < count {
      if bytes[at + index] != text.utf8Start[index] { return false }
      index += 1
    }
    return true
  }

  private static func isControl(_ value: UInt32) -> Bool {
    value < 0x20 && value != 0x09 && value != 0x0A && value != 0x0D
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x2D...0x39).contains(byte) }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7A, 0x41...0x5A, 0x2D...0x2E, 0x30...0x3A, 0x5F, 0x80...0xFF: true
    default: false
    }
  }
}
