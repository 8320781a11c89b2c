import Documents
import SiteModel
import Testing

/// Reading of YAML: places, limits, and what is refused.
@Suite struct YAMLDocumentTests {
  private func parse(_ text: String) throws(Problems) -> ConfigNode {
    try YAMLDocument.parse(Array(text.utf8), file: "a.yaml")
  }

  /// The problems of a text that must be refused, one a line.
  private func complaint(_ text: String) -> String {
    do {
      _ = try parse(text)
      return "was accepted"
    } catch {
      return error.description
    }
  }

  @Test func keepsLinesTextsAndOrder() throws {
    let root = try parse("b: 1\na:\n  - 0.50\n  - 'x: y'\n# note\nc: ~\nd: \"\"\n")
    guard case .mapping(let entries) = root.content else {
      Issue.record("found \(root.found)")
      return
    }
    #expect(entries.map(\.key) == ["b", "a", "c", "d"])
    #expect(entries.map(\.line) == [1, 2, 6, 7])
    guard case .sequence(let elements) = entries[1].value.content else {
      Issue.record("found \(entries[1].value.found)")
      return
    }
    #expect(elements.map(\.line) == [3, 4])
    #expect(elements.map(\.found) == ["'0.50'", "'x: y'"])
    #expect(entries[2].value.found == "nothing")
    #expect(entries[3].value.found == "''")
  }

  @Test func anEmptyFileIsNothing() throws {
    for text in ["", "# only a note\n", "---\n", "\u{FEFF}"] {
      #expect(try parse(text).found == "nothing", "\(text.debugDescription)")
    }
  }

  @Test(arguments: [
    ("a: [1, 2\nb: 3\n", "a.yaml:2: is not YAML"),
    ("a: 1\n\tb: 2\n", "a.yaml:2: is not YAML"),
    ("a: 1\na: 2\n", "a.yaml:1: key 'a' is given twice"),
    ("a: 1\n---\nb: 2\n", "a.yaml:2: is not YAML: but found another document"),
    ("a: &x 1\nb: 2\n", "a.yaml:1: found an anchor or alias"),
    ("a: *x\n", "a.yaml:1: is not YAML: found undefined alias"),
    ("a: 1\nb:\n  <<: {c: 1}\n", "a.yaml:3: found a merge key"),
    ("a: !!binary abc\n", "a.yaml:1: found a tag"),
    ("? [1, 2]\n: 3\n", "a.yaml:1: found a key that is not a plain text"),
    ("a: \u{1}\n", "a.yaml:1: is not YAML: control characters are not allowed"),
  ])
  func refuses(text: String, expected: String) {
    #expect(complaint(text).hasPrefix(expected), "\(complaint(text))")
  }

  @Test func refusesBytesThatAreNotUTF8() {
    let bytes: [UInt8] = Array("a: 1\nb: ".utf8) + [0xFF, 0xFE]
    #expect {
      try YAMLDocument.parse(bytes, file: "a.yaml")
    } throws: { error in
      "\(error)" == "a.yaml:2: found bytes that are not UTF-8"
    }
  }

  @Test func namesAllThatItRefuses() {
    let found = complaint("a: !x 1\nb:\n  - &y 2\n")
    #expect(
      found == "a.yaml:1: found a tag, tags are not read\n"
        + "a.yaml:3: found an anchor or alias, they are not read")
  }

  @Test func endsAtItsLimits() {
    #expect(
      complaint(String(repeating: " ", count: YAMLDocument.byteLimit + 1))
        .contains("expected at most 4194304"))
    let nested = { (depth: Int) in
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(complaint(nested(YAMLDocument.depthLimit)) == "was accepted")
    #expect(complaint(nested(YAMLDocument.depthLimit + 1)).contains("nested deeper than 32"))
    #expect(complaint(nested(1_000_000)).contains("is not YAML"))
  }

  @Test(arguments: ["last: *a38\n", "? *a38\n: 1\n", "? {b: [*a38]}\n: 1\n"])
  func aliasBombsAreRefused(end: String) {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<39 {
      let references = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(references)]\n"
    }
    #expect(complaint(text + end) == "a.yaml:1: found an anchor or alias, they are not read")
  }

  @Test func manyStarsAloneAreText() {
    let text = String(repeating: "- 'a *b'\n", count: 40)
    #expect(complaint(text) == "was accepted")
  }
}
