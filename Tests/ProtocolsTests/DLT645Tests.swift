import Protocols
import TestSupport
import Testing

@Suite("DL/T 645")
struct DLT645Tests {
  /// Public frames whose sums were checked, and frames built by PyPI dlt645 3.2.0.
  @Test(
    "public frames",
    arguments: [
      ("68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8A 16", "00010000=0.26"),
      ("68 61 01 00 00 00 00 68 91 06 33 34 34 35 34 43 10 16", "02010100=100.1"),
      (
        "FE FE FE FE 68 60 07 92 04 00 91 68 91 08 33 33 33 33 97 35 A8 33 6A 16",
        "00000000=7502.64"
      ),
      ("FE FE FE FE 68 00 00 00 00 00 00 68 91 06 33 34 34 35 4C 56 D9 16", "02010100=231.9"),
      ("FE FE FE FE 68 85 14 16 00 18 15 68 81 06 43 C3 7B 95 43 33 BF 16", "9010=1062.48"),
      ("68 07 00 18 09 24 20 68 91 08 33 33 34 33 9A 78 56 34 3E 16", "00010000=12345.67"),
      ("68 07 00 18 09 24 20 68 91 08 33 35 34 33 3C 54 76 33 DD 16", "00010200=4321.09"),
      ("68 07 00 18 09 24 20 68 91 06 33 34 34 35 46 55 3E 16", "02010100=221.3"),
      ("68 07 00 18 09 24 20 68 91 07 33 34 35 35 AB 89 33 0C 16", "02020100=5.678"),
      ("68 07 00 18 09 24 20 68 91 07 33 34 35 35 AB 89 B3 8C 16", "02020100=-5.678"),
      ("68 07 00 18 09 24 20 68 91 07 33 33 36 35 78 56 34 A7 16", "02030000=1.2345"),
      ("68 07 00 18 09 24 20 68 91 07 33 33 36 35 78 56 B4 27 16", "02030000=-1.2345"),
      ("68 07 00 18 09 24 20 68 91 06 33 33 39 35 BA 3C 9D 16", "02060000=0.987"),
      ("68 07 00 18 09 24 20 68 91 06 35 33 B3 35 CB 7C 6A 16", "02800002=49.98"),
      ("68 07 00 18 09 24 20 68 91 08 33 35 C3 33 93 BB 33 33 E7 16", "00900200=88.60"),
      ("68 07 00 18 09 24 20 68 91 07 33 40 63 36 36 33 33 7C 16", "03300D00=3"),
      ("68 07 00 18 09 24 20 68 91 07 33 33 44 36 45 33 33 5F 16", "03110000=12"),
      (
        "68 07 00 18 09 24 20 68 91 0A 33 32 34 35 34 55 45 55 CC 54 E8 16",
        "02010100=220.1 02010200=221.2 02010300=219.9"
      ),
    ])
  func publicFrames(_ hex: String, _ expected: String) {
    for payload in [MeterFrames.bytes(hex), Array(hex.utf8), Array(hex.lowercased().utf8)] {
      var bench = MeterBench.dlt645()
      bench.read(payload)
      #expect(bench.points.joined(separator: " ") == expected)
      #expect(bench.sources.allSatisfy { $0.utf8.count == 12 })
      #expect(bench.faults == [])
      #expect(bench.line.isEmpty)
    }
  }

  @Test(
    "requests say nothing and are no fault",
    arguments: [
      "FE FE FE FE 68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16",
      "FE FE FE FE 68 61 01 00 00 00 00 68 11 04 33 34 34 35 17 16",
      "68 AA AA AA AA AA AA 68 11 04 35 37 33 37 B7 16",
      "FE FE FE FE 68 18 20 12 22 20 65 68 11 04 33 32 34 35 A4 16",
      "68 63 01 43 03 00 00 68 01 02 43 C3 83 16",
    ])
  func requests(_ hex: String) {
    var bench = MeterBench.dlt645()
    bench.read(MeterFrames.bytes(hex))
    #expect(bench.points == [] && bench.faults == [])
  }

  @Test("errors, foreign editions and broken frames are named")
  func faults() {
    let cases: [(String, String)] = [
      (
        "FE FE FE FE 68 60 07 92 04 00 91 68 D1 01 37 67 16",
        "frame[0]: found error 04: wrong password or not authorised (C=D1), expected a value"
      ),
      (
        "68 07 00 18 09 24 20 68 91 08 33 33 34 33 9A 78 56 34 3E 16"
          + "68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8B 16",
        "frame[1]: found checksum 8B, expected 8A"
      ),
      (
        "68 85 14 16 00 18 15 68 81 06 44 C3 7B 95 43 33 C0 16",
        "frame[0]: found a reply of DL/T 645-1997 (C=81, DI 9011), "
          + "expected DL/T 645-2007, or an identifier of 1997 that the profile lists"
      ),
      (
        "68 21 00 C3 05 00 00 00 00 00 00 00 1D DB 85 01 00 40 00 02 00 01 1C 07 EA 0A 07 0E 10 1A"
          + "00 00 E4 C5 16",
        "frame[0]: found a DL/T 698.45 frame, expected a DL/T 645 frame"
      ),
      (
        "68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8A 17",
        "byte[19]: found 17, expected 16"
      ),
      ("FF", "found 1 bytes FF, expected a DL/T 645 frame 68 … 68 C L … CS 16"),
    ]
    for (hex, expected) in cases {
      var bench = MeterBench.dlt645()
      bench.read(MeterFrames.bytes(hex))
      #expect(bench.faults == [expected])
    }
  }

  @Test("values that are none")
  func oddValues() {
    var bench = MeterBench.dlt645()
    bench.read(MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0xFF, 0xFF]))
    bench.read(MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x1A, 0x22]))
    bench.read(MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x13, 0x22, 0x00]))
    bench.read(MeterFrames.dlt645(control: 0x91, [0x03, 5, 0, 4, 0x02, 0x80]))
    bench.read(MeterFrames.dlt645(control: 0x91, [0, 0, 0, 0, 0x00, 0x00, 0x00, 0x80]))
    bench.read(MeterFrames.dlt645(control: 0x91, [9, 9, 9, 9, 1]))
    #expect(
      bench.points == [
        "02010100=missing", "04000503=32770", "00000000=0.00", "09090909=missing",
      ])
    #expect(
      bench.faults == [
        "frame[0].DI 02010100: found 22 1A, expected decimal digits",
        "frame[0].DI 02010100: found 3 bytes of value, expected 2",
      ])
    #expect(bench.reasons == ["bad_number", "incomplete"])
  }

  @Test("68 and 16 within address and data, noise between frames")
  func marksWithin() {
    let odd = MeterFrames.dlt645(
      address: [0x68, 0x16, 0x61, 0x00, 0x00, 0x68], control: 0x91, [0, 1, 1, 2, 0x35, 0x33])
    let inData = MeterFrames.dlt645(control: 0x91, [0, 0, 1, 0, 0x35, 0xE3, 0x35, 0x35])
    #expect(inData.contains(0x16) && inData.dropFirst().prefix(17).contains(0x68))
    var bench = MeterBench.dlt645()
    let plain = MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x13, 0x22])
    bench.read([0x68, 0x00, 0x16, 0xFE] + odd + [0x68, 0xFE, 0xFE] + plain + [0x16, 0x16])
    bench.read([0x68] + plain + [0x68, 0x68, 0x12] + odd)
    #expect(bench.points.filter { $0 == "02010100=333.5" }.count == 2)
    #expect(bench.points.filter { $0 == "02010100=221.3" }.count == 2)
    #expect(bench.faults == [])
  }

  @Test("a reply that goes on in the next frame")
  func followUp() {
    var bench = MeterBench.dlt645()
    bench.read(MeterFrames.dlt645(control: 0xB1, [0, 0xFF, 1, 2, 0x01, 0x22, 0x12]))
    #expect(bench.line.followUp?.rest == [0x12])
    bench.read(MeterFrames.dlt645(control: 0x92, [0, 0xFF, 1, 2, 0x22, 0x99, 0x21, 1]))
    #expect(bench.points == ["02010100=220.1", "02010200=221.2", "02010300=219.9"])
    #expect(bench.faults == [] && bench.line.isEmpty)
    bench.read(MeterFrames.dlt645(control: 0x92, [0, 0xFF, 1, 2, 0x22, 0x99, 0x21, 1]))
    #expect(bench.reasons == ["out_of_order"])
    bench.read(MeterFrames.dlt645(control: 0xB1, [0, 0xFF, 1, 2, 0x01, 0x22, 0x12]))
    bench.read(MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x13, 0x22]))
    #expect(bench.reasons == ["out_of_order", "incomplete"])
    bench.read(MeterFrames.dlt645(control: 0xB1, [0, 0xFF, 1, 2, 0x01, 0x22, 0x12]))
    bench.read(MeterFrames.dlt645(control: 0x92, [0, 0xFF, 1, 2, 0x22, 0x99, 0x21, 2]))
    #expect(
      bench.faults.last
        == "frame[0].DI 0201FF00: found part 2 of a reply that goes on, expected part 1")
  }

  @Test("the begin and end of an outage, also while it lasts, and a record that is not used")
  func periods() {
    var bench = MeterBench.dlt645()
    let begin: [UInt8] = [0x30, 0x15, 0x08, 0x28, 0x02, 0x26]
    let end: [UInt8] = [0x00, 0x00, 0x00, 0x01, 0x03, 0x26]
    let none = [UInt8](repeating: 0, count: 6)
    for record in [begin + end, begin + none, none + none, [0xFF] + begin.dropFirst() + end] {
      bench.read(MeterFrames.dlt645(control: 0x91, [1, 0, 0x11, 3] + record))
    }
    #expect(
      bench.points == [
        "03110001=yes@2026-02-28T00:15:30.000Z", "03110001=no@2026-02-28T16:00:00.000Z",
        "03110001=yes@2026-02-28T00:15:30.000Z",
      ])
    #expect(bench.list.points.allSatisfy { $0.isHistorical })
    #expect(bench.faults == [])
  }

  @Test("a record that is longer than its begin and end, in one frame and over two")
  func longPeriods() {
    let record: [UInt8] =
      [0x30, 0x15, 0x08, 0x28, 0x02, 0x26, 0x00, 0x00, 0x00, 0x01, 0x03, 0x26]
      + [UInt8](repeating: 0x11, count: 48)
    let code: [UInt8] = [1, 0x0D, 0x30, 3]
    let expected = [
      "03300D01=yes@2026-02-28T00:15:30.000Z", "03300D01=no@2026-02-28T16:00:00.000Z",
    ]
    var bench = MeterBench.dlt645()
    let isNew = bench.reader645.table.insert(0x0330_0D01, [("03300D01", .period(bytes: 60))])
    #expect(isNew)
    bench.read(MeterFrames.dlt645(control: 0x91, code + record))
    #expect(bench.points == expected && bench.faults == [])
    for cut in [1, 11, 12, 59] {
      bench.list.removeAll()
      bench.read(MeterFrames.dlt645(control: 0xB1, code + record.prefix(cut)))
      bench.read(MeterFrames.dlt645(control: 0x92, code + record.dropFirst(cut) + [1]))
      #expect(bench.points == expected && bench.faults == [], "cut after \(cut)")
    }
    bench.read(MeterFrames.dlt645(control: 0x91, code + record.prefix(12)))
    #expect(bench.faults == ["frame[0].DI 03300D01: found 12 bytes of value, expected 60"])
  }

  @Test(
    "texts and times",
    arguments: [
      ("NNNNNNNNNNNN", "000012345678", "'000012345678'"),
      ("NNNN", "0000", "'0000'"), ("NNNN", "FFFF", "missing"), ("NNNN", "A123", nil),
      ("NNNN", "123A", nil), ("NNNNNNNNNNNNNNNN", "9999999999999999", "'9999999999999999'"),
      // The clock is eight hours ahead of UTC.
      ("YYMMDDWW", "70010104", "3155731200"), ("YYMMDDWW", "00010106", "946656000"),
      ("YYMMDDWW", "00000000", "missing"), ("YYMMDDWW", "FFFFFFFF", "missing"),
      ("YYMMDDWW", "26023000", nil), ("YYMMDDWW", "2A020100", nil),
      ("hhmmss", "000000", "0"), ("hhmmss", "235959", "86399"), ("hhmmss", "246060", nil),
      ("hhmmss", "FFFFFF", "missing"), ("YYMMDDhhmm", "2403010000", "1709222400"),
      ("YYMMDDhhmm", "2602282461", nil), ("YYMMDDhhmmss", "260301000001", "1772294401"),
      ("YYMMDDWWhhmmss", "26030100000001", "1772294401"),
      ("YYMMDDWWhhmmss", "99123104235959", "4102415999"),
    ] as [(String, String, String?)])
  func textsAndTimes(_ format: String, _ digits: String, _ expected: String?) throws {
    var bench = MeterBench(.dlt645)
    let format = try #require(DLT645Format(format, isSigned: false))
    let isNew = bench.reader645.table.insert(0x0400_0000, [("clock", format)])
    #expect(isNew)
    let data = [0, 0, 0, 4] + MeterFrames.bytes(digits).reversed()
    bench.read(MeterFrames.dlt645(control: 0x91, data))
    #expect(bench.points == (expected.map { ["clock=\($0)"] } ?? []))
    #expect(bench.reasons == (expected == nil ? ["bad_number"] : []))
  }

  @Test("the address is read from its end")
  func address() {
    var bench = MeterBench.dlt645()
    bench.read(MeterFrames.bytes("68 07 00 18 09 24 20 68 91 06 33 34 34 35 46 55 3E 16"))
    #expect(bench.sources == ["202409180007"])
  }

  @Test("formats")
  func formats() {
    #expect(DLT645Format("XXXXXX.XX", isSigned: false)?.byteCount == 4)
    #expect(DLT645Format("X.XXX", isSigned: true)?.decimals == 3)
    #expect(DLT645Format("HHHH", isSigned: false)?.form == .bits)
    #expect(DLT645Format("NNNN", isSigned: false)?.form == .digits)
    #expect(DLT645Format("YYMMDDhhmm", isSigned: false)?.byteCount == 5)
    #expect(DLT645Format("YYMMDDhhmm", isSigned: true) == nil)
    #expect(DLT645Format("NNNN", isSigned: true) == nil)
    for text in [
      "", "X", "XXX", "X.X.X", "XXXX.", ".XX", "YY", "HH.HH", "XXHH", "NN.NN", "XXNN", "number",
      "period", "YYMMDD",
    ] {
      #expect(DLT645Format(text, isSigned: false) == nil, "\(text)")
    }
    #expect(DLT645Format("XXXXXXXXXXXXXXXXXX", isSigned: false) == nil)
  }
}
