import SiteModel
import Testing

/// Every complaint that a configuration can cause, word for word.
@Suite struct ConfigSectionTests {
  private typealias Entry = (key: String, line: Int, value: ConfigNode)

  private func scalar(_ text: String, _ line: Int = 2) -> ConfigNode {
    ConfigNode(file: "f.yaml", line: line, content: .scalar(text))
  }

  private func list(_ elements: [ConfigNode]) -> ConfigNode {
    ConfigNode(file: "f.yaml", line: 2, content: .sequence(elements))
  }

  private func problems(_ value: ConfigNode?, _ body: (ConfigSection) -> Void) -> [String] {
    let log = ProblemLog()
    let entries: [Entry] = value.map { [("key", 2, $0)] } ?? []
    let node = ConfigNode(file: "f.yaml", line: 1, content: .mapping(entries))
    let section = ConfigSection(node, log: log)
    body(section)
    section.finish()
    return log.problems.map(\.description)
  }

  @Test func saysWhatWasFoundAndExpected() {
    let (null, map) = (
      ConfigNode(file: "f.yaml", line: 2, content: .null),
      ConfigNode(file: "f.yaml", line: 2, content: .mapping([]))
    )
    let expectations: [([String], String)] = [
      (problems(nil) { _ = $0.text("key") }, "f.yaml:1: key: is missing"),
      (problems(null) { _ = $0.text("key") }, "f.yaml:2: key: is missing"),
      (problems(map) { _ = $0.text("key") }, "f.yaml:2: key: found a mapping, expected a text"),
      (
        problems(list([])) { _ = $0.optionalText("key") },
        "f.yaml:2: key: found a list, expected a text"
      ),
      (
        problems(scalar("red")) { _ = $0.choice("key", of: ["a", "b"]) },
        "f.yaml:2: key: found 'red', expected one of a, b"
      ),
      (problems(nil) { _ = $0.choice("key", of: ["a"]) }, "f.yaml:1: key: is missing"),
      (
        problems(list([])) { _ = $0.choice("key", of: ["a"]) },
        "f.yaml:2: key: found a list, expected a text"
      ),
      (
        problems(scalar("11")) { _ = $0.integer("key", default: 1, in: 0...10) },
        "f.yaml:2: key: found '11', expected a whole number from 0 to 10"
      ),
      (
        problems(scalar("1.5")) { _ = $0.integer("key", default: nil, in: 0...10) },
        "f.yaml:2: key: found '1.5', expected a whole number from 0 to 10"
      ),
      (
        problems(nil) { _ = $0.integer("key", default: nil, in: 0...1) },
        "f.yaml:1: key: is missing"
      ),
      (
        problems(list([])) { _ = $0.integer("key", default: nil, in: 0...1) },
        "f.yaml:2: key: found a list, expected a text"
      ),
      (
        problems(scalar("abc")) { _ = $0.decimal("key") },
        "f.yaml:2: key: found 'abc', expected a decimal number (malformed)"
      ),
      (
        problems(scalar("on")) { _ = $0.flag("key", default: true) },
        "f.yaml:2: key: found 'on', expected true or false"
      ),
      (
        problems(list([scalar("a"), map])) { _ = $0.texts("key") },
        "f.yaml:2: key: found a mapping, expected a text"
      ),
      (
        problems(scalar("x")) { _ = $0.section("key") },
        "f.yaml:2: found 'x', expected a mapping of keys and values"
      ),
      (
        problems(scalar("x")) { _ = $0.has("other") },
        "f.yaml:2: unknown key 'key', expected one of other"
      ),
    ]
    for (found, expected) in expectations { #expect(found == [expected]) }
  }

  @Test func goodValuesCauseNoComplaint() {
    func value<Value>(_ node: ConfigNode?, _ read: (ConfigSection) -> Value) -> Value? {
      var value: Value?
      let found = problems(node) { value = read($0) }
      return found.isEmpty ? value : nil
    }
    #expect(value(scalar("7")) { $0.integer("key", default: 1, in: 0...10) } == 7)
    #expect(value(nil) { $0.integer("key", default: 3, in: 0...10) } == 3)
    #expect(value(scalar("0.50")) { $0.decimal("key") } == "0.5")
    #expect(value(nil) { $0.decimal("key") == nil } == true)
    #expect(value(scalar("no")) { $0.flag("key", default: true) } == false)
    #expect(value(scalar("a")) { $0.texts("key") } == ["a"])
    #expect(value(nil) { $0.choice("key", of: ["a"], default: "a") } == "a")
    #expect(value(nil) { $0.section("key") == nil } == true)
  }

  @Test func aKeyThatIsGivenTwiceCountsOnce() {
    let log = ProblemLog()
    let entries: [Entry] = [("key", 2, scalar("1")), ("key", 5, scalar("2", 5))]
    let section = ConfigSection(
      ConfigNode(file: "f.yaml", line: 1, content: .mapping(entries)), log: log)
    #expect(section.text("key") == "1")
    section.finish()
    #expect(log.problems.map(\.description) == ["f.yaml:5: key 'key' is given twice"])
  }

  @Test func allProblemsAreThrownInTheOrderOfTheFiles() {
    let log = ProblemLog()
    for (file, line) in [("b", 2), ("a", 9), ("a", 0), ("a", 3)] {
      log.add(Problem(file: file, line: line, text: "x"))
    }
    let error = #expect(throws: Problems.self) { try log.throwIfAny() }
    #expect(error?.description == "a: x\na:3: x\na:9: x\nb:2: x")
  }
}
