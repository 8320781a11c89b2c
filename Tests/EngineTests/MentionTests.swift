import Detection
import Engine
import SiteModel
import TestSupport
import Testing

/// Which message is about which device: noted when it comes, and found again later.
@Suite struct MentionTests {
  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func aLaterReviewFindsWhatWasNoted(_ seed: UInt64) throws {
    let world = try World()
    let engine = world.engine()
    var count = 0
    for (index, body) in RandomJournal(seed: seed, batches: 60).bodies.enumerated() {
      let batch = try RestartTests.batch(body)
      let outcome = try world.process(batch, by: engine, segment: Int64(index + 1))
      let devices = engine.devices.count
      for mention in outcome.mentions {
        #expect(batch.entry(at: mention.entry).kind == .message)
        #expect(mention.first <= mention.last)
        let topic = String(decoding: batch.entry(at: mention.entry).topic, as: UTF8.self)
        #expect(topic.contains("/\(engine.devices.name(of: mention.device))/"))
      }
      let spoken = Set(outcome.readings.map(\.device)).union(outcome.events.map(\.device))
      #expect(spoken.isSubset(of: outcome.mentions.map(\.device)), "seed \(seed), \(index)")
      // Other profiles or registries would judge the messages of this batch otherwise.
      let isSteady = (0..<batch.count).allSatisfy { batch.entry(at: $0).kind != .reference }
      if isSteady {
        let review = engine.mentions(of: batch)
        #expect(outcome.mentions.allSatisfy { review.contains($0) }, "seed \(seed), \(index)")
        count += outcome.mentions.count
      }
      #expect(engine.devices.count == devices)
    }
    #expect(count > 100)
  }

  @Test func aSiteHasItsDevices() throws {
    let world = try World()
    let engine = world.engine()
    #expect(engine.deviceNames(ofSite: "S-0") == [])
    let batch = Batch()
    batch.append(.reference(files: [1]), at: Timestamp(milliseconds: 0))
    _ = try world.process(batch, by: engine, segment: 1)
    let devices = engine.reference.context.registry.devices.values
    let expected = devices.filter { $0.site == "S-1" }.map(\.id).sorted()
    #expect(!expected.isEmpty && engine.deviceNames(ofSite: "S-1") == expected)
  }
}

/// The state is saved after so many messages or readings, and at least once a day.
@Suite struct SnapshotScheduleTests {
  private func at(_ hours: Int64) -> Timestamp { Timestamp(milliseconds: hours * 3_600_000) }

  @Test func messagesReadingsAndTimeCount() {
    var schedule = SnapshotSchedule(messages: 10, readings: 100)
    var due = [
      schedule.isDue(messages: 9, readings: 99, now: at(0)),
      schedule.isDue(messages: 1, readings: 0, now: at(0)),
    ]
    schedule.saved(now: at(0))
    due.append(schedule.isDue(messages: 1, readings: 99, now: at(1)))
    due.append(schedule.isDue(messages: 1, readings: 1, now: at(1)))
    schedule.saved(now: at(1))
    due.append(schedule.isDue(messages: 0, readings: 0, now: at(24)))
    due.append(schedule.isDue(messages: 0, readings: 0, now: at(25)))
    // Until it was saved it stays due, also when the clock was set back.
    due.append(schedule.isDue(messages: 0, readings: 0, now: at(-24)))
    #expect(due == [false, true, false, true, false, true, true])
  }
}
