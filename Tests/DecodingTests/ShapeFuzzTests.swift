import Decoding
import SiteModel
import TestSupport
import Testing

/// Mutated events of base stations and supervision units, as JSON and XML, and parts of composite
/// readings never stop the decoder, and it never keeps more of them than it may.
@Suite struct ShapeFuzzTests {
  static let fragments = [
    "{", "}", "[", "]", ",", ":", "\"", "null", "true", "<", ">", "/>", "<TAlarm>", "</TAlarm>",
    "&lt;", "&#0;", "\\u0000", "9999999999999999999", "\"event\":", "\"eventList\":[", "fault",
    "notifyClearedAlarm", "\"last\":true", "198094422", "告警",
  ].map { Array($0.utf8) }

  static let seeds: [(topic: String, payload: String)] = [
    (
      "ves/S-1/events",
      #"{"event":{"commonEventHeader":{"domain":"fault","eventId":"f","sourceName":"n","#
        + #""lastEpochMicrosec":1772352000000000},"faultFields":{"alarmCondition":"fire","#
        + #""eventSeverity":"NORMAL","specificProblem":"x"}}}"#
    ),
    (
      "ves/S-1/events",
      #"{"eventList":[{"stndDefinedFields":{"data":{"notificationType":"notifyNewAlarm","#
        + #""alarmId":"a","eventTime":"2026-03-01T08:00:00Z","probableCause":106,"href":"h","#
        + #""perceivedSeverity":"CLEARED"}}},{"commonEventHeader":{"domain":"heartbeat"}}]}"#
    ),
    (
      "fsu/F-1/alarm",
      "<Request><Info><Values><TAlarmList><TAlarm><SerialNo>1</SerialNo><Id>0406016001</Id>"
        + "<FsuId>F-1</FsuId><AlarmFlag>BEGIN</AlarmFlag></TAlarm></TAlarmList></Values></Info>"
        + "</Request>"
    ),
    (
      "fsu/F-1/data",
      "<Response><Info><FsuId>F-1</FsuId><Values><DeviceList><Device Id=\"D-1\"><TSemaphore "
        + "Type=\"3\" Id=\"0416104001\" MeasuredVal=\"229.8\" Status=\"0\"/></Device></DeviceList>"
        + "</Values></Info></Response>"
    ),
    (
      "bts/B-1/alarm",
      #"{"alarms":[{"ne":"B-1","alarmName":"基站退出服务(198094422)","state":"产生","#
        + #""severity":1}]}"#
    ),
    (
      "oss/M-1/alarms",
      #"{"manager":"M-1","alarms":[{"neName":"N-1","alarmName":"x","state":"active"}]}"#
    ),
    ("x/D-1/1", #"{"frame":7,"a":229.8,"ts":1772352000,"last":false}"#),
    ("x/D-1/1", #"{"frame":7,"b":1,"last":true}"#),
  ]

  @Test func hostilePayloadsNeverStopIt() throws {
    let first = try outcome(seed: 20_260_302, count: PayloadFuzz.count)
    #expect(first.events > 3_000)
    #expect(first.readings > 2_000)
    #expect(first.rejections > 100_000)
  }

  @Test func theSameSeedGivesTheSameResults() throws {
    #expect(try outcome(seed: 3, count: 2_000) == outcome(seed: 3, count: 2_000))
  }

  struct Outcome: Equatable {
    var readings = 0
    var events = 0
    var rejections = 0
    var texts: [String] = []
  }

  private func outcome(seed: UInt64, count: Int) throws -> Outcome {
    let composite = CompositeTests.yaml.replacing("\"{device}\"", with: "frame")
    let bench = Bench(try Support.shipped() + [try Support.profile(Array(composite.utf8))])
    var fuzz = PayloadFuzz(
      seeds: Self.seeds.map { Array($0.payload.utf8) }, fragments: Self.fragments, seed: seed)
    var outcome = Outcome()
    let begin = Timestamp(milliseconds: 1_772_352_000_000)
    for index in 0..<count {
      let input = fuzz.next()
      let time = begin.advanced(byMilliseconds: Int64(index) * 10)
      try bench.decode(Self.seeds[input.origin].topic, input.bytes, at: time.description)
      if index % 1_000 == 0 {
        bench.decoder.tick(time, devices: &bench.devices, into: &bench.batch)
        var writer = ByteWriter()
        bench.decoder.write(to: &writer)
        #expect(writer.bytes.count < 100_000)
      }
      outcome.readings += bench.batch.readings.count
      outcome.events += bench.batch.events.count
      outcome.rejections += bench.batch.rejections.count
      if index % 100 == 0 { outcome.texts += bench.lines() }
      bench.batch.removeAll()
    }
    return outcome
  }
}
