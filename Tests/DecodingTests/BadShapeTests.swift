import Decoding
import SiteModel
import Testing

/// Mistakes in the keys about shapes, alarms, speakers and composite readings are reported with
/// their line.
@Suite struct BadShapeTests {
  /// Line numbers below count from here.
  static let sound = """
    profile: shapes
    title: { zh: 样例, en: Sample }
    hardware: any
    topics: ["s/{unit}/{part}/up"]
    silent_after_s: 60
    device: "{unit}"
    gateway: "{unit}"
    assemble: { key: frame.number, end: { last: ["1"] }, wait_s: 30 }
    tables:
      codes: { "01": { alarm: mains.lost, severity_by: { "1": major }, delay_s: 180 } }
    messages:
      - when: { kind: [data], body: present }
        records: [body, "list[*]"]
        also: sn
        sub_device: "{unit}/{id}"
        values:
          name: [Id, "@Id"]
          value: v
          table: { a: { metric: voltage.a, unit: V, instance: 1, change: 0.5 } }
      - alarms:
          code: Id
          match: suffix
          without_last: 3
          table: codes
          key: [n, m]
          object: $.o
          severity: { path: l, words: { "1": major }, cleared: [GONE] }
          state: [{ path: s, raised: [A] }, { path: t, acknowledged: [B] }]
    examples:
      - { name: one, topic: s/U-1/p/up, payload: '{"last":1,"s":"A","Id":"901777"}', expect: [
            { kind: event, alarm: mains.lost, state: raised, severity: minor } ] }

    """

  /// What is replaced, by what, and the problems that follow.
  static let cases: [(old: String, new: String, problems: [String])] = [
    (
      "silent_after_s: 60", "silent_after_s: 60\nmetrics: catalogue",
      ["p.yaml:6: metrics: stands beside messages, expected it in one of them"]
    ),
    (
      "{ kind: [data],", "{ 'kind[*]': [data],",
      ["p.yaml:12: kind[*]: expected a path from the document, without [*]"]
    ),
    (
      "gateway: \"{unit}\"", "gateway: unit",
      ["p.yaml:7: gateway: found 'unit', expected a capture such as {gateway}"]
    ),
    (
      "gateway: \"{unit}\"", "gateway: \"{box}\"",
      ["p.yaml:7: gateway: topic 's/{unit}/{part}/up' has no {box}"]
    ),
    (
      "key: frame.number", "key: 'frame[*]'",
      ["p.yaml:8: key: found 'frame[*]', expected a capture or a path without [*]"]
    ),
    (
      "end: { last: [\"1\"] }, wait_s: 30", "wait_s: 0",
      [
        "p.yaml:8: end: is missing, expected { path: [words] }",
        "p.yaml:8: wait_s: found '0', expected a whole number from 1 to 86400",
      ]
    ),
    (
      "severity_by: { \"1\": major }, delay_s: 180", "severity_by: { \"1\": bad }, delay_s: -1",
      [
        "p.yaml:10: 1: found 'bad', expected one of info, minor, major, critical",
        "p.yaml:10: delay_s: found '-1', expected a whole number from 0 to 86400",
      ]
    ),
    (
      "records: [body, \"list[*]\"]", "records: [body, \"list[]\"]",
      ["p.yaml:13: records: found 'list[]', expected a path such as data.items[*].value"]
    ),
    (
      "also: sn", "also: $.list[*].sn",
      ["p.yaml:14: also: '$.list[*].sn' has a [*] that the records path does not have"]
    ),
    (
      "also: sn", "also: sn\n    device: id",
      []
    ),
    (
      "{unit}/{id}", "{unit/{id}",
      ["p.yaml:15: sub_device: found '{unit/{id}', expected a name such as {unit}/{DeviceId}"]
    ),
    (
      "    sub_device: \"{unit}/{id}\"\n", "",
      ["p.yaml:18: instance: expected only where sub_device says whose value it is"]
    ),
    ("name: [Id, \"@Id\"]", "name: []", ["p.yaml:17: name: is missing"]),
    ("      code: Id\n", "", ["p.yaml:21: code: is missing"]),
    (
      "without_last: 3", "without_last: many",
      ["p.yaml:23: without_last: found 'many', expected a whole number from 0 to 128"]
    ),
    (
      "table: codes", "table: kodes",
      [
        "p.yaml:10: unknown key 'codes', expected one of kodes",
        "p.yaml:24: table: found 'kodes', expected rows or the name of a table",
      ]
    ),
    ("cleared: [GONE]", "cleared: [\"1\"]", ["p.yaml:27: cleared: '1' is given twice"]),
    (
      "acknowledged: [B]", "accepted: [B]",
      [
        "p.yaml:28: unknown key 'accepted', expected one of acknowledged, changed, cleared, "
          + "offline, online, path, raised, rebuilt, unacknowledged"
      ]
    ),
  ]

  @Test func theSampleIsSound() throws {
    #expect(try Support.profile(Array(Self.sound.utf8)).runExamples().map(\.description) == [])
  }

  @Test(arguments: cases.indices)
  func mistakeIsReported(_ index: Int) {
    let (old, new, problems) = Self.cases[index]
    #expect(Self.sound.contains(old))
    #expect(problemsOf(Self.sound.replacing(old, with: new)) == problems)
  }

  @Test func alsoNeedsSomebodyOfTheTopic() {
    let yaml = Self.sound.replacing("gateway: \"{unit}\"\n", with: "")
      .replacing("also: sn", with: "also: sn\n    device: id")
    #expect(
      problemsOf(yaml) == [
        "p.yaml:13: also: expected only where the topic names the device or its gateway"
      ])
  }

  @Test func tooManyShapes() {
    let paths = (0..<64).map { "p\($0)" }.joined(separator: ", ")
    let yaml = Self.sound.replacing("[body, \"list[*]\"]", with: "[\(paths)]")
    #expect(problemsOf(yaml).first?.hasSuffix("makes more than 64 shapes of message") == true)
  }

  @Test func tablesOfTwoFiles() throws {
    var tables = SharedTables()
    let log = ProblemLog()
    let text = "tables:\n  codes: { a: { alarm: flood } }\n"
    for file in ["a.yaml", "b.yaml"] {
      let isTaken = tables.take(try Support.node(text, file: file), log: log)
      #expect(isTaken)
    }
    let isTaken = tables.take(try Support.node(Self.sound, file: "c.yaml"), log: log)
    #expect(!isTaken)
    #expect(
      log.problems.map(\.description) == ["b.yaml:2: codes: is also defined in a.yaml"])
  }

  private func problemsOf(_ yaml: String) -> [String] {
    do {
      _ = try Support.profile(Array(yaml.utf8))
      return []
    } catch let problems as Problems {
      return problems.all.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }
}
