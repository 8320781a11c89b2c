import Engine
import Foundation
import Series
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// The table `samples` gives what a plain array gives, whatever is compacted, and asks for no more
/// than it needs; nothing that is written in SQL can change the file or reach another.
@Suite struct SamplesTableTests {
  let fixture: StoreFixture
  private static let metrics: [Metric] = [1, 20, 21, 23].map(Metric.init(number:))

  init() throws { fixture = try StoreFixture() }

  /// A store with some devices, partly compacted, and its readings.
  private func fill(seed: UInt64, devices: Int = 6) throws -> (store: Store, model: [Reading]) {
    var random = SeededGenerator(seed: seed)
    let store = try fixture.open {
      ($0.chunkSamples, $0.chunkSeriesSamples, $0.bucketSamplesLimit) = (60, 20, 40)
      $0.recentSamplesLimit = 100
    }
    var model: [Reading] = []
    for round in 0..<30 {
      var outcome = Outcome()
      if round == 0 { outcome.newDevices = (0..<devices).map { "D\($0)" } }
      for _ in 0..<random.number(1...40) {
        let value = ExactDecimal(significand: Int128(random.number(-5...5)), exponent: -1)
        outcome.readings.append(
          reading(
            Int32(random.number(0...devices - 1)), Self.metrics[random.number(0...3)].number,
            Int64(random.number(-50...1000)), value,
            random.number(0...9) == 0 ? .outOfRange : .good))
      }
      try store.append(batch: batch(["\(round)"]), outcome: outcome)
      model += outcome.readings
      if random.number(0...1) == 0 { try store.compactIfNeeded(now: at(Int64(round) * 10_000_000)) }
    }
    return (store, model)
  }

  private func rows(_ session: SqlSession, _ text: String) throws -> [[SqlValue]] {
    var rows: [[SqlValue]] = []
    try session.run(text, heading: { _ in }) { row in
      rows.append(row)
      return true
    }
    return rows
  }

  private func error(_ text: String) throws -> String {
    let session = try SqlSession(path: fixture.path)
    do {
      _ = try rows(session, text)
      return "none"
    } catch { return "\(error)" }
  }

  /// What the model has of some devices, metrics and times, as `device metric time value` texts.
  private func expected(
    _ store: Store, _ devices: [Int], _ metrics: [Metric], _ times: ClosedRange<Int64>
  ) throws -> [String] {
    try devices.flatMap { device in
      try metrics.flatMap { metric in
        let name = MetricCatalogue.definition(of: metric)?.name ?? ""
        return try store.reader.samples(
          of: DeviceIndex(Int32(device)), metric, from: at(times.lowerBound),
          to: at(times.upperBound + 1)
        ).map { "D\(device) \(name) \($0.time.milliseconds) \($0.value) \($0.quality.name)" }
      }
    }.sorted()
  }

  private func texts(_ session: SqlSession, _ source: String) throws -> [String] {
    try rows(session, "SELECT device, metric, time_ms, value, quality FROM \(source)").map { row in
      row.map { value in
        switch value {
        case .text(let text): text
        case .integer(let number): "\(number)"
        default: "?"
        }
      }.joined(separator: " ")
    }.sorted()
  }

  @Test(arguments: UInt64(0)..<8) func everyWayToAskGivesTheSame(seed: UInt64) throws {
    let (store, _) = try fill(seed: seed)
    let session = try SqlSession(path: fixture.path)
    let all = Array(0..<6)
    let whole = Int64(-100)...2000
    #expect(
      try texts(session, "samples") == expected(store, all, Self.metrics, whole))
    #expect(
      try texts(session, "samples WHERE metric = 'voltage.a' AND time_ms > 99 AND time_ms < 301")
        == expected(store, all, [Metric(number: 20)], 100...300))
    #expect(
      try texts(session, "samples WHERE device IN ('D1', 'D4', 'no') AND time_ms BETWEEN 5 AND 6e2")
        == expected(store, [1, 4], Self.metrics, 5...600))
    #expect(
      try texts(session, "samples('D2', 'voltage.b', 100, 200)")
        == expected(store, [2], [Metric(number: 21)], 100...199))
    #expect(
      try texts(session, "samples('D2', 'voltage.b', NULL, '1970-01-01T00:00:00.500Z')")
        == expected(store, [2], [Metric(number: 21)], -100...499))
    #expect(
      try texts(
        session, "samples WHERE device = 'd3' COLLATE NOCASE AND time >= '1970-01-01T00:00:00.700Z'"
      )
        == expected(store, [3], Self.metrics, 700...2000))
    #expect(
      try texts(session, "samples WHERE device = 'D1' AND device = 'D2'") == [])
    #expect(try texts(session, "samples WHERE time_ms = 99.5 OR time_ms > 'x'") == [])
    #expect(try texts(session, "samples(NULL, 'voltage.a')") == [])
    let joined = try rows(
      session,
      """
      SELECT s.device, count(*), min(s.number) FROM device d JOIN samples(d.name, 'voltage.a') s
      GROUP BY 1 ORDER BY 1
      """)
    let counts = all.map { device in
      (try? expected(store, [device], [Metric(number: 20)], whole).count) ?? 0
    }
    #expect(joined.map { $0[1] } == counts.map { .integer(Int64($0)) })
  }

  @Test func aRowHasTheExactValueAndItsWords() throws {
    let store = try fixture.open()
    var outcome = Outcome()
    outcome.newDevices = ["BS-1"]
    outcome.readings = [
      reading(0, 1, 1_772_323_200_000, "123456789012.345678"),
      reading(0, 1, 1_772_323_200_000, "5"),
    ]
    try store.append(batch: batch(["{}"]), outcome: outcome)
    let session = try SqlSession(path: fixture.path)
    let found = try rows(session, "SELECT * FROM samples ORDER BY number DESC LIMIT 1")
    #expect(
      found == [
        [
          .text("BS-1"), .text("energy.active.import.total"), .text("2026-03-01T00:00:00.000Z"),
          .integer(1_772_323_200_000), .text("123456789012.345678"), .real(123456789012.345678),
          .text("kWh"), .text("conflict"),
        ]
      ])
  }

  @Test func aTextMetricHasItsText() throws {
    let store = try fixture.open()
    let metric = try #require(MetricCatalogue.all.first { $0.kind == .text })
    var outcome = Outcome()
    (outcome.newDevices, outcome.newTexts) = (["BS-1"], ["V1.0", "V1.1"])
    outcome.readings = [reading(0, metric.metric.number, 5, "1"), reading(0, 20, 5, "1")]
    try store.append(batch: batch(["{}"]), outcome: outcome)
    let session = try SqlSession(path: fixture.path)
    #expect(
      try rows(session, "SELECT value, number FROM samples ORDER BY number")
        == [[.text("V1.1"), .null], [.text("1"), .real(1)]])
  }

  @Test func conditionsReachTheScan() throws {
    _ = try fill(seed: 1)
    let session = try SqlSession(
      path: fixture.path,
      tables: [SqlTable(name: "site", columns: ["device"], rows: [[.text("D1")]])])
    func plan(_ text: String) throws -> [String] {
      try rows(session, "EXPLAIN QUERY PLAN " + text).compactMap { row in
        if case .text(let text) = row[3] { text } else { nil }
      }
    }
    // The letters are SamplesCondition's.
    #expect(
      try plan("SELECT * FROM samples WHERE device = 'x' AND metric = 'y' AND time_ms > 3")
        .first?.hasSuffix("INDEX 0:dmg") == true)
    let join = try plan(
      """
      SELECT * FROM samples s JOIN site r ON r.device = s.device WHERE s.metric = 'voltage.a'
      """)
    #expect(join.first == "SCAN r" && join.last?.hasSuffix("INDEX 0:md") == true, "\(join)")
    let sorted = "SELECT * FROM samples('D1', 'voltage.a') ORDER BY time"
    #expect(try plan(sorted).count == 1)
    #expect(try plan(sorted + " DESC").count == 2)
    #expect(try plan("SELECT * FROM samples WHERE device = 'D1' ORDER BY time_ms").count == 2)
  }

  @Test func badArgumentsAreNamed() throws {
    _ = try fill(seed: 1)
    #expect(
      try error("SELECT * FROM samples('D1', 'voltage.q')")
        == "samples(): metric 'voltage.q' is not in the catalogue; see the table metric")
    #expect(try error("SELECT * FROM samples('D1', 'voltage.a', 'yesterday')").contains("expected"))
    #expect(try error("SELEC 1").contains("syntax error"))
    #expect(try error("SELECT * FROM samples('D1', 'voltage.a', 1, 2, 3)").contains("too many"))
  }

  @Test(arguments: [
    "ATTACH 'other.db' AS other", "VACUUM INTO 'copy.db'", "VACUUM", "DELETE FROM journal",
    "PRAGMA journal_mode = DELETE", "PRAGMA query_only = 0", "PRAGMA writable_schema = 1",
    "CREATE TEMP TABLE t (a)", "CREATE TABLE t (a)", "INSERT INTO metric VALUES (9999, 'a', 'b')",
    "SELECT load_extension('libm.so.6')", "BEGIN", "COMMIT", "SAVEPOINT a", "DROP TABLE chunk",
    "SELECT writefile('x', 'y')", "SELECT fts3_tokenizer('simple', x'00')", "ANALYZE", "REINDEX",
    "PRAGMA temp_store_directory = '.'", "SELECT * FROM pragma_journal_mode",
    "CREATE VIRTUAL TABLE temp.f USING fts5(a)", "DETACH temp",
    "WITH a AS (SELECT 1) UPDATE metric SET unit = 'x'", "PRAGMA wal_checkpoint(TRUNCATE)",
    "SELECT 1; DELETE FROM chunk", "PRAGMA user_version = 9", "EXPLAIN ATTACH 'other.db' AS other",
    "UPDATE sqlite_master SET sql = ''", "UPDATE temp.sqlite_master SET sql = ''",
  ])
  func hostileStatementsAreRefused(text: String) throws {
    let (store, _) = try fill(seed: 1)
    try store.close()
    let url = URL(fileURLWithPath: fixture.path)
    let before = try Data(contentsOf: url)
    let reason = try error(text)
    let reasons = [
      "only statements", "not authorized", "no such", "may not be modified", "syntax",
      "not be changed",
    ]
    #expect(reasons.contains { reason.contains($0) }, "\(reason)")
    #expect(try Data(contentsOf: url) == before)
    let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path)
    #expect(files.filter { !$0.hasPrefix("test.db") } == [])
  }

  @Test func anEndlessAnswerEndsWithTheCaller() throws {
    _ = try fill(seed: 1)
    let session = try SqlSession(path: fixture.path)
    var count = 0
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    try session.run(endless, heading: { _ in }) { _ in
      count += 1
      return count < 1000
    }
    #expect(count == 1000)
    #expect(try rows(session, "SELECT 1; -- and\n SELECT 2;\n").count == 2)
  }

  @Test func theViewStaysWhileTheFileGrows() throws {
    let (store, _) = try fill(seed: 3)
    let session = try SqlSession(path: fixture.path)
    let before = try texts(session, "samples")
    var outcome = Outcome()
    outcome.readings = [reading(0, 20, 5_000, "1")]
    try store.append(batch: batch(["late"]), outcome: outcome)
    try store.compactAll(now: at(0))
    #expect(try texts(session, "samples") == before)
    #expect(try texts(try SqlSession(path: fixture.path), "samples").count == before.count + 1)
  }
}
