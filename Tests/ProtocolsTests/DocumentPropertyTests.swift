import Protocols
import TestSupport
import Testing

/// A random value, written in JSON, in XML and in CBOR by writers of the test's own, comes back as
/// the same nodes from every parser.
@Suite struct DocumentPropertyTests {
  indirect enum Value {
    case object([(key: String, value: Value)])
    case list([Value])
    case text(String)
    case number(Int)
    case truth(Bool)
    case null
  }

  @Test func jsonAndCBORMeanTheSame() {
    var random = SeededGenerator(seed: 20)
    for _ in 0..<2_000 {
      let value = Value.random(depth: 4, &random)
      let expected = outcome(of: Array(value.json.utf8), JSONParser().parse)
      #expect(outcome(of: value.cbor(&random), CBORParser().parse) == expected)
      #expect(expected == value.json)
    }
  }

  @Test func whatIsWrittenInXMLComesBack() {
    var random = SeededGenerator(seed: 21)
    for _ in 0..<2_000 {
      let value = Value.random(depth: 4, &random).fitForXML
      let xml = value.xml(as: "root", &random)
      #expect(
        outcome(of: Array(xml.utf8), XMLParser().parse) == #"{"root":\#(value.json)}"#, "\(xml)")
    }
  }
}

extension DocumentPropertyTests.Value {
  typealias Value = DocumentPropertyTests.Value

  /// An object of distinct keys; below it, anything.
  static func random(depth: Int, _ random: inout SeededGenerator) -> Value {
    .object(
      (0..<random.number(0...5)).map { key in
        (["a", "b_", "温", "d-1", "e.f"][key], any(depth: depth - 1, &random))
      })
  }

  private static func any(depth: Int, _ generator: inout SeededGenerator) -> Value {
    switch generator.number(0...(depth > 0 ? 6 : 3)) {
    case 0: .number(Int(truncatingIfNeeded: generator.next()) >> generator.number(0...63))
    case 1: .text(["", "x", "温度 21.5", "a b", "7", "true"][generator.number(0...5)])
    case 2: .truth(generator.number(0...1) == 1)
    case 3: .null
    case 4: .list((0..<generator.number(0...4)).map { _ in any(depth: depth - 1, &generator) })
    default: random(depth: depth, &generator)
    }
  }

  var json: String {
    switch self {
    case .object(let members):
      "{" + members.map { "\"\($0.key)\":\($0.value.json)" }.joined(separator: ",") + "}"
    case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
    case .text(let text): "\"\(text)\""
    case .number(let number): "\(number)"
    case .truth(let truth): "\(truth)"
    case .null: "null"
    }
  }

  /// With definite or indefinite lengths, and tags that mean nothing.
  func cbor(_ random: inout SeededGenerator) -> [UInt8] {
    let tag: [UInt8] = random.number(0...7) == 0 ? [0xD9, 0xD9, 0xF7] : []
    switch self {
    case .object(let members):
      let inside = members.flatMap { Value.text($0.key).cbor(&random) + $0.value.cbor(&random) }
      return tag + Self.container(0xA0, members.count, inside, &random)
    case .list(let values):
      return tag
        + Self.container(0x80, values.count, values.flatMap { $0.cbor(&random) }, &random)
    case .text(let text):
      let bytes = Array(text.utf8)
      if random.number(0...3) > 0 { return Self.head(0x60, UInt64(bytes.count)) + bytes }
      return [0x7F] + Self.head(0x60, UInt64(bytes.count))
        + bytes + [0x60, 0xFF]
    case .number(let number):
      return number < 0
        ? Self.head(0x20, UInt64(bitPattern: Int64(-1 - number))) : Self.head(0, UInt64(number))
    case .truth(let truth): return [truth ? 0xF5 : 0xF4]
    case .null: return [random.number(0...1) == 0 ? 0xF6 : 0xF7]
    }
  }

  private static func container(
    _ major: UInt8, _ count: Int, _ inside: [UInt8], _ random: inout SeededGenerator
  ) -> [UInt8] {
    random.number(0...1) == 0
      ? head(major, UInt64(count)) + inside : [major | 31] + inside + [0xFF]
  }

  private static func head(_ major: UInt8, _ argument: UInt64) -> [UInt8] {
    func bytes(_ count: Int) -> [UInt8] {
      (0..<count).reversed().map { UInt8(truncatingIfNeeded: argument >> ($0 * 8)) }
    }
    switch argument {
    case 0..<24: return [major | UInt8(argument)]
    case ..<0x100: return [major | 24] + bytes(1)
    case ..<0x1_0000: return [major | 25] + bytes(2)
    case ..<0x1_0000_0000: return [major | 26] + bytes(4)
    default: return [major | 27] + bytes(8)
    }
  }

  /// The same with what XML can say: texts only, lists of two or more in objects, nothing empty.
  var fitForXML: Value {
    switch self {
    case .object(let members):
      members.isEmpty ? .null : .object(members.map { ($0.key, $0.value.fitForXML) })
    case .list(let values):
      values.count < 2
        ? .null
        : .list(
          values.map { value in
            if case .list = value { return .null }
            return value.fitForXML
          })
    case .text(let text): text.isEmpty ? .null : self
    case .number(let number): .text("\(number)")
    case .truth(let truth): .text("\(truth)")
    case .null: .null
    }
  }

  func xml(as name: String, _ random: inout SeededGenerator) -> String {
    let prefix = random.number(0...3) == 0 ? "p:" : ""
    let space = random.number(0...1) == 0 ? "\n  " : ""
    let (open, close) = ("<\(prefix)\(name) xmlns:p=\"u\">", "</\(prefix)\(name)>")
    switch self {
    case .object(let members):
      return open + members.map { space + $0.value.xml(as: $0.key, &random) }.joined() + close
    case .list(let values): return values.map { $0.xml(as: name, &random) }.joined(separator: space)
    case .text(let text):
      return open + space + (random.number(0...1) == 0 ? text : "<![CDATA[\(text)]]>") + close
    default: return random.number(0...1) == 0 ? open + close : "<\(prefix)\(name)/>"
    }
  }
}
