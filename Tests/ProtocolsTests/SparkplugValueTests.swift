import Protocols
import SiteModel
import TestSupport
import Testing

/// Every data type of Sparkplug B becomes the points that it should.
@Suite struct SparkplugValueTests {
  typealias Metric = SparkplugPayload.Metric

  @Test(
    arguments: [
      (1, SparkplugPayload.Value.int(0xFF), "x=-1"), (1, .int(0xFFFF_FFFF), "x=-1"),
      (2, .int(0x8000), "x=-32768"), (3, .int(0xFFFF_FFFE), "x=-2"), (3, .int(7), "x=7"),
      (4, .long(UInt64.max), "x=-1"), (4, .long(1 << 40), "x=1099511627776"),
      (5, .int(255), "x=255"), (6, .int(65_535), "x=65535"),
      (7, .int(UInt32.max), "x=4294967295"), (7, .long(4_294_967_295), "x=4294967295"),
      (8, .long(999_999_999_999_999_999), "x=999999999999999999"),
      (9, .float(230.1), "x=230.1"), (9, .float(0.1), "x=0.1"), (9, .float(-0.0), "x=0"),
      (9, .float(16_777_216), "x=16777216"), (9, .float(1e-7), "x=0.0000001"),
      (10, .double(48_231.52), "x=48231.52"),
      (10, .double(.leastNonzeroMagnitude), "x=0.000000000000000000"),
      (10, .double(1e18), "x=1000000000000000000"),
      (10, .double(1.5e-17), "x=0.000000000000000015"),
      (11, .boolean(true), "x=true"), (11, .int(0), "x=false"),
      (12, .string("电表"), "x='电表'"), (14, .string(""), "x=''"), (15, .string("a-b"), "x='a-b'"),
      (13, .long(1_772_352_000_123), "x=1772352000123"), (3, .null, "x=missing"),
      (nil, .int(7), "x=7"), (nil, .float(1.5), "x=1.5"),
    ] as [(UInt32?, SparkplugPayload.Value, String)])
  func plainValue(type: UInt32?, value: SparkplugPayload.Value, expected: String) throws {
    #expect(try points([Metric("x", type: type, value)]) == [expected])
  }

  /// A binary fraction becomes what Swift prints for it, digit for digit, however it is found.
  @Test func fractionsBecomeTheirShortestDecimals() throws {
    var random = SeededGenerator(seed: 92)
    for _ in 0..<20_000 {
      let digits = Int64.random(in: -9_999_999_999_999_999...9_999_999_999_999_999, using: &random)
      let short = digits >> Int64.random(in: 0...40, using: &random)
      let powers: [Double] = [10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e9]
      let power = powers[Int.random(in: 0..<powers.count, using: &random)]
      let double = Double(short) / power
      let float = Float(short % 10_000_000) / Float(power)
      let found =
        try points([Metric("d", type: 10, .double(double))])
        + points([Metric("f", type: 9, .float(float))])
      for (text, written) in zip(found, [double.description, float.description]) {
        let value = try ExactDecimal(parsing: text.dropFirst(2))
        #expect(value.normalized == (try ExactDecimal(parsing: written)).normalized, "\(written)")
      }
    }
  }

  @Test(
    arguments: [
      (22, [0xFF, 1], ["x[0]=-1", "x[1]=1"]), (23, [0, 0x80], ["x[0]=-32768"]),
      (24, [0xFE, 0xFF, 0xFF, 0xFF], ["x[0]=-2"]),
      (25, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], ["x[0]=-1"]),
      (26, [0xFF], ["x[0]=255"]), (27, [1, 2], ["x[0]=513"]), (28, [1, 0, 0, 0], ["x[0]=1"]),
      (29, [2, 0, 0, 0, 0, 0, 0, 0], ["x[0]=2"]), (30, [0, 0, 0xC0, 0x3F], ["x[0]=1.5"]),
      (31, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], ["x[0]=1.5"]),
      (32, [3, 0, 0, 0, 0b1010_0000], ["x[0]=true", "x[1]=false", "x[2]=true"]),
      (33, [0x61, 0, 0, 0x62, 0], ["x[0]='a'", "x[1]=''", "x[2]='b'"]),
      (34, [1, 0, 0, 0, 0, 0, 0, 0], ["x[0]=1"]), (30, [], []), (17, [1, 2], []), (18, [1], []),
    ] as [(UInt32, [UInt8], [String])])
  func array(type: UInt32, bytes: [UInt8], expected: [String]) throws {
    #expect(try points([Metric("x", type: type, .bytes(bytes))]) == expected)
  }

  @Test func tablesAndStructuresAreFlattened() throws {
    let table = SparkplugPayload.table(
      [("u", 9), ("n", 12)], [[.float(1.5), .string("a")], [.float(2.5), .string("b")]])
    let inner = SparkplugPayload.structure([Metric("c", type: 3, .int(5))])
    let structure = SparkplugPayload.structure([
      Metric("i", type: 19, inner), Metric("t", type: 16, table),
    ])
    #expect(
      try points([Metric("m", type: 19, structure)]) == [
        "m/i/c=5", "m/t/u[0]=1.5", "m/t/n[0]='a'", "m/t/u[1]=2.5", "m/t/n[1]='b'",
      ])
    let definition = SparkplugPayload.structure([Metric("c", type: 3, .null)], isDefinition: true)
    #expect(try points([Metric("m", type: 19, definition)]) == [])
  }

  @Test(arguments: [
    (Metric("x", type: 9, .float(.nan)), "bad_number metrics[0] 'x': nan, not a number"),
    (Metric("x", type: 10, .double(1e300)), "number_too_long metrics[0] 'x'"),
    (Metric("x", type: 8, .long(.max)), "number_too_long metrics[0] 'x'"),
    (Metric("x", .int(.max)), "incomplete metrics[0] 'x'"),
    (Metric("x", type: 28, .bytes([1])), "malformed metrics[0] 'x'"),
    (Metric("x", type: 32, .bytes([9, 0, 0, 0, 1])), "malformed metrics[0] 'x'"),
    (Metric(String(repeating: "n", count: 513), type: 3, .int(1)), "too_large metrics[0]"),
  ])
  func fault(metric: Metric, expected: String) throws {
    let list = try decoded([metric])
    #expect(list.points.isEmpty)
    let fault = try #require(list.faults.first)
    #expect("\(fault.reason.rawValue) \(fault.part)".hasPrefix(expected.split(separator: ":")[0]))
  }

  @Test func structuresInsideEachOtherHaveALimit() throws {
    var metric = Metric("m", type: 3, .int(1))
    for _ in 0..<8 { metric = Metric("m", type: 19, SparkplugPayload.structure([metric])) }
    #expect(try points([metric]).count == 1)
    metric = Metric("m", type: 19, SparkplugPayload.structure([metric]))
    #expect(throws: WireFault.self) { try SparkplugValueTests.check(metric) }
  }

  @Test func timesAndMarksAreKept() throws {
    var old = Metric("b", type: 3, time_ms: 1000, .int(2))
    old.isHistorical = true
    var bad = Metric("c", type: 3, .int(3))
    bad.quality = 500
    var good = Metric("d", type: 3, .int(3))
    good.quality = 192
    var split = bad
    split.hasSplitProperties = true
    let list = try decoded([Metric("a", type: 3, .int(1)), old, bad, good, split], time_ms: 77)
    #expect(list.points.map(\.time?.milliseconds) == [77, 1000, 77, 77, 77])
    #expect(list.points.map(\.isHistorical) == [false, true, true, false, true])
  }

  @Test func aCommandIsReadAsItIsMeant() throws {
    let now = Timestamp(milliseconds: 1_772_352_000_000)
    let bytes = SparkplugMessage.rebirthCommand(at: now)
    var expected = SparkplugPayload(time_ms: 1_772_352_000_000)
    expected.add(
      Metric("Node Control/Rebirth", type: 11, time_ms: 1_772_352_000_000, .boolean(true)))
    #expect(bytes == expected.bytes)
  }

  private static func check(_ metric: Metric) throws {
    let list = try SparkplugValueTests().decoded([metric])
    if let fault = list.faults.first { throw fault }
  }

  private func decoded(_ metrics: [Metric], time_ms: UInt64? = nil) throws -> PointList {
    var payload = SparkplugPayload(time_ms: time_ms, sequence: 1)
    for metric in metrics { payload.add(metric) }
    return try payload.bytes.withUnsafeBytes { bytes in
      let message = try #require(SparkplugMessage(bytes))
      var list = PointList()
      for position in 0..<message.count {
        _ = message.addPoints(
          at: position, name: Array((message.name(at: position) ?? "").utf8)[...],
          type: message.type(at: position), to: &list)
      }
      return list
    }
  }

  private func points(_ metrics: [Metric]) throws -> [String] {
    let list = try decoded(metrics)
    #expect(list.faults == [])
    func text(_ range: Range<Int>) -> String { String(decoding: list.bytes[range], as: UTF8.self) }
    return list.points.map { point in
      switch point.value {
      case .number(let number): "\(text(point.name))=\(number)"
      case .truth(let truth): "\(text(point.name))=\(truth)"
      case .text(let range): "\(text(point.name))='\(text(range))'"
      case .missing: "\(text(point.name))=missing"
      }
    }
  }
}
