import Decoding
import SiteModel
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
  ]

  @Test func twoHundredThousandMutations() throws {
    let first = try outcome(seed: 20_260_301, count: 200_000)
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
    var random = SplitMix(state: seed)
    var outcome = Outcome()
    for index in 0..<count {
      let seed = Self.seeds[random.below(Self.seeds.count)]
      try bench.decode(seed.topic, mutated(Array(seed.payload.utf8), &random))
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

  private func mutated(_ payload: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = payload
    for _ in 0...random.below(3) {
      let place = random.below(bytes.count + 1)
      switch random.below(5) {
      case 0:
        bytes.insert(contentsOf: Self.fragments[random.below(Self.fragments.count)], at: place)
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(6)))
      case 2: if place < bytes.count { bytes[place] = UInt8(random.below(256)) }
      case 3: bytes.removeSubrange(place...)
      default:
        let end = min(bytes.count, place + random.below(40))
        bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
      }
    }
    return bytes
  }
}

/// A small seeded generator (SplitMix64, Steele et al. 2014).
struct SplitMix {
  var state: UInt64

  mutating func below(_ limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(limit))
  }
}
