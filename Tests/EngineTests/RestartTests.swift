import TestSupport
import Alerting
import Engine
import SiteModel
import Testing

/// An engine that is stopped and started again at any point goes on as if nothing had been: every
/// outcome is the same, byte for byte, and so is its state.
@Suite struct RestartTests {
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func snapshotsChangeNothing(_ seed: UInt64) throws {
    let world = try World()
    let journal = RandomJournal(seed: seed, batches: 120)
    let steady = world.engine()
    var restarted = world.engine()
    var random = SeededGenerator(seed: seed &* 31)
    var (names, texts): ([String], [String]) = ([], [])
    for (index, body) in journal.bodies.enumerated() {
      let batch = try Self.batch(body)
      let expected = try world.process(batch, by: steady, segment: Int64(index + 1))
      let found = try world.process(batch, by: restarted, segment: Int64(index + 1))
      try #require(Self.text(found) == Self.text(expected), "seed \(seed), batch \(index)")
      names += expected.newDevices
      texts += expected.newTexts
      let isSame = restarted.snapshot() == steady.snapshot()
      try #require(isSame, "seed \(seed), batch \(index)")
      guard random.happens(onceIn: 3) else { continue }
      restarted = try world.engine(from: restarted.snapshot(), names: names, texts: texts)
      let isRestored = restarted.snapshot() == steady.snapshot()
      try #require(isRestored, "seed \(seed), after batch \(index)")
    }
  }

  /// A snapshot and the journal after it, as at a start after a crash: the names in the file are
  /// then ahead of the snapshot.
  @Test(arguments: [101, 102, 103] as [UInt64])
  func replayMakesTheSame(_ seed: UInt64) throws {
    let world = try World()
    let journal = RandomJournal(seed: seed, batches: 80)
    let steady = world.engine()
    var snapshots: [[UInt8]] = [steady.snapshot()]
    var outcomes: [String] = []
    var (names, texts): ([String], [String]) = ([], [])
    for (index, body) in journal.bodies.enumerated() {
      let outcome = try world.process(try Self.batch(body), by: steady, segment: Int64(index + 1))
      outcomes.append(Self.text(outcome))
      names += outcome.newDevices
      texts += outcome.newTexts
      snapshots.append(steady.snapshot())
    }
    for start in stride(from: 0, to: journal.bodies.count, by: 13) {
      let engine = try world.engine(from: snapshots[start], names: names, texts: texts)
      for index in start..<journal.bodies.count {
        let batch = try Self.batch(journal.bodies[index])
        let outcome = try world.process(batch, by: engine, segment: Int64(index + 1))
        try #require(Self.text(outcome) == outcomes[index], "seed \(seed), from \(start)")
      }
      let isSame = engine.snapshot() == steady.snapshot()
      #expect(isSame, "seed \(seed), from \(start)")
    }
  }

  /// Time changes something exactly when the engine says so.
  @Test(arguments: 201...206 as ClosedRange<UInt64>)
  func isDueTellsTheTruth(_ seed: UInt64) throws {
    let world = try World()
    let journal = RandomJournal(seed: seed, batches: 100)
    let engine = world.engine()
    var segment: Int64 = 0
    var dueCount = 0
    for body in journal.bodies {
      segment += 1
      let batch = try Self.batch(body)
      _ = try world.process(batch, by: engine, segment: segment)
      let before = engine.snapshot()
      let now = batch.entry(at: batch.count - 1).time.advanced(byMilliseconds: 200_000)
      let isDue = engine.isDue(now)
      #expect(engine.isDue(now) == isDue)
      let tick = Batch()
      tick.append(.tick, at: now)
      segment += 1
      let outcome = try world.process(tick, by: engine, segment: segment)
      let hasChanged = engine.snapshot() != before || !outcome.alerts.isEmpty
      #expect(isDue == hasChanged, "seed \(seed), segment \(segment)")
      #expect(!engine.isDue(now))
      if isDue { dueCount += 1 }
    }
    #expect(dueCount > 10)
  }

  /// The promises of the outbox hold over a whole journal.
  @Test(arguments: 301...306 as ClosedRange<UInt64>)
  func everyIncidentBeginsAndEndsOnce(_ seed: UInt64) throws {
    let world = try World()
    let engine = world.engine()
    var keys: Set<String> = []
    var number: Int64 = 0
    var kinds: Set<String> = []
    for (index, body) in RandomJournal(seed: seed, batches: 120).bodies.enumerated() {
      let outcome = try world.process(try Self.batch(body), by: engine, segment: Int64(index + 1))
      #expect(Set(outcome.alerts.map(\.id)).count == outcome.alerts.count)
      for alert in outcome.alerts {
        kinds.insert(alert.kind)
        #expect((alert.clearedAt == nil) == (alert.state == .open), "\(alert.id)")
        if let end = alert.clearedAt { #expect(end >= alert.openedAt, "\(alert.id)") }
      }
      for note in outcome.notifications {
        number += 1
        #expect(note.number == number)
        #expect(keys.insert(note.key).inserted, "\(note.body)")
      }
    }
    #expect(kinds.isSuperset(of: ["outage.mains", "device.silent", "price.cap_exceeded"]))
  }

  static func batch(_ body: [UInt8]) throws -> Batch {
    let batch = Batch()
    try body.withUnsafeBytes { bytes in try batch.load(bytes) }
    return batch
  }

  static func text(_ outcome: Outcome) -> String {
    let parts: [[String]] = [
      outcome.newDevices, outcome.readings.map { "\($0)" }, outcome.events.map { "\($0)" },
      outcome.quarantined.map { "\($0)" }, outcome.alerts.map(\.json),
      outcome.alarms.map { "\($0)" }, outcome.notifications.map { "\($0)" },
    ]
    return parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }
}
