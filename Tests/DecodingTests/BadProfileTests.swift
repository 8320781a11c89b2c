import Decoding
import SiteModel
import Testing

/// Every mistake in a profile file is reported with its line, in words that say what to write.
@Suite struct BadProfileTests {
  /// Line numbers below count from here.
  static let sound = """
    profile: sample
    title: { zh: 样例, en: Sample }
    hardware: meter
    topics: ["s/{device}/up"]
    silent_after_s: 60
    time:
      - { path: ts, format: epoch_s }
    metrics:
      Ua: { metric: voltage.a, unit: V, scale: 0.1, ratio: pt }
      door: { metric: door.open, words: { closed: 0, open: 1 } }
    examples:
      - name: one
        topic: s/D-1/up
        payload: '{"Ua":2298}'
        expect:
          - { kind: reading, metric: voltage.a, value: "229.8" }

    """

  /// What is replaced, by what, and the problems that follow.
  static let cases: [(old: String, new: String, problems: [String])] = [
    (
      "profile: sample", "profile: My Meter",
      ["p.yaml:1: profile: found 'My Meter', expected lower-case words joined by dashes"]
    ),
    ("title: { zh: 样例, en: Sample }", "title: { zh: 样例 }", ["p.yaml:2: en: is missing"]),
    (
      "hardware: meter", "hardware: toaster",
      [
        "p.yaml:3: hardware: found 'toaster', expected one of any, base_station, indoor, "
          + "smart_pole, power_terminal, meter, fsu"
      ]
    ),
    (
      "silent_after_s: 60", "silent_after: 60",
      [
        "p.yaml:1: silent_after_s: is missing",
        "p.yaml:5: unknown key 'silent_after', expected one of alarms, also, assemble, device, "
          + "examples, gateway, hardware, messages, metrics, only, profile, protocol, records, "
          + "silent_after_s, skip, sub_device, tables, time, title, topics, values, when, zone",
      ]
    ),
    (
      "s/{device}/up\"]", "s/#/up\"]",
      [
        "p.yaml:4: topics: found 's/#/up', expected levels between slashes, each a fixed text, + "
          + "or {name}, and # only at the end"
      ]
    ),
    (
      "s/{device}/up\"]", "s/{meter}/up\"]",
      ["p.yaml:1: device: topic 's/{meter}/up' has no {device}"]
    ),
    (
      "silent_after_s: 60", "silent_after_s: 60\nzone: Shanghai",
      ["p.yaml:6: zone: found 'Shanghai', expected hours and minutes such as +08:00"]
    ),
    (
      "silent_after_s: 60", "silent_after_s: 60\nrecords: items[]",
      ["p.yaml:6: records: found 'items[]', expected a path such as data.items[*].value"]
    ),
    (
      "format: epoch_s", "format: unix",
      [
        "p.yaml:7: format: found 'unix', expected one of epoch_s, epoch_ms, epoch_us, text, "
          + "compact, auto"
      ]
    ),
    (
      "path: ts,", "path: 'a[*].ts',",
      ["p.yaml:7: path: 'a[*].ts' has a [*] that the records path does not have"]
    ),
    (
      "metric: voltage.a, unit: V", "metric: voltage.x, unit: V",
      [
        "p.yaml:9: metric: found 'voltage.x', expected a name of `sitewatt metrics`, such as "
          + "voltage.a, voltage.b, voltage.c"
      ]
    ),
    (
      "metric: voltage.a, unit: V", "metric: voltage.a",
      ["p.yaml:9: unit: is missing, voltage.a is kept in V"]
    ),
    ("unit: V,", "unit: volts,", ["p.yaml:9: unit: found 'volts', expected a unit such as V"]),
    (
      "unit: V,", "unit: kW,",
      ["p.yaml:9: unit: found 'kW', which cannot become V of voltage.a"]
    ),
    ("scale: 0.1", "scale: 0", ["p.yaml:9: scale: found '0', expected a factor other than 0"]),
    (
      "scale: 0.1", "scale: tenth",
      ["p.yaml:9: scale: found 'tenth', expected a decimal number (malformed)"]
    ),
    (
      "ratio: pt", "ratio: vt",
      ["p.yaml:9: ratio: found 'vt', expected one of none, pt, ct, pt_ct"]
    ),
    (
      "words: { closed: 0, open: 1 }", "words: { closed: 0, open: 1 }, scale: 2",
      ["p.yaml:10: words: values of words are not scaled: leave out scale and ratio"]
    ),
    (
      "  door: { metric: door.open, words: { closed: 0, open: 1 } }",
      "  U: { metric: voltage.a, unit: mV }",
      ["p.yaml:10: metric: the same metric is read from 'Ua'"]
    ),
    (
      "  door:", "  Ua.x:",
      ["p.yaml:1: 'Ua' is read as a value, and other paths lead through it"]
    ),
    (
      "topic: s/D-1/up", "topic: t/D-1/up",
      ["p.yaml:13: topic: 't/D-1/up' matches none of the profile's topics"]
    ),
    (
      "payload: '{\"Ua\":2298}'", "payload_hex: 7b 7",
      ["p.yaml:14: payload_hex: found '7', expected pairs of hex digits"]
    ),
    (
      "payload: '{\"Ua\":2298}'", "received: soon",
      [
        "p.yaml:12: payload: expected either payload or payload_hex",
        "p.yaml:14: received: found 'soon', expected a time such as 2026-03-01T08:00:00Z",
      ]
    ),
    (
      "kind: reading, metric", "sort: reading, metric",
      [
        "p.yaml:16: kind: is missing",
        "p.yaml:16: unknown key 'sort', expected one of alarm, code, device, key, kind, metric, "
          + "object, part, quality, reason, severity, state, text, time, unit, value",
      ]
    ),
  ]

  static let alarms = """
    alarms:
      code: Id
      match: ending
      table:
        "1": { alarm: Mains Lost }
        "2": { alarm: flood, severity: bad }
      state: { path: Flag, raised: [BEGIN], cleared: [BEGIN] }
    values:
      name: Id
      table: { a: { metric: voltage.b, unit: V } }

    """

  @Test func theSampleIsSound() throws {
    let profile = try Support.profile(Array(Self.sound.utf8))
    #expect(profile.runExamples() == [])
  }

  @Test(arguments: cases.indices)
  func mistakeIsReported(_ index: Int) {
    let (old, new, problems) = Self.cases[index]
    #expect(Self.sound.contains(old))
    #expect(problemsOf(Self.sound.replacing(old, with: new)) == problems)
  }

  @Test func everyMistakeIsReportedAtOnce() {
    #expect(
      problemsOf(Self.sound.replacing("examples:", with: Self.alarms + "examples:")) == [
        "p.yaml:13: match: found 'ending', expected one of exact, suffix, contains",
        "p.yaml:15: alarm: found 'Mains Lost', expected dotted lower-case words",
        "p.yaml:16: severity: found 'bad', expected one of info, minor, major, critical",
        "p.yaml:17: cleared: 'BEGIN' is given twice",
        "p.yaml:19: value: is missing",
      ])
  }

  @Test func aProfileWithoutExamplesOrMapping() {
    let bare = Self.sound.split(separator: "examples:")[0]
    #expect(
      problemsOf(String(bare)) == ["p.yaml:1: examples: is missing, expected at least one"])
    let empty = problemsOf("")
    #expect(empty.contains("p.yaml:1: topics: is missing"))
    #expect(empty.contains("p.yaml:1: maps nothing: metrics, values or alarms is missing"))
    // Mistakes in all rows are told, and not that there are none.
    let only = Self.sound.replacing("{ metric: ", with: "{ metric: x")
    #expect(!problemsOf(only).contains { $0.contains("maps nothing") })
    #expect(problemsOf("- 1").contains { $0.hasPrefix("p.yaml:1: found a list, expected") })
  }

  @Test func profilesThatClash() throws {
    let first = try Support.profile(Array(Self.sound.utf8), file: "a.yaml")
    let other = Self.sound.replacing("{device}", with: "{d}")
      .replacing("hardware", with: "device: \"{d}\"\nhardware")
    let second = try Support.profile(Array(other.utf8), file: "b.yaml")
    let log = ProblemLog()
    DeviceProfile.checkTogether([first, second], log: log)
    #expect(
      log.problems.map(\.description) == [
        "b.yaml:1: profile 'sample' is also defined in a.yaml",
        "b.yaml:1: topic pattern 's/{d}/up' matches the same topics as one of 'sample'",
      ])
  }

  @Test func anExampleThatDoesNotHoldIsReported() throws {
    let wrong = Self.sound.replacing("\"229.8\"", with: "\"229.80\"")
    let profile = try Support.profile(Array(wrong.utf8))
    #expect(
      profile.runExamples().map(\.description) == [
        "p.yaml:16: example 'one': value: found '229.8', expected '229.80', in "
          + #"{"kind":"reading","device":"D-1","metric":"voltage.a","value":"229.8","unit":"V","#
          + #""time":"2026-03-01T08:00:00.000Z","quality":"good"}"#
      ])
    let silent = Self.sound.replacing("Ua\":2298", with: "Ua\":null")
    let missing = try Support.profile(Array(silent.utf8)).runExamples().map(\.description)
    #expect(missing == ["p.yaml:16: example 'one': nothing more came out, after 0 objects"])
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
