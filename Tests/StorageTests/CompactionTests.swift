import Engine
import Series
import SiteModel
import Storage
import Testing

/// Whatever is compacted when, a query gives what a plain array gives.
@Suite struct CompactionTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  /// Limits are so small that every edge is met often: buckets, steps, splits, gaps, merges.
  @Test(arguments: UInt64(0)..<16) func queriesAgreeWithTheModel(seed: UInt64) throws {
    var random = Random(seed: seed)
    let store = try fixture.open { $0.shrink() }
    var model: [Reading] = []
    for round in 0..<60 {
      var outcome = Outcome()
      for _ in 0..<random.below(30) { outcome.readings.append(someReading(&random, round)) }
      try store.append(batch: batch(["\(round)"]), outcome: outcome)
      model += outcome.readings
      for _ in 0..<random.below(4) { try store.compactIfNeeded(now: at(Int64(round * 10))) }
      try compare(store, model, &random)
    }
    try store.compactAll(now: at(10_000))
    for _ in 0..<20 { try compare(store, model, &random) }
    #expect(try !store.compactIfNeeded(force: true, now: at(10_000)))
    #expect(try store.reader.integrityCheck() == [])
  }

  @Test func aBacklogFillsItsGap() throws {
    let store = try fixture.open {
      $0.chunkSamples = 64
      $0.chunkSeriesSamples = 16
    }
    var times: [Int64] = []
    // A month without, then the month, then a single late sample in the middle of it.
    for part in [0..<100, 3_000..<3_100, 100..<3_000, 1_500..<1_501] {
      var outcome = Outcome()
      outcome.readings = part.map {
        reading(0, 20, Int64($0) * 60_000 + (part.count == 1 ? 1 : 0), "1.5")
      }
      times += outcome.readings.map(\.time.milliseconds)
      try store.append(batch: batch(["{}"]), outcome: outcome)
      try store.compactAll(now: at(0))
    }
    let found = try store.reader.samples(of: DeviceIndex(0), Metric(number: 20))
    #expect(found.map(\.time.milliseconds) == times.sorted())
    #expect(try store.reader.integrityCheck() == [])
  }

  @Test func redeliveryAfterCompactionIsStoredOnce() throws {
    let store = try fixture.open()
    var outcome = Outcome()
    outcome.readings = (0..<50).map { reading(0, 20, Int64($0) * 60_000, "220.1") }
    for _ in 0..<3 {
      try store.append(batch: batch(["{}"]), outcome: outcome)
      try store.compactAll(now: at(0))
    }
    #expect(try store.reader.samples(of: DeviceIndex(0), Metric(number: 20)).count == 50)
  }

  @Test func damageIsNamed() throws {
    let store = try fixture.open()
    var outcome = Outcome()
    // Significands without runs or differences, so that the bytes can be found in the file.
    outcome.readings = (0..<4).map { reading(0, 20, Int64($0 * $0 * 7_919), "98765432101234") }
    try store.append(batch: batch(["{}"]), outcome: outcome)
    let body = RecentCodec.encode(outcome.readings)
    try store.close()
    try flip(body)
    let damaged = try Store.openReadOnly(path: fixture.path)
    #expect(throws: StoreError.self) {
      _ = try damaged.samples(of: DeviceIndex(0), Metric(number: 20))
    }
    #expect(try damaged.integrityCheck().map(\.place) == ["recent 1"])
    try damaged.close()
    let stuck = try fixture.open()
    let error = #expect(throws: StoreError.self) { try stuck.compactAll(now: at(0)) }
    #expect(error?.reason == .corrupt("the readings of journal row 1 are damaged"))
    try stuck.close()
    try flip(body, back: true)
    let healed = try fixture.open()
    try healed.compactAll(now: at(0))
    try healed.close()
    try flip(
      DeviceChunk.encode([
        SeriesSamples(
          metric: Metric(number: 20),
          samples: outcome.readings.map {
            Sample(time: $0.time, value: $0.value, quality: $0.quality)
          })
      ]))
    #expect(
      try Store.openReadOnly(path: fixture.path).integrityCheck().map(\.place) == ["chunk 1"])
    // Newer samples do not touch the damaged chunk, and are readable beside it.
    let resumed = try fixture.open()
    outcome.readings = (0..<4).map { reading(0, 20, 1_000_000 + Int64($0), "1") }
    try resumed.append(batch: batch(["{}"]), outcome: outcome)
    try resumed.compactAll(now: at(0))
    let after = try resumed.reader.samples(
      of: DeviceIndex(0), Metric(number: 20), from: at(900_000))
    #expect(after.count == 4)
    #expect(try resumed.reader.integrityCheck().map(\.place) == ["chunk 1"])
  }

  private func flip(_ body: [UInt8], back: Bool = false) throws {
    var stored = body
    if back { stored[body.count / 2] ^= 1 }
    try fixture.flipByte(ofBytes: stored, at: body.count / 2)
  }

  private let devices: [Int32] = [0, 1, 130, 700]

  private func someReading(_ random: inout Random, _ round: Int) -> Reading {
    let isLate = random.below(5) == 0
    let time = Int64(isLate ? random.below(400) : round * 10 + random.below(12))
    let values: [ExactDecimal] = ["1", "1.0", "-2.5", "999999999999999999", "0"]
    return reading(
      devices[random.below(4)], UInt16(20 + random.below(2)), time, values[random.below(5)],
      Quality(rawValue: UInt8(random.below(4))) ?? .good)
  }

  private func compare(_ store: Store, _ model: [Reading], _ random: inout Random) throws {
    let (device, metric) = (DeviceIndex(devices[random.below(4)]), Metric(number: 20))
    let (from, to) = (at(Int64(random.below(200))), at(Int64(150 + random.below(400))))
    var expected = model.filter {
      $0.device == device && $0.metric == metric && $0.time >= from && $0.time < to
    }.map { Sample(time: $0.time, value: $0.value, quality: $0.quality) }
    Samples.normalize(&expected)
    Samples.markConflicts(&expected)
    let found = try store.reader.samples(of: device, metric, from: from, to: to)
    #expect(found == expected)
    #expect(found.map(\.value.exponent) == expected.map(\.value.exponent))
    let few = try store.reader.samples(of: device, metric, from: from, to: to, limit: 3)
    #expect(few == Array(expected.prefix(3)))
    let newest = model.filter { $0.device == device && $0.metric == metric }
      .max { ($0.time, $0.value) < ($1.time, $1.value) }
    let latest = try store.reader.latest(of: device).first { $0.metric == metric }?.sample
    #expect(latest?.time == newest?.time && latest?.value == newest?.value)
    #expect(
      try store.reader.latest().first { $0.device == device && $0.metric == metric }?.sample
        == latest)
  }
}

/// A small seeded generator (xorshift).
struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func below(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33) % bound
  }
}
