import Protocols
import TestSupport
import Testing

/// Hostile documents never stop a parser, and what it takes is always a sound list of nodes.
@Suite struct DocumentFuzzTests {
  private struct Tally: Equatable {
    var documents = 0
    var nodes = 0
    var reasons: Set<RejectionReason> = []
  }

  private func run(
    _ fuzz: PayloadFuzz,
    _ parse: (UnsafeRawBufferPointer) throws(JSONFault) -> UnsafeBufferPointer<JSONNode>
  ) throws -> Tally {
    var (fuzz, tally) = (fuzz, Tally())
    try fuzz.forEach { _, payload in
      do throws(JSONFault) {
        let nodes = try parse(payload)
        tally.documents += 1
        tally.nodes += nodes.count
        if !isSound(nodes) { Issue.record("\(Array(payload))") }
      } catch {
        tally.reasons.insert(error.reason)
        try #require(!error.found.isEmpty)
      }
    }
    return tally
  }

  /// Every node ends within the one that holds it, and only containers hold others.
  private func isSound(_ nodes: UnsafeBufferPointer<JSONNode>) -> Bool {
    var ends = [nodes.count]
    for (position, node) in nodes.enumerated() {
      while let end = ends.last, end <= position { ends.removeLast() }
      let isOpen = node.type == .object || node.type == .list
      guard let end = ends.last, node.end > position, node.end <= end,
        isOpen || node.end == position + 1, ends.count <= 33
      else { return false }
      ends.append(node.end)
    }
    return nodes.first.map { $0.end == nodes.count } ?? false
  }

  @Test func json() throws {
    let seeds = [
      #"{"ts":1772352000,"Ua":2298,"list":[{"a":"b\n温"},{"a":-1.5e3}],"x":null,"y":true}"#,
      #"[1,[2,[3,[4]]],{"a":{"b":{"c":""}}}]"#,
    ]
    let pieces = [
      "{", "}", "[", "]", "\"", "\\ud800", "1e400", "-0", "null,", "\u{0}", "[[[[[[[[[",
    ]
    let fuzz = PayloadFuzz(
      seeds: seeds.map { Array($0.utf8) }, fragments: pieces.map { Array($0.utf8) }, seed: 1)
    let tally = try run(fuzz, JSONParser().parse)
    #expect(tally.documents > PayloadFuzz.count / 100)
    #expect(tally.reasons.isSuperset(of: [.malformed, .notUTF8]))
  }

  @Test func xml() throws {
    let seeds = [
      "<?xml version='1.0' encoding='UTF-8'?><R x='1'><T a=\"&amp;\">温</T><T/>x<U>2</U></R>",
      "<s:E xmlns:s='u'><s:B><d><![CDATA[<R><v>1</v><v>2</v></R>]]></d><!-- c --></s:B></s:E>",
    ]
    let pieces = [
      "<", ">", "</", "/>", "<a>", "</a>", "&lt;", "&#x41;", "<![CDATA[", "]]>", "<!--", "-->",
      "<!DOCTYPE a>", "\u{0}", "<a><a><a><a><a><a><a><a>", "&lt;a&gt;&lt;/a&gt;",
    ]
    let gbk: [UInt8] = [0xCD, 0xA3, 0x81, 0x30, 0xB5]
    let declared = Array("<?xml version='1.0' encoding='GBK'?><R>".utf8)
    let fuzz = PayloadFuzz(
      seeds: seeds.map { Array($0.utf8) } + [declared + [0xCD, 0xA3] + Array("</R>".utf8)],
      fragments: pieces.map { Array($0.utf8) } + [gbk, declared], seed: 2)
    let tally = try run(fuzz, XMLParser().parse)
    #expect(tally.documents > PayloadFuzz.count / 100)
    #expect(tally.reasons.isSuperset(of: [.malformed, .notUTF8]))
  }

  @Test func cbor() throws {
    let seeds = [
      "a3616101626262820203 2081f93e00",
      "82a521647572693a 22fb41d303a15b00106222 00617602 c48221196ab3"
        + "04f5", "9f018202039f0405ffbf6161c249010000000000000000ff7f657374726561646d696e67ff",
    ]
    let pieces = [
      "ff", "9f", "bf", "5f", "7f", "c2", "c482", "fbffffffffffffffff", "9bffffffffffffffff",
    ]
    let fuzz = PayloadFuzz(seeds: seeds.map(bytes), fragments: pieces.map(bytes), seed: 3)
    let tally = try run(fuzz, CBORParser().parse)
    #expect(tally.documents > PayloadFuzz.count / 200)
    #expect(tally.reasons.isSuperset(of: [.malformed, .notUTF8]))
  }
}
