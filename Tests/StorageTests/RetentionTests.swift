import Alerting
import Engine
import GRDB
import Series
import SiteModel
import Testing

@testable import Storage

/// What is too old goes, in small steps, and nothing else does.
@Suite struct RetentionTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  private static let day: Int64 = 86_400_000
  /// Midnight in China, so that days of UTC+8 are whole.
  private static let origin: Int64 = 1_762_272_000_000
  private static let energy = Metric(number: 1)

  @Test func oldSamplesGoAndTheirFiguresStay() throws {
    let store = try open { $0.rawRetentionDays = 4 }
    try fill(store, devices: 3)
    let before = try figures(store)
    #expect(before.count == 3 * 10)
    let removed = try run(store, day: 10)
    #expect(removed.chunks > 0 && removed.samples > 3 * 5 * 24)
    #expect(try figures(store) == before)
    let limit = at(Self.origin + 6 * Self.day)
    for device in 0..<3 {
      let index = DeviceIndex(Int32(device))
      let samples = try store.reader.samples(of: index, Self.energy)
      // Whole chunks go: nothing that is young, and little that is old is left.
      #expect(samples.filter { $0.time >= limit }.count == 4 * 24)
      let floor = try #require(try store.reader.rawFloors()[index])
      #expect(floor <= limit && samples.allSatisfy { $0.time >= floor })
      #expect(limit.since(floor) < Self.day)
      // Figures of removed samples are still there to be asked for.
      let asked = try store.reader.rollups(of: index, Self.energy, .day)
      #expect(asked.map(\.count) == [Int](repeating: 24, count: 10))
    }
    #expect(try run(store, day: 10).isEmpty)
    #expect(try store.reader.integrityCheck() == [])
  }

  @Test func keepingForEverIsTheDefault() throws {
    let store = try open()
    #expect(store.retention(now: at(Self.origin + 36_500 * Self.day)) == nil)
  }

  @Test func evidenceStaysAsLongAsItsAlert() throws {
    let store = try open { $0.rawRetentionDays = 1 }
    try fill(store, devices: 4)
    // About m0 from day 3 to 4; naming m1; about another; about m2, and still open.
    var outcome = Outcome()
    outcome.alerts = [
      record("a", subject: "m0", "{}", from: 3, to: 4),
      record("b", subject: "C-17", #"{"sources":[{"device":"m1"}]}"#, from: 3, to: 4),
      record("c", subject: "m9", "no json", from: 3, to: 4),
      record("d", subject: "m2", "{}", from: 8, to: nil),
    ]
    try store.append(batch: batch(["{}"]), outcome: outcome)
    try run(store, day: 30)
    let expected: [(device: Int32, days: Range<Int64>)] = [
      (0, 2..<4), (1, 2..<4), (2, 7..<10), (3, 0..<0),
    ]
    for (device, kept) in expected {
      let samples = try store.reader.samples(of: DeviceIndex(device), Self.energy)
      let days = Set(samples.map { ($0.time.milliseconds - Self.origin) / Self.day })
      #expect(days.isSuperset(of: kept), "m\(device) has \(days.sorted())")
      #expect(days.count <= kept.count + 2, "m\(device) has \(days.sorted())")
    }
    try store.write { db in try db.execute(sql: "DELETE FROM alert") }
    try run(store, day: 30)
    #expect(try store.reader.samples(of: DeviceIndex(0), Self.energy).isEmpty)
  }

  @Test func rollupsHaveTheirOwnLimits() throws {
    let store = try open {
      $0.hourlyRetentionDays = 2
      $0.dailyRetentionDays = 5
    }
    try fill(store, devices: 2)
    let removed = try run(store, day: 10)
    #expect((removed.hourly, removed.daily, removed.chunks) == (2 * 8 * 24, 2 * 5, 0))
    for device in 0..<2 {
      let series = SeriesKey(DeviceIndex(Int32(device)), Self.energy)
      let (hours, days) = try store.reader.read { db in
        (
          try RollupTable(db, .hour).rows(series, from: .min, to: .max),
          try RollupTable(db, .day).rows(series, from: .min, to: .max)
        )
      }
      #expect(hours.count == 48 && hours.first?.start == at(Self.origin + 8 * Self.day))
      #expect(days.count == 5 && days.first?.start == at(Self.origin + 5 * Self.day))
    }
  }

  @Test func aLateSampleOfARemovedDayIsNotMadeUp() throws {
    let store = try open { $0.rawRetentionDays = 2 }
    try fill(store, devices: 1)
    try run(store, day: 10)
    let before = try figures(store)
    var outcome = Outcome()
    outcome.readings = [
      reading(0, 1, Self.origin + 3 * Self.day + 1_000, "99999"),
      reading(0, 1, Self.origin + 10 * Self.day, "1240.5"),
    ]
    try store.append(batch: batch(["{}"]), outcome: outcome)
    try store.compactAll(now: at(0))
    let after = try figures(store)
    #expect(after.count == before.count + 1)
    #expect(after.map(\.isIncomplete) == (0..<11).map { $0 == 3 })
    for (old, new) in zip(before, after) {
      var unmarked = new
      unmarked.isIncomplete = false
      #expect(unmarked == old)
    }
    #expect(after.last?.register?.consumption == "0.5")
  }

  /// A device that was away sends a month in many portions, each older than what is kept.
  @Test func aBacklogOlderThanTheLimitStillGetsItsFigures() throws {
    let store = try open { $0.rawRetentionDays = 2 }
    try append(store, hours: 9 * 24..<10 * 24, devices: 1)
    try store.compactAll(now: at(0))
    for day in 0..<9 {
      for part in 0..<4 {
        let begin = day * 24 + part * 6
        try append(store, hours: begin..<begin + 6, devices: 1)
        try store.compactAll(now: at(0))
        try run(store, day: 10)
      }
    }
    let found = try figures(store)
    #expect(found.map(\.count) == [Int](repeating: 24, count: 10))
    #expect(found.map(\.isIncomplete) == [Bool](repeating: false, count: 10))
    let consumption = found.compactMap(\.register).compactMap(\.consumption)
    #expect(consumption.first == "115" && consumption.dropFirst().allSatisfy { $0 == "120" })
  }

  @Test func stepsAreSmallAndAFailedOneChangesNothing() throws {
    let store = try open {
      $0.rawRetentionDays = 1
      $0.hourlyRetentionDays = 1
      $0.chunkSamples = 2
      $0.chunkSeriesSamples = 2
    }
    try fill(store, devices: 3)
    let chunks = try count(store, "chunk")
    #expect(chunks > 350)
    var run = try #require(store.retention(now: at(Self.origin + 10 * Self.day)))
    try store.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER fault BEFORE INSERT ON raw_floor WHEN new.device = 1
          BEGIN SELECT RAISE(ABORT, 'fault'); END
          """)
    }
    #expect(throws: StoreError.self) { try run.step() }
    #expect(try count(store, "chunk") == chunks && count(store, "raw_floor") == 0)
    try store.write { db in try db.execute(sql: "DROP TRIGGER fault") }
    #expect(try run.step()?.chunks == RetentionRun.chunkLimit)
    // Ingestion goes on between two steps.
    try append(store, hours: 240..<250, devices: 3)
    try store.compactAll(now: at(0))
    var removed = RemovedRows(chunks: RetentionRun.chunkLimit)
    while let step = try run.step() {
      #expect(step.chunks <= RetentionRun.chunkLimit && step.hourly <= RetentionRun.rowLimit)
      removed = removed + step
    }
    #expect(removed.chunks == chunks - 3 * 12 && removed.hourly == 3 * 9 * 24)
    #expect(try run.step() == nil)
  }

  @Test func theSpaceIsGivenBack() throws {
    let store = try open { $0.rawRetentionDays = 1 }
    try fill(store, devices: 60)
    let pages = try store.reader.read { db in try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0 }
    try run(store, day: 30)
    while try store.reclaim(pages: 8) > 0 {}
    let left = try store.reader.read { db in try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0 }
    #expect(left < pages)
    #expect(try store.reader.integrityCheck() == [])
  }

  private func open(_ change: (inout StoreOptions) -> Void = { _ in }) throws -> Store {
    try fixture.open {
      $0.chunkSamples = 12
      $0.chunkSeriesSamples = 12
      change(&$0)
    }
  }

  /// Ten days of hourly readings that rise by 5 an hour.
  private func fill(_ store: Store, devices: Int) throws {
    try append(store, hours: 0..<240, devices: devices)
    try store.compactAll(now: at(0))
  }

  private func append(_ store: Store, hours: Range<Int>, devices: Int) throws {
    var outcome = Outcome()
    let known = try store.reader.deviceNames().count
    outcome.newDevices = (known..<max(known, devices)).map { "m\($0)" }
    for device in 0..<devices {
      outcome.readings += hours.map {
        reading(
          Int32(device), 1, Self.origin + Int64($0) * 3_600_000, ExactDecimal(45 + $0 * 5))
      }
    }
    try store.append(batch: batch(["{}"]), outcome: outcome)
  }

  @discardableResult
  private func run(_ store: Store, day: Int64) throws -> RemovedRows {
    var run = try #require(store.retention(now: at(Self.origin + day * Self.day)))
    var removed = RemovedRows()
    while let step = try run.step() { removed = removed + step }
    return removed
  }

  private func figures(_ store: Store) throws -> [Rollup] {
    try store.reader.read { db in
      let table = RollupTable(db, .day)
      var found: [Rollup] = []
      var series = try table.series(after: nil)
      while let next = series {
        found += try table.rows(next, from: .min, to: .max)
        series = try table.series(after: next)
      }
      return found
    }
  }

  private func count(_ store: Store, _ table: String) throws -> Int {
    try store.reader.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0 }
  }

  private func record(
    _ id: String, subject: String, _ evidence: String, from: Int64, to: Int64?
  ) -> AlertRecord {
    var record = alert(id, state: to == nil ? .open : .cleared)
    record.subject = subject
    record.evidence = evidence
    record.openedAt = at(Self.origin + from * Self.day)
    record.clearedAt = to.map { at(Self.origin + $0 * Self.day) }
    return record
  }
}
