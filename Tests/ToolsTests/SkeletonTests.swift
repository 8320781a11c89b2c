import Engine
import Foundation
import Setup
import SiteModel
import Storage
import TestSupport
import Testing

@testable import Tools

/// A suggested profile needs little to become a real one, and says where.
@Suite struct SkeletonTests {
  private let scene: UnknownScene

  init() throws { scene = try UnknownScene() }

  private func skeleton(_ topic: String, _ payload: String) throws -> String {
    try scene.receive([(topic, payload)])
    let tool = try DeviceUnknownTool(settings: scene.settings)
    let shapes = try scene.reader().unknownShapes()
    let shape = try #require(shapes.first { $0.sample.topic == Array(topic.utf8) })
    let lines = try #require(try tool.skeleton(of: "\(shape.shape)"))
    return lines.joined(separator: "\n")
  }

  private func check() -> [String] {
    Inspection.problems(ofConfiguration: scene.settings.file).map(\.text)
  }

  @Test func aSimpleMeterNeedsOnlyItsExpectations() throws {
    let text = try skeleton(
      "acme/plant/M-0001/up",
      #"{"ts":1772351940,"Ua":229.8,"Ub":2301,"Ia":0.5,"P":117,"kwh":1203.44,"sn":"X1","fw":"1"}"#
    )
    #expect(text.contains("topics: [\"acme/plant/{device}/up\"]"))
    #expect(text.contains("time:\n  - { path: \"ts\", format: epoch_s }"))
    #expect(text.contains("\n  \"Ua\": { metric: voltage.a, unit: \"V\" }  # found 229.8\n"))
    #expect(text.contains("\n  \"Ub\": { metric: voltage.b, unit: \"V\", scale: 0.1 }"))
    #expect(text.contains("\n  # \"P\": { metric: power.active.total, unit: \"kW\" }  # perhaps"))
    #expect(text.contains("\n  \"kwh\": { metric: energy.active.import.total, unit: \"kWh\" }"))
    #expect(!text.contains("  \"sn\":") && !text.contains("# \"sn\":"))
    _ = try scene.folder.write(text, to: "devices/acme.yaml")
    // What is left to fill is what comes out, and that is said.
    let problems = check()
    #expect(problems.count == 4)
    #expect(problems.allSatisfy { $0.hasPrefix("example 'as it was received': also came out: {") })
    let objects = problems.map { String($0.drop { $0 != "{" }) }
    _ = try scene.folder.write(
      text.replacing("expect: []", with: "expect: [\(objects.joined(separator: ", "))]"),
      to: "devices/acme.yaml")
    #expect(check() == [])
    _ = try DeviceReplayTool(settings: scene.settings).run(
      now: { Timestamp(milliseconds: UnknownScene.received + 1) }, told: { _ in })
    #expect(try scene.voltages("M-0001") == ["2026-03-01T07:59:00.000Z 229.8 good"])
    #expect(try scene.reader().unknownShapes() == [])
  }

  @Test func aListOfMetersBehindAGateway() throws {
    let text = try skeleton(
      "gw/GW-01/data",
      #"""
      {"sendTime":"2026-03-01 15:59:00","gw":"GW-01","data":[
      {"meterId":"000012345678","voltage":{"a":229.8,"b":230.1},"epi":12.5},
      {"meterId":"000012345679","voltage":{"a":229.9,"b":230.2},"epi":13.5}]}
      """#)
    #expect(text.contains("topics: [\"gw/{gateway}/data\"]"))
    #expect(text.contains("device: \"meterId\"\nrecords: \"data[*]\"\n"))
    #expect(text.contains("{ path: \"$.sendTime\", format: text }"))
    #expect(text.contains("\n  \"voltage.a\": { metric: voltage.a, unit: \"V\" }"))
    _ = try scene.folder.write(text, to: "devices/gw.yaml")
    let problems = check()
    #expect(problems.count == 6)
    #expect(problems.allSatisfy { $0.contains("also came out: {\"kind\":\"reading\"") })
  }

  @Test(arguments: [
    ("acme/up", #"{"x":1}"#, "maps nothing"), ("acme/M-1/up", "hello", "maps nothing"),
    ("acme/up", #"{"Ua":230}"#, "topic 'acme/up' has no {device}"),
    ("acme/M-1/up", "681122334455666811004616", "values: is missing"),
  ]) func whatCannotBeGuessedIsToBeFilled(
    _ topic: String, _ payload: String, _ problem: String
  ) throws {
    let text = try skeleton(topic, payload)
    #expect(text.contains("FILL"))
    _ = try scene.folder.write(text, to: "devices/a.yaml")
    #expect(check().contains { $0.contains(problem) }, "\(check())")
  }

  @Test func valuesThatNameThemselves() throws {
    let text = try skeleton(
      "gw/GW-01/data",
      #"""
      {"ts":1772351940,"points":[{"name":"Ua","value":229.8},{"name":"EPI","value":"12.5"},
      {"name":"X7","value":1}]}
      """#)
    #expect(text.contains("records: \"points[*]\"\n"))
    #expect(text.contains("values:\n  name: \"name\"\n  value: \"value\"\n  table:\n    \"Ua\": {"))
    #expect(text.contains("    # \"X7\": { metric: FILL, unit: FILL }  # found 1\n"))
    _ = try scene.folder.write(text, to: "devices/gw.yaml")
    #expect(check().count == 2 && check().allSatisfy { $0.contains("also came out") }, "\(check())")
    let senml = try skeleton(
      "s/P-1/up",
      #"[{"bn":"p:","bt":1772351940,"n":"voltage","u":"V","v":229.8},{"n":"soc","v":81}]"#)
    #expect(senml.contains("protocol: senml\n") && !senml.contains("records"))
    #expect(senml.contains("values:\n  match: suffix\n  table:\n"))
    #expect(senml.contains("    \"soc\": { metric: battery.soc, unit: \"%\" }"))
  }

  @Test func xmlAndHostileKeysAreNoTrouble() throws {
    let xml = try skeleton(
      "fsu/F-1/data", "<Data><Id>F1</Id><Time>2026-03-01 15:59:00</Time><Ua>229.8</Ua></Data>")
    #expect(xml.contains("protocol: xml\n"))
    #expect(xml.contains("\n  \"Data.Ua\": { metric: voltage.a, unit: \"V\" }"))
    let odd = try skeleton(
      "x/M-1/y",
      #"{"# + "\"a.b\\\"': #\":1,\"\\u0000\\n\":2,\"Ua\":230,\"*\":3,\"\":4,\"it's\":\"'\"}")
    _ = try scene.folder.write(odd, to: "devices/odd.yaml")
    #expect(check().allSatisfy { $0.contains("also came out") }, "\(check()) \(odd)")
  }

  @Test func theListTellsEachShape() throws {
    try scene.receive([
      ("acme/M-1/up", #"{"u":1}"#), ("acme/M-2/up", #"{"u":2}"#), ("a\u{1B}/b", "x"),
    ])
    let tool = try DeviceUnknownTool(settings: scene.settings)
    let table = try tool.table()
    #expect(table.count == 4)
    #expect(
      table[1].contains(
        "  2         2     2026-03-01 16:00:00  2026-03-01 16:00:01  unknown_topic  "
          + "acme/{device}/up  JSON: u number"
      ), "\(table[1])")
    #expect(table[2].contains("a�/b"))
    #expect(table[3].hasPrefix("2 shapes, 3 messages kept"))
    let json = try tool.json()
    #expect(json.count == 2 && json[0].contains(#""messages":2,"kept":2"#))
    #expect(json[0].contains(#""sample":"{\"u\":1}""#))
  }

  @Test func oneIsNotCountedAsSeveral() throws {
    try scene.receive([("acme/M-1/up", #"{"u":1}"#)])
    let last = try DeviceUnknownTool(settings: scene.settings).table().last
    #expect(last?.hasPrefix("1 shape, 1 message kept (") == true, "\(last ?? "")")
  }

  @Test(
    arguments: [
      ("Ua", "229.8", "voltage.a", nil, true), ("u1", "2298", "voltage.a", "0.1", true),
      ("phases.voltage.b", "230", "voltage.b", nil, true), ("Uab", "398", nil, nil, false),
      ("Ia", "5", "current.a", nil, true), ("freq", "4999", "frequency", "0.01", true),
      ("EPI", "12", "energy.active.import.total", nil, true),
      ("temp", "235", "environment.temperature", "0.1", false),
      ("status", "1", nil, nil, false), ("Ua", "7", "voltage.a", nil, false),
    ] as [(String, String, String?, String?, Bool)])
  func guesses(
    _ path: String, _ sample: String, _ metric: String?, _ scale: String?, _ isSure: Bool
  ) {
    let guess = MetricGuess(path: path, sample: sample)
    #expect(guess?.metric == metric && guess?.scale == scale)
    #expect((guess?.isSure ?? false) == isSure)
  }
}
