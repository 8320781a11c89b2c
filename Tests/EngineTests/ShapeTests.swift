import Engine
import Testing
import TestSupport

/// Messages that want the same profile have the same shape, and others do not.
@Suite struct ShapeTests {
  private let reader = ShapeFinder()

  private func shape(_ topic: String, _ payload: [UInt8]) -> FoundShape {
    let padded = payload + [UInt8](repeating: 0x7D, count: Batch.padding)
    return Array(topic.utf8).withUnsafeBytes { topic in
      padded.withUnsafeBytes { bytes in
        reader.shape(
          topic: topic, payload: UnsafeRawBufferPointer(rebasing: bytes[0..<payload.count]))
      }
    }
  }

  private func shape(_ topic: String, _ payload: String) -> FoundShape {
    shape(topic, Array(payload.utf8))
  }

  @Test(arguments: [
    ("acme/S-17/meter/00123/up", "acme/+/meter/{device}/up"),
    ("acme/v1/meter/A1B2/up", "acme/v1/meter/{device}/up"),
    ("modbus/dlt645/up", "modbus/dlt645/up"), ("5g/site/state", "5g/site/state"),
    ("a//b", "a//b"), ("a/{x}/b", "a/{device}/b"),
    ("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/{device}/#"),
    (String(repeating: "x", count: 65), "{device}"), ("", ""),
  ]) func topics(_ topic: String, _ pattern: String) { #expect(shape(topic, "").topic == pattern) }

  @Test func valuesAndNamesMakeNoDifference() {
    let first = shape(
      "acme/M-1/up", #"{"ts":1772352000,"Ua":229.8,"list":[{"v":1},{"v":2,"w":"x"}]}"#)
    let second = shape("acme/M-2/up", #" {"list":[{"w":"y","v":7}],"Ua":0,"ts":1}"#)
    #expect(first == second)
    #expect(ShapeID(first.id.description) == first.id && ShapeID("12") == nil)
    #expect("\(ShapeID(number: 255))" == "0000000000ff")
    #expect(first.id.description.count == 12)
    #expect(
      first.payload == "JSON: Ua number, list[*].v number, list[*].w text, ts number")
    // Keys that are names of things fall together too; those of eight digits are codes.
    #expect(
      shape("a", #"{"863012345678901":{"u":1}}"#) == shape("a", #"{"864999999999999":{"u":2}}"#))
    #expect(shape("a", #"{"02010100":1}"#) != shape("a", #"{"02010200":1}"#))
  }

  @Test func birthsOfSparkplugAreNamesOfMetrics() {
    func birth(_ value: Double, _ names: [String]) -> [UInt8] {
      var writer = SparkplugPayload(time_ms: 1_772_352_000_000, sequence: 1)
      writer.add(SparkplugPayload.Metric("bdSeq", type: 8, .long(7)))
      for name in names {
        writer.add(SparkplugPayload.Metric(name, type: 10, value < 0 ? .null : .double(value)))
      }
      return writer.bytes
    }
    let first = shape("spBv1.0/G/DBIRTH/E1/D1", birth(1, ["Pump/Speed", "Ua", "Node Info/x"]))
    #expect(first.payload == "Sparkplug B: Pump/Speed number, Ua number")
    #expect(first == shape("spBv1.0/G/DBIRTH/E2/D9", birth(-1, ["Ua", "Pump/Speed"])))
    #expect(first != shape("spBv1.0/G/DBIRTH/E1/D1", birth(1, ["Ua"])))
    // Data name what changed, which is another set each time.
    let data = shape("spBv1.0/G/DDATA/E1/D1", birth(1, ["Ua"]))
    #expect(data == shape("spBv1.0/G/DDATA/E1/D1", birth(1, ["Ub"])))
  }

  @Test func otherTopicsKeysAndTypesAreOtherShapes() {
    let shapes = [
      shape("acme/M-1/up", #"{"u":1}"#), shape("acme/M-1/down", #"{"u":1}"#),
      shape("acme/M-1/up", #"{"u":"1"}"#), shape("acme/M-1/up", #"{"u":"on"}"#),
      shape("acme/M-1/up", #"{"u":true}"#), shape("acme/M-1/up", #"{"u":null}"#),
      shape("acme/M-1/up", #"{"u":{}}"#), shape("acme/M-1/up", #"{"v":1}"#),
      shape("acme/M-1/up", #"[{"u":1}]"#),
    ]
    #expect(Set(shapes.map(\.id)).count == shapes.count)
  }

  @Test(arguments: [
    ("", "empty"), ("  \n", "empty"), ("{\"a\":", "JSON with an error: malformed"),
    ("<a><b x=\"1\">2</b></a>", "XML: a.b.#text numeric text, a.b.@x numeric text"),
    ("<a><b>", "XML with an error: malformed"), ("U=229.8;I=0.5\r\n", "text: U=0.0;I=0.0"),
    ("681122334455666811004616", "hexadecimal digits: DL/T 645"),
    ("01 03 02 00 01 79 84", "hexadecimal digits: Modbus RTU"),
    ("0102030405", "hexadecimal digits: unknown"),
  ]) func texts(_ payload: String, _ description: String) {
    #expect(shape("a", payload).payload == description)
  }

  @Test(arguments: [
    ("fefe68aaaaaaaaaaaa68110433333333" + "4b16", "binary: unknown"),
    ("fefe681122334455666811004616", "binary: DL/T 645"),
    ("681700430000000000001000000000000000000000000000" + "16", "binary: DL/T 698.45"),
    ("010302000179" + "84", "binary: Modbus RTU"), ("1f8b0800", "binary: gzip"),
    ("a2617501617602", "CBOR: u number, v number"), ("0801120361626300", "binary: unknown"),
    ("08011203616263", "binary: protobuf, perhaps"), ("00ff", "binary: unknown"),
  ]) func binaries(_ hex: String, _ description: String) throws {
    let digits = Array(hex)
    let bytes = try stride(from: 0, to: digits.count, by: 2).map {
      try #require(UInt8(String(digits[$0...($0 + 1)]), radix: 16))
    }
    #expect(shape("a", bytes).payload == description)
  }

  @Test func whateverComesIsBounded() {
    let many = "{" + (0..<5_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
    let built = reader.payload(Array(many.utf8))
    #expect(built.fields.count == PayloadShape.fieldLimit && built.isCut)
    #expect(built.description.count < 260)
    let deep = String(repeating: "{\"a\":", count: 20) + "1" + String(repeating: "}", count: 20)
    #expect(reader.payload(Array(deep.utf8)).isCut)
    let long = [UInt8](repeating: 0x5B, count: PayloadShape.lengthLimit + 1)
    #expect(reader.payload(long).kind == .large)
  }

  @Test func randomBytesAreNoTrouble() {
    var fuzz = PayloadFuzz(
      seeds: [
        Array(#"{"a":[1,{"b":"2"}],"c":null}"#.utf8), Array("<a><b>1</b></a>".utf8),
        [0x68, 1, 2, 3, 4, 5, 6, 0x68, 0x11, 4, 1, 2, 3, 4, 9, 0x16], [0xA1, 0x61, 0x61, 1],
        Array("681122334455666811004616".utf8),
      ], fragments: [[0xFE], Array("{".utf8), Array("<".utf8)], seed: 17)
    for _ in 0..<20_000 {
      let bytes = fuzz.next().bytes
      let found = shape(String(decoding: bytes.prefix(60), as: UTF8.self), bytes)
      if found.id.number < 0 || found.payload.count > 300 { Issue.record("\(found)") }
    }
  }
}
