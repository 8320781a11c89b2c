import Engine
import Foundation
import GRDB
import Series
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// Stored figures are those of the samples in chunks, whatever came when and in which portions.
@Suite struct RollupTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  static let metrics = [1, 20, 63].map { Metric(number: $0) }
  private static let minute: Int64 = 60_000
  private static let day: Int64 = 86_400_000
  /// 2025-11-05T00:00:00+08:00.
  private static let midnight: Int64 = 1_762_272_000_000

  @Test(arguments: UInt64(0)..<10) func rowsAgreeWithTheSamples(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let store = try open()
    for round in 0..<50 {
      try append(store, (0..<random.number(0...25)).map { _ in someReading(&random, round) })
      for _ in 0..<random.number(0...5) {
        try store.compactIfNeeded(now: at(Self.midnight + Int64(round) * 100))
      }
      if round % 8 == 0 { try expectStoredRows(store, "seed \(seed) round \(round)") }
    }
    try store.compactAll(now: at(Self.midnight))
    try expectStoredRows(store, "seed \(seed)")
    for device in 0..<3 {
      for metric in Self.metrics { try expectQueries(store, device, metric, &random) }
    }
    // A stored row counts for as much as a computed one.
    #expect(try count(store, "SELECT count(*) FROM rollup_hour") > 100)
  }

  /// What is not stored, or not yet, is computed and just the same.
  @Test(arguments: UInt64(0)..<6) func queriesNeedNoStoredRows(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let store = try open {
      $0.rollupHour = MetricPatterns(seed % 2 == 0 ? [] : ["energy.*"])
      $0.rollupDay = MetricPatterns([])
    }
    for round in 0..<30 {
      try append(store, (0..<12).map { _ in someReading(&random, round, lateness: 0) })
      if random.number(0...2) == 0 { try store.compactIfNeeded(now: at(Self.midnight)) }
    }
    for device in 0..<3 {
      for metric in Self.metrics { try expectQueries(store, device, metric, &random) }
    }
  }

  @Test func aLateReadingMovesConsumptionAcrossMidnight() throws {
    let store = try open()
    let values: [(Int64, ExactDecimal)] = [(-300, "10"), (300, "16"), (600, "17"), (2_000, "20")]
    for (minutes, value) in values {
      try append(store, [energy(minutes, value)])
      try store.compactAll(now: at(0))
    }
    #expect(try days(store).map { $0.register?.consumption } == ["0", "7", "3"])
    try append(store, [energy(-1, "15.5")])
    try store.compactAll(now: at(0))
    #expect(try days(store).map { $0.register?.consumption } == ["5.5", "1.5", "3"])
    // A second value for that instant contradicts it: neither counts.
    try append(store, [energy(-1, "15.6")])
    try store.compactAll(now: at(0))
    #expect(try days(store).map { $0.register?.consumption } == ["0", "7", "3"])
    #expect(try days(store).map(\.marked) == [2, 0, 0])
  }

  @Test func analystsReadTheViews() throws {
    let store = try open()
    try append(store, [energy(0, "10.50"), energy(30, "11.25"), energy(59, "12.00")])
    try store.compactAll(now: at(0))
    let row = try store.reader.read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM daily")
    }
    let text = row.map { $0.map { "\($0)=\($1.storage.value ?? "NULL")" }.joined(separator: " ") }
    #expect(
      text == """
        device=m0 metric=energy.active.import.total unit=kWh day=2025-11-05 count=3 marked=0 \
        min=10.5 max=12 mean=11.25 first=10.5 first_at=2025-11-04T16:00:00Z last=12 \
        last_at=2025-11-04T16:59:00Z consumption=1.5 gap_consumption=0 rollovers=0 resets=0 \
        glitches=0 incomplete=0
        """)
    let hour = try store.reader.read { db in
      try String.fetchOne(db, sql: "SELECT hour FROM hourly")
    }
    #expect(hour == "2025-11-04T16:00Z")
    let days = try store.reader.rollups(of: DeviceIndex(0), Metric(number: 1), .day)
    #expect(days.map(\.mean?.description) == ["11.2500"])
  }

  @Test func aDamagedChunkLeavesItsRows() throws {
    let store = try open()
    try append(store, (0..<40).map { energy($0 * 10, ExactDecimal(Int($0))) })
    try store.compactAll(now: at(0))
    try store.write { db in
      try db.execute(
        sql: """
          UPDATE chunk SET body = zeroblob(length(body)) WHERE id = (SELECT min(id) FROM chunk)
          """)
    }
    let before = try days(store)
    try append(store, [energy(5, "0.5"), energy(401, "41")])
    try store.compactAll(now: at(0))
    let after = try days(store)
    #expect(after.map(\.count) == [before[0].count + 1])
    #expect(after.map(\.isIncomplete) == [true])
    #expect(after[0].register?.consumption == "41")
  }

  /// A step of compaction that fails leaves neither chunks nor figures, and may be tried again.
  @Test(arguments: ["rollup_hour", "rollup_day"]) func aFailedStepChangesNothing(
    table: String
  ) throws {
    let store = try open()
    try append(store, (0..<40).map { energy($0 * 10, ExactDecimal(Int($0))) })
    try store.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER fault BEFORE INSERT ON \(table) WHEN new.count > 2
          BEGIN SELECT RAISE(ABORT, 'fault'); END
          """)
    }
    #expect(throws: StoreError.self) { try store.compactAll(now: at(0)) }
    #expect(throws: StoreError.self) { try store.compactAll(now: at(0)) }
    for empty in ["chunk", "rollup_hour", "rollup_day"] {
      #expect(try count(store, "SELECT count(*) FROM \(empty)") == 0)
    }
    try store.write { db in try db.execute(sql: "DROP TRIGGER fault") }
    try store.compactAll(now: at(0))
    try expectStoredRows(store, table)
    #expect(try days(store).map(\.count) == [40])
  }

  private func open(_ change: (inout StoreOptions) -> Void = { _ in }) throws -> Store {
    try fixture.open {
      $0.shrink()
      $0.rollupHour = .all
      change(&$0)
    }
  }

  private func append(_ store: Store, _ readings: [Reading]) throws {
    var outcome = Outcome()
    outcome.readings = readings
    let known = try store.reader.deviceNames().count
    outcome.newDevices = (known..<3).map { "m\($0)" }
    try store.append(batch: batch(["{}"]), outcome: outcome)
  }

  private func energy(_ minutes: Int64, _ value: ExactDecimal) -> Reading {
    reading(0, 1, Self.midnight + minutes * Self.minute, value)
  }

  private func days(_ store: Store) throws -> [Rollup] {
    try store.reader.read { db in
      try RollupTable(db, .day).rows(
        SeriesKey(DeviceIndex(0), Self.metrics[0]), from: .min, to: .max)
    }
  }

  private func count(_ store: Store, _ sql: String) throws -> Int {
    try store.reader.read { db in try Int.fetchOne(db, sql: sql) ?? 0 }
  }

  private func expectStoredRows(_ store: Store, _ place: String) throws {
    try store.write { db in
      for device in 0..<3 {
        for metric in Self.metrics {
          let index = DeviceIndex(Int32(device))
          let samples = try store.chunkSamples(db, index, metric, .min ..< .max)
          let kind = MetricCatalogue.definition(of: metric)?.kind ?? .gauge
          for period in RollupPeriod.allCases {
            let found = try RollupTable(db, period)
              .rows(SeriesKey(index, metric), from: .min, to: .max)
            let expected = Rollup.rows(of: samples, period, kind)
            #expect(found == expected, "\(place) device \(device) \(metric) \(period)")
            #expect(found.map(\.sum?.description) == expected.map(\.sum?.description))
          }
        }
      }
    }
  }

  private func expectQueries(
    _ store: Store, _ device: Int, _ metric: Metric, _ random: inout SeededGenerator
  ) throws {
    let index = DeviceIndex(Int32(device))
    let samples = try store.reader.samples(of: index, metric)
    let kind = MetricCatalogue.definition(of: metric)?.kind ?? .gauge
    for period in RollupPeriod.allCases {
      let all = Rollup.rows(of: samples, period, kind)
      #expect(try store.reader.rollups(of: index, metric, period) == all)
      for _ in 0..<4 {
        let from = at(Self.midnight + Int64(random.number(-2_000...6_000)) * Self.minute)
        let to = from.advanced(byMilliseconds: Int64(random.number(0...4_000)) * Self.minute)
        let found = try store.reader.rollups(of: index, metric, period, from: from, to: to)
        let expected = all.filter { $0.start >= from && $0.start < to }
        #expect(found == expected, "\(from) to \(to), \(metric)")
      }
    }
  }

  private func someReading(
    _ random: inout SeededGenerator, _ round: Int, lateness: Int = 5
  ) -> Reading {
    let isLate = lateness > 0 && random.number(0...lateness) == 0
    let new = round * 100 + random.number(0...99)
    let minutes = isLate ? random.number(-2_000...(round * 100)) : new
    let values: [ExactDecimal] = ["1", "1.0", "9990.5", "9999", "10003.25", "2", "9995"]
    let value =
      random.number(0...3) == 0
      ? values[random.number(0...6)]
      : ExactDecimal(significand: Int128(900_000 + minutes * 12), exponent: -2)
    let quality: Quality = random.number(0...9) == 0 ? .badTime : .good
    return reading(
      Int32(random.number(0...2)), Self.metrics[random.number(0...2)].number,
      Self.midnight + Int64(minutes) * Self.minute, value, quality)
  }
}
