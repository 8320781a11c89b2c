import Engine
import Setup
import SiteModel
import Storage
import Testing

@testable import Tools

/// What `query` prints; outsiders read it by machine.
@Suite struct QueryFormatTests {
  private let stored: StoredSeries

  init() throws {
    stored = try StoredSeries()
    try stored.commit(
      devices: ["BS-1", "BS-2", "=m,1"],
      [
        reading(0, "voltage.a", 0, "229.80"), reading(0, "voltage.b", 0, "-0.5", .outOfRange),
        reading(1, "voltage.a", 0, "1500"), reading(1, "power.active.total", 0, "3.216"),
        reading(2, "voltage.a", 60, "230"),
      ], isCompacted: true)
    try stored.commit([
      reading(0, "voltage.a", 60, "230.1"), reading(2, "voltage.a", 60, "231", .retained),
      reading(1, "voltage.a", 0, "1501"),
    ])
  }

  @Test func patternsChooseDevicesAndMetrics() throws {
    #expect(
      try stored.query(devices: ["BS-*"], metrics: ["voltage.?"]) == [
        "time,device,metric,value,unit,quality",
        "2026-03-01T00:00:00.000Z,BS-1,voltage.a,229.80,V,good",
        "2026-03-01T00:01:00.000Z,BS-1,voltage.a,230.1,V,good",
        "2026-03-01T00:00:00.000Z,BS-1,voltage.b,-0.5,V,out_of_range",
        "2026-03-01T00:00:00.000Z,BS-2,voltage.a,1500,V,conflict",
        "2026-03-01T00:00:00.000Z,BS-2,voltage.a,1501,V,conflict",
      ])
    #expect(
      try stored.query(devices: ["=m,1"], metrics: ["voltage.a"]).dropFirst() == [
        "2026-03-01T00:01:00.000Z,\"'=m,1\",voltage.a,230,V,good",
        "2026-03-01T00:01:00.000Z,\"'=m,1\",voltage.a,231,V,retained",
      ])
  }

  @Test func theRangeIsHalfOpenAndJSONHasEverything() throws {
    let start = Timestamp(milliseconds: 1_772_323_200_000)
    let minute = start.advanced(byMilliseconds: 60_000)
    #expect(
      try stored.query(
        devices: ["BS-1"], metrics: ["voltage.a"], from: start, to: minute, format: .json
      ) == [
        #"{"kind":"reading","device":"BS-1","metric":"voltage.a","value":"229.80","unit":"V","#
          + #""time":"2026-03-01T00:00:00.000Z","quality":"good"}"#
      ])
  }

  @Test func textsArePrintedAsTexts() throws {
    try stored.commit(
      texts: ["v1, \"b\"", "v2"],
      [
        reading(0, "device.firmware", 0, "0"), reading(0, "device.firmware", 60, "1"),
        reading(0, "device.firmware", 120, "7"),
      ])
    let rows = try stored.query(devices: ["BS-1"], metrics: ["device.firmware"]).dropFirst()
    #expect(
      rows.map { $0.split(separator: ",", maxSplits: 3).last } == [
        "\"v1, \"\"b\"\"\",text,good", "v2,text,good", "7,text,good",
      ])
    let json = try stored.query(devices: ["BS-1"], metrics: ["device.firmware"], format: .json)
    #expect(json.first?.contains(#""value":"v1, \"b\"","unit""#) == true)
    let wide = try stored.export { $0.metrics = ["device.*"] }
    #expect(wide.dropFirst().first?.contains(",\"v1, \"\"b\"\"\",") == true)
  }

  @Test func latestHasOneRowASeries() throws {
    let lines = try stored.output { output in
      try QueryTool(settings: stored.settings, devices: [], metrics: ["volt*"], format: .csv)
        .latest(to: output)
    }
    #expect(
      lines.dropFirst() == [
        "2026-03-01T00:01:00.000Z,BS-1,voltage.a,230.1,V,good",
        "2026-03-01T00:00:00.000Z,BS-1,voltage.b,-0.5,V,out_of_range",
        "2026-03-01T00:00:00.000Z,BS-2,voltage.a,1501,V,good",
        "2026-03-01T00:01:00.000Z,\"'=m,1\",voltage.a,231,V,retained",
      ])
  }

  @Test func latestIsStaleAfterTheDeviceWasGone() throws {
    let store = try Store.open(path: stored.settings.database)
    func link(_ state: EventState, at second: Int64) throws {
      let batch = Batch()
      batch.append(.tick, at: Timestamp(milliseconds: 1))
      var outcome = Outcome()
      outcome.events = [
        DeviceEvent(
          device: DeviceIndex(0), alarm: "device.link", code: "NDEATH", state: state,
          severity: .major, time: reading(0, "voltage.a", second, "1").time)
      ]
      try store.commit(
        batch: batch, outcome: outcome, after: store.reader.newestSegment(),
        firstDevice: store.reader.deviceNames().count)
    }
    func words() throws -> [Substring?] {
      try stored.output { output in
        try QueryTool(settings: stored.settings, devices: ["BS-1"], metrics: [], format: .csv)
          .latest(to: output)
      }.dropFirst().map { $0.split(separator: ",").last }
    }
    try link(.offline, at: 30)
    #expect(try words().contains("stale") == false)
    try link(.offline, at: 60)
    #expect(try words() == ["stale", "out_of_range"])
    try link(.online, at: 90)
    #expect(try words() == ["good", "out_of_range"])
    try store.close()
  }

  @Test func latestIsStaleWhileTheLinkIsLostAndUntilTheDeviceIsHeard() throws {
    let store = try Store.open(path: stored.settings.database)
    func commit(_ births: [(device: Int32, second: Int64)], before: Int? = nil) throws {
      let batch = Batch()
      batch.append(.tick, at: Timestamp(milliseconds: 1))
      var outcome = Outcome()
      outcome.events = births.map {
        DeviceEvent(
          device: DeviceIndex($0.device), alarm: "device.link",
          code: $0.device == 2 ? "online" : "NBIRTH", state: .online, severity: .info,
          time: reading(0, "voltage.a", $0.second, "1").time)
      }
      outcome.eventsBeforeLinkLoss = before
      try store.commit(
        batch: batch, outcome: outcome, after: store.reader.newestSegment(),
        firstDevice: store.reader.deviceNames().count)
    }
    func words() throws -> [Substring?] {
      try stored.output { output in
        try QueryTool(
          settings: stored.settings, devices: [], metrics: ["voltage.a"], format: .csv
        ).latest(to: output)
      }.dropFirst().map { $0.split(separator: ",").last }
    }
    try commit([(0, 0), (1, 0), (2, 0)])
    #expect(try words() == ["good", "good", "retained"])
    // The second is heard again in the batch in which the link was lost; the third is no Sparkplug
    // device, and says nothing when it is heard.
    try commit([(0, 1), (1, 2)], before: 1)
    #expect(try words() == ["stale", "good", "retained"])
    try commit([], before: 0)
    #expect(try words() == ["stale", "stale", "retained"])
    // Its clock may be behind ours.
    try commit([(0, 2)])
    #expect(try words() == ["good", "stale", "retained"])
    try store.close()
  }

  @Test(arguments: [false, true]) func figuresOfHoursAndDays(isCompacted: Bool) throws {
    let register = "energy.active.import.total"
    try stored.commit(
      [
        reading(0, register, 0, "10.5"), reading(0, register, 1800, "11"),
        reading(0, register, 3600, "12.25"), reading(1, "current.a", 7200, "2", .retained),
      ], isCompacted: isCompacted)
    func rows(_ period: QueryTool.Period, _ format: QueryTool.Format) throws -> [String] {
      try stored.output { output in
        try QueryTool(
          settings: stored.settings, devices: ["BS-*"], metrics: [register, "current.*"],
          format: format
        ).rollups(every: period, from: nil, to: nil, to: output)
      }
    }
    #expect(
      try rows(.hour, .csv) == [
        "time,device,metric,unit,min,max,mean,first,last,consumption,gap_consumption,count,"
          + "marked,rollovers,resets,glitches,incomplete",
        "2026-03-01T00:00:00.000Z,BS-1,\(register),kWh,10.5,11,10.750,10.5,11,0.5,0,2,0,0,0,0,0",
        "2026-03-01T01:00:00.000Z,BS-1,\(register),kWh,12.25,12.25,12.2500,12.25,12.25,1.25,0,"
          + "1,0,0,0,0,0",
        "2026-03-01T02:00:00.000Z,BS-2,current.a,A,,,,,,,,0,1,,,,0",
      ])
    #expect(
      try rows(.day, .json).first == #"{"kind":"rollup","device":"BS-1","metric":"\#(register)","#
        + #""time":"2026-02-28T16:00:00.000Z","unit":"kWh","min":"10.5","max":"12.25","#
        + #""mean":"11.2500","first":"10.5","last":"12.25","consumption":"1.75","#
        + #""gap_consumption":"0","count":3,"marked":0,"rollovers":0,"resets":0,"#
        + #""glitches":0,"incomplete":0}"#)
  }

  @Test func whatIsNotThereIsNamed() throws {
    typealias Refusal = SeriesSelection.Refusal
    #expect(throws: Refusal.unknownDevice("X")) {
      try stored.query(devices: ["X"], metrics: ["voltage.a"])
    }
    #expect(throws: Refusal.noMatch("device", "X*")) {
      try stored.query(devices: ["BS-1", "X*"], metrics: ["voltage.a"])
    }
    #expect(throws: Refusal.noMatch("metric", "z*")) {
      try stored.query(devices: ["BS-1"], metrics: ["z*"])
    }
    let error = #expect(throws: Refusal.self) {
      try stored.query(devices: ["BS-2"], metrics: ["voltage.x"])
    }
    #expect(
      error?.description == "metric 'voltage.x' is not in the catalogue; this device has: "
        + "voltage.a, power.active.total")
    let several = #expect(throws: Refusal.self) { try stored.query(metrics: ["voltage.x"]) }
    #expect(
      several?.description == "metric 'voltage.x' is not in the catalogue; the database has: "
        + "voltage.a, voltage.b, power.active.total")
  }

  @Test(arguments: [
    ("*", "", true), ("*", "abc", true), ("a*c", "abbc", true), ("a*c", "abcd", false),
    ("a?c", "abc", true), ("a?c", "ac", false), ("*a*b*", "xxaxxbxx", true),
    ("*a*b", "xbxa", false), ("", "a", false), ("站*", "站点1", true), ("?", "站", true),
    ("**", "x", true), ("a.b", "axb", false),
  ]) func patternsMatch(pattern: String, name: String, isMatch: Bool) {
    #expect(NamePattern(pattern).matches(name) == isMatch)
  }
}
