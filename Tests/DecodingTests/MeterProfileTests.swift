import Decoding
import SiteModel
import Testing

/// Mistakes in the profile of a meter are reported with their line, in words that say what to
/// write.
@Suite struct MeterProfileTests {
  static let begin = """
    profile: sample
    title: { zh: 样例, en: Sample }
    hardware: meter
    topics: ["s/{device}/up"]
    silent_after_s: 60
    examples: [{ name: one, topic: s/D-1/up, payload_hex: FE, expect: [] }]

    """

  static let cases: [(text: String, problems: [String])] = [
    (
      """
      protocol: dlt645
      values:
        table:
          "02010100": { metric: voltage.a, unit: V, format: XXX }
          "0201010": { metric: voltage.b, unit: V, format: XXX.X }
          "02010300": { metric: voltage.c, unit: V }
        blocks:
          "0201FF00": ["02010100", "02010900"]
      """,
      [
        "p.yaml:10: format: found 'XXX', expected X, H or N for each digit, an even number up to "
          + "16, such as XXXXXX.XX, or a time such as YYMMDDhhmm",
        "p.yaml:10: table: '0201010' is no identifier of eight (or, for the edition of 1997, four) "
          + "hexadecimal digits, stands there twice, or has no values or more than 64",
        "p.yaml:12: format: is missing",
        "p.yaml:14: 0201FF00: '02010100' is not in the table",
      ]
    ),
    (
      """
      protocol: modbus
      registers: { slave: 300, blocks: [{ start: x, count: 126 }] }
      values:
        table:
          "x61": { metric: voltage.a, unit: V, type: u17, order: CBAD }
      """,
      [
        "p.yaml:8: slave: found '300', expected a whole number from 0 to 255",
        "p.yaml:8: count: found '126', expected a whole number from 1 to 125",
        "p.yaml:8: start: expected a register such as 0x0061 or 97",
        "p.yaml:11: type: found 'u17', expected one of u16, i16, u32, i32, u64, i64, f32, bcd, "
          + "bcd32",
        "p.yaml:11: order: found 'CBAD', expected one of ABCD, CDAB, BADC, DCBA",
        "p.yaml:11: type: 'x61' is no register, expected one such as 0x0061 or 97",
      ]
    ),
    (
      """
      protocol: dlt645
      device: meter.id
      values: { table: { "02010100": { metric: voltage.a, unit: V, format: XXX.X } } }
      """,
      ["p.yaml:8: device: must be a {name} of the topics, for frames only have addresses"]
    ),
    (
      """
      protocol: dlt645
      values:
        table: { "02010100": { metric: voltage.a, unit: V, format: XXX.X, type: u16 } }
        periods: { "03110001": { alarm: Mains, severity: bad, bytes: 11 } }
      """,
      [
        "p.yaml:9: unknown key 'type', expected one of change, format, instance, metric, ratio, "
          + "scale, signed, unit, words",
        "p.yaml:10: bytes: found '11', expected a whole number from 12 to 64",
        "p.yaml:10: alarm: found 'Mains', expected dotted lower-case words",
        "p.yaml:10: severity: found 'bad', expected one of info, minor, major, critical",
      ]
    ),
  ]

  @Test(arguments: cases.indices)
  func mistakesAreReported(_ index: Int) throws {
    let (text, problems) = Self.cases[index]
    do {
      _ = try Support.profile(Array((Self.begin + text).utf8))
      Issue.record("the profile was taken")
    } catch let found as Problems {
      #expect(found.all.map(\.description) == problems)
    }
  }
}
