import SiteModel
import TestSupport
import Testing

@testable import Decoding

/// Topics find their profile: most specific pattern first, remembered, and never stale.
@Suite struct TopicTests {
  @Test(arguments: [
    ("uplink/{device}/json", "uplink/M-1/json", "M-1"), ("a/{device}", "a/", ""),
    ("{device}", "x", "x"), ("a/+/{device}/#", "a/b/c", "c"), ("a/{device}/#", "a/c/d/e", "c"),
    ("/neuron/{device}", "/neuron/n", "n"), ("a/{device}/温", "a/电/温", "电"),
  ])
  func matches(_ pattern: String, _ topic: String, _ device: String) throws {
    let bytes = Array(topic.utf8)
    let pattern = try #require(TopicPattern(pattern))
    let range = bytes.withUnsafeBytes { pattern.match($0, capture: "device") }
    #expect(range.map { String(decoding: bytes[$0], as: UTF8.self) } == device)
  }

  @Test(arguments: [
    ("a/{device}", "a"), ("a/{device}", "a/b/c"), ("a/b", "a/bc"), ("a/bc", "a/b"), ("a", "a/"),
    ("a/+/c", "a/c"), ("a/b/#", "a"),
  ])
  func doesNotMatch(_ pattern: String, _ topic: String) throws {
    let pattern = try #require(TopicPattern(pattern))
    let found = Array(topic.utf8).withUnsafeBytes { pattern.match($0, capture: "device") }
    #expect(found == nil)
  }

  @Test(arguments: [
    "", "a/#/b", "a+/b", "a/{}", "a/{b", "a/{b c}", "#a", "a/{d}/{d}", "a/{d1}",
    String(repeating: "x", count: 1025),
  ])
  func isNoPattern(_ text: String) { #expect(TopicPattern(text) == nil) }

  @Test func fixedLevelsComeFirst() throws {
    let texts = ["#", "a/#", "a/+/c", "a/{x}", "a/b/#", "a/b/c", "{y}/b/c"]
    let patterns = try texts.map { try #require(TopicPattern($0)) }
    let order = patterns.sorted { $0.precedes($1) }.map(\.text)
    #expect(order == ["a/b/c", "a/b/#", "a/+/c", "a/{x}", "a/#", "{y}/b/c", "#"])
  }

  @Test func subscriptionsOfAllProfiles() throws {
    let decoder = Decoder(profiles: try Support.shipped(), registry: Registry())
    #expect(decoder.topicFilters.contains("uplink/+/json"))
    #expect(decoder.topicFilters.contains("sgcc/+/+/notify/spont/+/+/+"))
    #expect(decoder.topicFilters == decoder.topicFilters.sorted())
  }

  @Test func aRolledBackDeviceTableIsNoticed() throws {
    let bench = Bench(try Support.shipped())
    let payload = Array(#"{"voltage.a":1}"#.utf8)
    for topic in ["uplink/A/json", "uplink/B/json"] { try bench.decode(topic, payload) }
    // As after a commit that failed: the table is the old one, and the order is another.
    bench.devices = DeviceTable()
    bench.batch.removeAll()
    for topic in ["uplink/B/json", "uplink/A/json"] { try bench.decode(topic, payload) }
    let names = bench.batch.readings.map { bench.devices.name(of: $0.device) }
    #expect(names == ["B", "A"])
    #expect(bench.devices.find("B") == DeviceIndex(0))
  }

  @Test func aPayloadsDeviceIsFoundInARolledBackTable() throws {
    let bench = Bench(try Support.shipped())
    func envelope(_ name: String) -> [UInt8] {
      Array(#"{"sub_device_id":"\#(name)","data":{"values":{"ua":1}}}"#.utf8)
    }
    let topic = "v1/user/t/g/elemeter_info/details/post"
    for name in ["A", "B"] { try bench.decode(topic, envelope(name)) }
    bench.devices = DeviceTable()
    bench.batch.removeAll()
    for name in ["B", "A"] { try bench.decode(topic, envelope(name)) }
    #expect(bench.batch.readings.map { bench.devices.name(of: $0.device) } == ["B", "A"])
  }

  @Test func namesOfTopicsAndPayloadsMayMixInARolledBackTable() throws {
    let bench = Bench(try Support.shipped())
    func decode(_ name: String, inTopic: Bool) throws {
      if inTopic {
        try bench.decode("uplink/\(name)/json", Array(#"{"voltage.a":1}"#.utf8))
      } else {
        let payload = #"{"sub_device_id":"\#(name)","data":{"values":{"ua":1}}}"#
        try bench.decode("v1/user/t/g/elemeter_info/details/post", Array(payload.utf8))
      }
    }
    var random = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      if random.number(0...3) == 0 { bench.devices = DeviceTable() }
      let name = "D-\(random.number(0...5))"
      bench.batch.removeAll()
      try decode(name, inTopic: random.number(0...1) == 0)
      #expect(bench.batch.readings.map { bench.devices.name(of: $0.device) } == [name])
    }
  }

  @Test func theProfileOfAMessageIsTold() throws {
    let profiles = try Support.shipped()
    let bench = Bench(profiles)
    let position = try bench.decode("cpe/C-1/status", Array(#"{"ac":1}"#.utf8))
    #expect(position.map { profiles[$0].name } == "power-cpe")
    #expect(bench.batch.sightings.map(\.profile) == [position])
    #expect(try bench.decode("nowhere", Array("{}".utf8)) == nil)
  }

  @Test func aNewRegistryIsTakenOver() throws {
    let bench = Bench(try Support.shipped())
    let payload = Array(#"{"Ia":100}"#.utf8)
    try bench.decode("acrel/A-1/up", payload)
    var registry = Registry()
    registry.devices["A-1"] = Device(
      id: "A-1", site: "S", hardware: .meter, role: .master, ctRatio: "40")
    bench.decoder.use(registry)
    try bench.decode("acrel/A-1/up", payload)
    #expect(bench.batch.readings.map(\.value) == ["1", "40"])
  }
}
