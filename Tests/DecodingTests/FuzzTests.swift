import Decoding
import SiteModel
import TestSupport
import Testing

/// Mutated payloads never stop the decoder, and the same seed always gives the same results.
@Suite struct FuzzTests {
  static let fragments = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "1", "0", "-", ".", "e9", "null", "true", " ",
    "\\u0041", "\\ud800", "\u{0}", "9999999999999999999", "[*]", "温",
  ].map { Array($0.utf8) }

  static let seeds: [(topic: String, payload: String)] = [
    ("uplink/M-1/json", #"{"time":"2026-03-01T08:00:00.000Z","voltage.a":229.8,"current.a":3.21}"#),
    ("acrel/A-1/up", #"{"ts":1772352000,"Ua":2298,"Ia":321,"totalP":2.134,"EPI":48231.52}"#),
    (
      "device/power/up/G",
      #"{"msgCreateTime":"20260301160000145","batch":[{"timestamp":"2026-03-01 16:00:00","#
        + #""device_type":"three_phase_meter","device_id":"I-1","metrics":{"voltage":{"value":{"#
        + #""phase_a":229.8}},"energy":{"active":{"value":{"forward":231.44}}}}}]}"#
    ),
    (
      "fsu/F-1/data",
      #"{"Time":"2026-03-01 16:00:00","TSemaphoreList":[{"Id":"0406101001","#
        + #""MeasuredVal":"229.8"}]}"#
    ),
    (
      "fsu/F-1/alarm",
      #"{"TAlarmList":[{"Id":"0406016001","AlarmTime":"2026-03-01 16:00:00","AlarmLevel":2,"#
        + #""AlarmFlag":"BEGIN"}]}"#
    ),
    (
      "sgcc/T/a/notify/spont/b/c/D-1",
      #"{"timestamp":"2026-03-01T16:00:00+08:00","body":[{"name":"PhV_phsA","val":"229.8"}]}"#
    ),
    (
      "senml/G-01/up",
      #"[{"bn":"g/","bt":1772352000,"bu":"V","n":"voltage","v":229.8},{"n":"current","u":"mA","#
        + #""t":-5,"v":3210},{"n":"mains","vb":true}]"#
    ),
    (
      "ucifi/SP-1/pole",
      #"{"3416":{"0":{"44":230.1,"5":true,"5518":1772351990}},"/3429/0/1":0.0175}"#
    ),
    ("air/AS-3/data", #"{"t":1772351990,"pm25":35,"temp":21.3}"#),
  ]

  @Test func hostilePayloadsNeverStopIt() throws {
    let first = try outcome(seed: 20_260_301, count: PayloadFuzz.count)
    #expect(first.readings > 10_000)
    #expect(first.rejections > 100_000)
  }

  @Test func theSameSeedGivesTheSameResults() throws {
    #expect(try outcome(seed: 7, count: 2_000) == outcome(seed: 7, count: 2_000))
    #expect(try outcome(seed: 7, count: 2_000) != outcome(seed: 8, count: 2_000))
  }

  struct Outcome: Equatable {
    var readings = 0
    var events = 0
    var rejections = 0
    var ignored = 0
    var texts: [String] = []
  }

  private func outcome(seed: UInt64, count: Int) throws -> Outcome {
    let bench = Bench(try Support.shipped())
    var fuzz = PayloadFuzz(
      seeds: Self.seeds.map { Array($0.payload.utf8) }, fragments: Self.fragments, seed: seed)
    var outcome = Outcome()
    for index in 0..<count {
      let input = fuzz.next()
      try bench.decode(Self.seeds[input.origin].topic, input.bytes)
      let batch = bench.batch
      outcome.readings += batch.readings.count
      outcome.events += batch.events.count
      outcome.rejections += batch.rejections.count
      outcome.ignored += batch.ignoredCount
      if index % 100 == 0 { outcome.texts += bench.lines() }
      bench.batch.removeAll()
    }
    return outcome
  }
}
