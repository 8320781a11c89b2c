import Alerting
import Engine
import SiteModel
import Testing

/// A message of before that is decoded again gives its readings at its own time, and nothing is
/// judged by it.
@Suite struct ReplayedTests {
  private func append(
    _ batch: Batch, _ topic: String, _ payload: String, receivedAt: Int64, at now: Int64 = 9_000_000
  ) {
    Array(topic.utf8).withUnsafeBytes { topic in
      Array(payload.utf8).withUnsafeBytes { payload in
        batch.append(
          replayed: topic, payload: payload, retained: false,
          receivedAt: Timestamp(milliseconds: receivedAt), at: Timestamp(milliseconds: now))
      }
    }
  }

  @Test func timesAreThoseOfTheMessage() throws {
    let world = try World()
    let engine = world.engine()
    let received: Int64 = 1_772_352_000_000
    let batch = Batch()
    append(batch, "uplink/D-9/json", #"{"voltage.a":230}"#, receivedAt: received)
    append(
      batch, "uplink/D-9/json", #"{"time":1772351000,"voltage.a":231}"#, receivedAt: received)
    // By the clock of the replay this would be believed; by that of the message it is the future.
    append(
      batch, "uplink/D-9/json", #"{"time":1772359000,"voltage.a":232}"#, receivedAt: received)
    let stored = Batch()
    try stored.load(batch.body)
    #expect(stored.messageCount == 0 && stored.count == 3)
    let outcome = try world.process(stored, by: engine, segment: 1)
    #expect(outcome.readings.map(\.time.milliseconds) == [received, 1_772_351_000_000, received])
    #expect(outcome.readings.map(\.quality) == [.good, .good, .badTime])
    #expect(outcome.newDevices == ["D-9"])
    #expect(outcome.mentions.map(\.entry) == [0, 1, 2])
    #expect(outcome.quarantined == [])
  }

  @Test func whatIsStillUnknownLeavesNoTrace() throws {
    let world = try World()
    let engine = world.engine()
    let before = engine.snapshot()
    let batch = Batch()
    append(batch, "nobody/knows", "{}", receivedAt: 1)
    append(batch, "uplink/D-1/json", "{", receivedAt: 1)
    append(batch, "uplink/D-1/json", #"{"voltage.a":230}"#, receivedAt: 1)
    #expect(engine.understands(batch).isUnderstood == [false, false, true])
    #expect(engine.snapshot() == before)
    let unknown = Batch()
    unknown.append(batch.entry(at: 0))
    let outcome = try world.process(unknown, by: engine, segment: 1)
    #expect(outcome.readings == [] && outcome.quarantined == [] && outcome.newDevices == [])
    #expect(engine.snapshot() == before)
  }

  @Test func nothingIsJudged() throws {
    let world = try World()
    let received: Int64 = 1_772_352_000_000
    var alerts: [Int] = []
    for isReplayed in [true, false] {
      let engine = world.engine()
      let batch = Batch()
      batch.append(.reference(files: [1]), at: Timestamp(milliseconds: received))
      batch.append(.link(up: true), at: Timestamp(milliseconds: received))
      let payload = #"{"time":1772352000,"code":"0406016001","flag":"BEGIN"}"#
      if isReplayed {
        append(batch, "fsu/D-6/alarm", payload, receivedAt: received, at: received)
      } else {
        Array("fsu/D-6/alarm".utf8).withUnsafeBytes { topic in
          Array(payload.utf8).withUnsafeBytes { payload in
            batch.append(
              topic: topic, payload: payload, packet: 1, qos: 1, retained: false,
              receivedAt: Timestamp(milliseconds: received))
          }
        }
      }
      var outcome = try world.process(batch, by: engine, segment: 1)
      #expect(outcome.events.map(\.isHistorical) == [isReplayed])
      let tick = Batch()
      tick.append(.tick, at: Timestamp(milliseconds: received + 400_000))
      outcome = try world.process(tick, by: engine, segment: 2)
      alerts.append(outcome.alerts.count { $0.kind == "outage.mains" })
    }
    #expect(alerts == [0, 1])
  }
}
