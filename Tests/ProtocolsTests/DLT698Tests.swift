import Protocols
import TestSupport
import Testing

@Suite("DL/T 698.45")
struct DLT698Tests {
  @Test(
    "public requests say nothing and are no fault",
    arguments: [
      "68 17 00 43 05 11 11 11 11 11 11 10 6A 36 05 01 00 40 03 02 00 00 9B 3A 16",
      "68 17 00 43 05 39 12 19 08 37 00 0B 63 10 05 01 10 00 10 02 00 00 65 5F 16",
    ])
  func requests(_ hex: String) {
    var bench = MeterBench(.dlt698)
    bench.read(MeterFrames.bytes(hex))
    bench.read(Array(hex.utf8))
    #expect(bench.points == [] && bench.faults == [])
  }

  @Test("the clock of a public frame")
  func clock() {
    var bench = MeterBench(.dlt698)
    bench.read(
      MeterFrames.bytes(
        "68 21 00 C3 05 00 00 00 00 00 00 00 1D DB 85 01 00 40 00 02 00 01 1C 07 EA 0A 07 0E 10"
          + "1A 00 00 E4 C5 16"))
    #expect(bench.points == ["40000200='2026-10-07T14:16:26'"])
    #expect(bench.faults == [])
  }

  @Test("members of arrays, lists of results and errors")
  func results() {
    var bench = MeterBench(.dlt698)
    bench.read(
      MeterFrames.dlt698([
        0x85, 1, 0, 0, 0x10, 2, 0, 1, 1, 2, 6, 0, 0, 0x30, 0x39, 6, 0, 0, 0, 7, 0, 0,
      ]))
    bench.read(
      MeterFrames.dlt698([
        0x85, 2, 0, 3, 0x20, 0, 2, 0, 1, 1, 3, 18, 8, 0xFC, 18, 0xFF, 0xFF, 0, 0x20, 4, 2, 1, 1,
        5, 0xFF, 0xFF, 0xFF, 0xFE, 0x20, 0x0A, 2, 0, 0, 4, 0, 0,
      ]))
    #expect(
      bench.points == [
        "00100201=12345", "00100202=7", "20000201=2300", "20000202=65535", "20000203=missing",
        "20040201=-2",
      ])
    #expect(
      bench.faults == ["frame[0].200A0200: found error 4: object not defined, expected a value"])
  }

  @Test("a report of records: meter and time stand in columns of their own")
  func records() {
    let columns: [UInt8] = [
      3, 0, 0x20, 0x2A, 2, 0, 1, 0x50, 0x04, 2, 0, 2, 0x20, 0x21, 2, 0, 0, 0x10, 2, 0, 0, 0x20, 0,
      2, 0,
    ]
    let row: [UInt8] =
      [85, 7, 5, 0, 0, 0, 0, 1, 0x61] + [28, 7, 0xEA, 3, 1, 0, 0, 0] + [1, 1, 6, 0, 0, 0, 100]
      + [1, 1, 18, 0x08, 0xFC]
    var bench = MeterBench(.dlt698)
    bench.read(
      MeterFrames.dlt698(
        control: 0x83, [0x88, 2, 0, 1, 0x60, 0x12, 3, 0] + columns + [1, 1] + row + [0, 0]))
    let time = "@2026-02-28T16:00:00.000Z"
    #expect(
      bench.points == [
        "202A0200='000000000161'" + time,
        "20210200='2026-03-01T00:00:00'" + time,
        "00100201=100" + time, "20000201=2300" + time,
      ])
    #expect(Set(bench.sources) == ["000000000161"])
    #expect(bench.faults == [])
  }

  @Test("types")
  func types() {
    let values: [([UInt8], String)] = [
      ([3, 1], "yes"), ([15, 0xFF], "-1"), ([16, 0x80, 0], "-32768"), ([17, 200], "200"),
      ([20] + [UInt8](repeating: 0xFF, count: 8), "-1"),
      ([21] + [UInt8](repeating: 0xFF, count: 8), "18446744073709551615"), ([22, 3], "3"),
      ([6, 0xFF, 0xFF, 0xFF, 0xFF], "missing"), ([5, 0xFF, 0xFF, 0xFF, 0xFF], "-1"),
      ([23, 0x40, 0x49, 0x0F, 0xDB], "3.1415927"), ([23, 0x7F, 0xC0, 0, 0], "missing"),
      ([24, 0x3F, 0xB9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A], "0.1"), ([10, 2, 0x41, 0x42], "'AB'"),
      ([9, 2, 0x41, 0x42], "'4142'"), ([4, 9, 0x80, 0x80], "'8080'"),
      ([25, 7, 0xEA, 3, 1, 7, 8, 0, 0, 0, 0], "'2026-03-01T08:00:00'"),
      ([28, 0xFF, 0xFF, 3, 1, 8, 0, 0], "missing"), ([0], "missing"),
      ([2, 2, 2, 2, 6, 0, 0, 0, 9, 28, 7, 0xEA, 3, 1, 8, 0, 0, 17, 1], "9"),
    ]
    for (bytes, expected) in values {
      var bench = MeterBench(.dlt698)
      bench.read(MeterFrames.dlt698([0x85, 1, 0, 1, 2, 3, 0, 1] + bytes + [0, 0]))
      #expect(bench.points.first?.split(separator: "=").last.map(String.init) == expected)
      #expect(bench.faults == [])
    }
  }

  @Test("wrong checks, foreign frames and broken units are named")
  func faults() {
    let good = MeterFrames.dlt698([0x85, 1, 0, 0, 0x10, 2, 0, 1, 6, 0, 0, 0, 9, 0, 0])
    var badHeader = good
    badHeader[12] ^= 1
    var badFrame = good
    badFrame[good.count - 2] ^= 0xFF
    let cut = MeterFrames.dlt698([0x85, 1, 0, 0, 0x10, 2, 0, 1, 6, 0, 0])
    let odd = MeterFrames.dlt698([0x85, 1, 0, 0, 0x10, 2, 0, 1, 77, 0, 0])
    let segment = MeterFrames.dlt698(control: 0xE3, [0, 0, 0x85, 3])
    let foreign = MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x13, 0x22])
    let secured = MeterFrames.dlt698([0x90, 0, 0])
    let scenes: [([UInt8], String, String)] = [
      (badHeader, "bad_checksum", "frame[0]: found header check (HCS)"),
      (badFrame, "bad_checksum", "frame[0]: found frame check (FCS)"),
      (cut, "incomplete", "frame[0].APDU[11]: found the end of the frame"),
      (odd, "wrong_type", "frame[0].APDU[8]: found 4D, expected a known type"),
      (segment, "incomplete", "frame[0]: found a segment"),
      (foreign, "other_protocol", "frame[0]: found a DL/T 645 frame"),
      (secured, "other_protocol", "frame[0]: found SECURITY-Response (90)"),
    ]
    for (payload, reason, text) in scenes {
      var bench = MeterBench(.dlt698)
      bench.read(payload)
      #expect(bench.reasons == [reason])
      #expect(bench.faults.first?.hasPrefix(text) == true, "\(bench.faults)")
      #expect(bench.points == [])
    }
  }

  @Test("a scrambled unit, and a 645 frame carried within a 698 one")
  func tunnels() {
    let unit: [UInt8] = [0x85, 1, 0, 0, 0x10, 2, 0, 1, 6, 0, 0, 0, 9, 0, 0]
    var bench = MeterBench(.dlt698)
    bench.read(MeterFrames.dlt698(control: 0xCB, unit.map { $0 &+ 0x33 }))
    #expect(bench.points == ["00100200=9"])
    let inner = MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x13, 0x22])
    let outer = MeterFrames.dlt698([0x85, 1, 0, 1, 2, 3, 0, 1, 9, UInt8(inner.count)] + inner)
    var meters = MeterBench.dlt645()
    meters.read(outer)
    #expect(meters.points == [] && meters.reasons == ["other_protocol"])
  }
}
