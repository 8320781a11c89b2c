import Decoding
import Protocols
import SiteModel
import TestSupport
import Testing

/// Readings that come in several messages: complete, late, repeated, interrupted by a restart, and
/// cut at any place.
@Suite struct CompositeTests {
  static let yaml = """
    profile: composite
    title: { zh: 分包, en: Composite }
    hardware: any
    topics: ["x/{device}/{number}"]
    silent_after_s: 60
    assemble: { key: "{device}", end: { last: [true] }, wait_s: 60 }
    time: { path: ts, format: epoch_s }
    metrics:
      a: { metric: voltage.a, unit: V }
      b: { metric: voltage.b, unit: V }
      c: { metric: voltage.c, unit: V }
      d: { metric: current.a, unit: A }
      e: { metric: current.b, unit: A }
      f: { metric: current.c, unit: A }
    examples: [{ name: none, topic: x/g/1, payload: '{"last":true,"a":null}', expect: [] }]
    """

  private static func bench(_ yaml: String = yaml) throws -> Bench {
    Bench([try Support.profile(Array(yaml.utf8))])
  }

  private func send(_ bench: Bench, _ topic: String, _ payload: String, at second: Int) throws {
    let time = Timestamp(milliseconds: 1_772_352_000_000 + Int64(second) * 1000)
    try bench.decode(topic, Array(payload.utf8), at: time.description)
  }

  /// What came out, as `device metric value time`, and the rejections.
  private func outcome(_ bench: Bench) -> [String] {
    defer { bench.batch.removeAll() }
    return bench.batch.objects(bench.devices, Registry()).map { object in
      [object["device"], object["metric"], object["value"], object["time"], object["text"]]
        .compactMap { $0 }.joined(separator: " ")
    }
  }

  @Test func partsWaitForTheEnd() throws {
    let bench = try Self.bench()
    try send(bench, "x/D-1/1", #"{"a":1}"#, at: 0)
    try send(bench, "x/D-2/1", #"{"a":7}"#, at: 1)
    try send(bench, "x/D-1/2", #"{"b":2,"last":false}"#, at: 2)
    #expect(bench.batch.sightings.count == 3)
    #expect(outcome(bench) == [])
    try send(bench, "x/D-1/3", #"{"last":true}"#, at: 3)
    #expect(
      outcome(bench) == [
        "D-1 voltage.a 1 2026-03-01T08:00:03.000Z", "D-1 voltage.b 2 2026-03-01T08:00:03.000Z",
      ])
    // Nothing of it is left.
    try send(bench, "x/D-1/3", #"{"d":4,"last":true}"#, at: 4)
    #expect(outcome(bench) == ["D-1 current.a 4 2026-03-01T08:00:04.000Z"])
  }

  @Test func aStatedTimeIsTheTimeOfAllParts() throws {
    let bench = try Self.bench()
    try send(bench, "x/D-1/1", #"{"a":1}"#, at: 0)
    try send(bench, "x/D-1/2", #"{"b":2,"ts":1772351990}"#, at: 1)
    try send(bench, "x/D-1/3", #"{"c":3,"ts":1772351991,"last":true}"#, at: 2)
    let time = "2026-03-01T07:59:50.000Z"
    #expect(
      outcome(bench) == [
        "D-1 voltage.a 1 \(time)", "D-1 voltage.b 2 \(time)", "D-1 voltage.c 3 \(time)",
      ])
  }

  @Test func whatDoesNotEndInTimeIsTakenByALaterMessageOrByTime() throws {
    let late =
      "found 1 parts on 'x/D-1/1', and no last part in time, expected the part that ends "
      + "the reading; what came was taken"
    let bench = try Self.bench()
    try send(bench, "x/D-1/1", #"{"a":1}"#, at: 0)
    try send(bench, "x/D-1/1", #"{"a":2,"last":true}"#, at: 61)
    #expect(
      outcome(bench) == [
        "D-1 voltage.a 1 2026-03-01T08:00:00.000Z", "D-1 voltage.a 2 2026-03-01T08:01:01.000Z",
        late,
      ])
    try send(bench, "x/D-1/1", #"{"a":3}"#, at: 100)
    bench.batch.removeAll()
    let due = Timestamp(milliseconds: 1_772_352_160_000)
    #expect(!bench.decoder.isDue(due))
    bench.decoder.tick(due, devices: &bench.devices, into: &bench.batch)
    #expect(outcome(bench) == [])
    let later = due.advanced(byMilliseconds: 1)
    #expect(bench.decoder.isDue(later))
    bench.decoder.tick(later, devices: &bench.devices, into: &bench.batch)
    #expect(bench.batch.sightings == [])
    #expect(outcome(bench) == ["D-1 voltage.a 3 2026-03-01T08:01:40.000Z", late])
    #expect(!bench.decoder.isDue(later))
  }

  @Test func aPartTwiceAPartWithoutFieldsAndABrokenOne() throws {
    let bench = try Self.bench()
    try send(bench, "x/D-1/1", #"{"a":1}"#, at: 0)
    try send(bench, "x/D-1/1", #"{"a":1}"#, at: 0)
    try send(bench, "x/D-1/2", #"{"b":"#, at: 1)
    try send(bench, "x/D-1/2", #"{"b":"x"}"#, at: 1)
    try send(bench, "x/D-1/3", #"{"z":1}"#, at: 2)
    try send(bench, "x/D-1/4", #"{"last":true}"#, at: 3)
    #expect(
      outcome(bench) == [
        "D-1 voltage.a 1 2026-03-01T08:00:03.000Z",
        "D-1 found a document that is cut off, expected one JSON object or list",
        "D-1 b: found 'x', expected a decimal number",
      ])
    try send(bench, "x/D-1/4", #"{"last":true}"#, at: 9)
    #expect(
      outcome(bench) == [
        "D-1 found only names that are not mapped: last, expected at least one field of profile "
          + "'composite'"
      ])
  }

  @Test func tooManyPartsAndTooManyReadings() throws {
    let bench = try Self.bench()
    for number in 0..<65 { try send(bench, "x/D-1/\(number)", #"{"a":\#(number)}"#, at: 0) }
    #expect(bench.batch.readings.count == 64)
    #expect(bench.batch.rejections.map(\.reason.rawValue) == ["incomplete"])
    bench.batch.removeAll()
    for number in 0..<1_000 { try send(bench, "x/E-\(number)/1", #"{"a":1}"#, at: 1) }
    #expect(outcome(bench).first == "D-1 voltage.a 64 2026-03-01T08:00:00.000Z")
  }

  @Test func aRetainedCopyIsTakenByItself() throws {
    let bench = try Self.bench()
    try bench.decode("x/D-1/1", Array(#"{"a":1}"#.utf8), retained: true)
    #expect(outcome(bench) == ["D-1 voltage.a 1 2026-03-01T08:00:00.000Z"])
  }

  @Test func aKeyInThePayload() throws {
    let yaml = Self.yaml.replacing("\"{device}\"", with: "frame")
    let bench = try Self.bench(yaml)
    try send(bench, "x/D-1/1", #"{"frame":7,"a":1}"#, at: 0)
    try send(bench, "x/D-1/1", #"{"frame":8,"b":2,"last":true}"#, at: 1)
    #expect(outcome(bench) == ["D-1 voltage.b 2 2026-03-01T08:00:01.000Z"])
    try send(bench, "x/D-1/1", #"{"frame":"7","last":true}"#, at: 2)
    #expect(outcome(bench) == ["D-1 voltage.a 1 2026-03-01T08:00:02.000Z"])
  }

  /// Any way to split a reading into parts, with repeats and a restart on the way, gives the same
  /// readings as one message.
  @Test(arguments: 0..<200) func anySplitGivesTheSame(_ seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let fields = ["a", "b", "c", "d", "e", "f"].shuffled(using: &random)
    let values = fields.map { "\"\($0)\":\(Int.random(in: 1...400, using: &random))" }
    let whole = try Self.bench()
    try send(whole, "x/D-1/1", "{" + values.joined(separator: ",") + #","last":true}"#, at: 50)
    let expected = outcome(whole).sorted()
    #expect(expected.count == 6)

    var bench = try Self.bench()
    var found: [String] = []
    var rest = values[...]
    var second = 0
    while !rest.isEmpty {
      let part = rest.prefix(Int.random(in: 0...rest.count, using: &random))
      rest = rest.dropFirst(part.count)
      if rest.isEmpty, Bool.random(using: &random) {
        rest = part
        break
      }
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        try send(bench, "x/D-1/1", "{" + part.joined(separator: ",") + "}", at: second)
      }
      second = min(49, second + Int.random(in: 0...20, using: &random))
      found += outcome(bench)
      if Bool.random(using: &random) { bench = try restarted(bench) }
    }
    try send(
      bench, "x/D-1/1", "{" + (rest + ["\"last\":true"]).joined(separator: ",") + "}", at: 50)
    found += outcome(bench)
    #expect(found.sorted() == expected, "seed \(seed)")
  }

  private func restarted(_ bench: Bench) throws -> Bench {
    var writer = ByteWriter()
    bench.decoder.write(to: &writer)
    let next = try Self.bench()
    next.devices = bench.devices
    try writer.bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      try next.decoder.restore(from: &reader)
      #expect(reader.isAtEnd)
    }
    return next
  }
}
