import Alerting
import Engine
import Series
import SiteModel
import Storage
import TestSupport
import Testing

/// One transaction a batch: all of it, once, or nothing.
@Suite struct CommitTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  private func fullOutcome() -> Outcome {
    var outcome = Outcome()
    outcome.newDevices = ["m1", "米表2"]
    outcome.readings = [
      reading(0, 1, 900, "999999999999999999"), reading(1, 1, 901, "-0.10", .outOfRange),
    ]
    outcome.events = [event(700), event(700), event(800, .cleared)]
    outcome.quarantined = [
      Quarantined(entry: 1, reason: "bad_json", detail: "byte 0", isWhole: true)
    ]
    outcome.alerts = [alert("a1")]
    outcome.notifications = [notification(1), notification(2)]
    return outcome
  }

  @Test func everythingIsReadBackAlsoAfterReopening() throws {
    let store = try fixture.open()
    let messages = batch(["{}", "x\u{0}y"])
    #expect(
      try store.append(batch: messages, outcome: fullOutcome(), snapshot: [1, 2], duplicates: 4)
        == 1)
    try store.close()
    let reader = try Store.openReadOnly(path: fixture.path)
    #expect(try reader.deviceNames() == ["m1", "米表2"])
    #expect(try reader.device(named: "米表2") == DeviceIndex(1))
    #expect(try reader.device(named: "m3") == nil)
    let samples = try reader.samples(of: DeviceIndex(1), Metric(number: 1))
    #expect(samples.map(\.value.description) == ["-0.10"])
    #expect(samples.map(\.quality) == [.outOfRange])
    let wide = try reader.samples(of: DeviceIndex(0), Metric(number: 1))
    #expect(wide.map(\.value.description) == ["999999999999999999"])
    #expect(try reader.metrics(of: DeviceIndex(0)) == [Metric(number: 1)])
    #expect(try reader.events() == [event(700), event(800, .cleared)])
    #expect(try reader.events(of: DeviceIndex(1)) == [])
    #expect(try reader.events(from: at(701), to: at(801)) == [event(800, .cleared)])
    #expect(try reader.alerts() == [alert("a1")])
    #expect(
      try reader.dueNotifications(channel: "hook", now: at(0), limit: 9).map(\.message)
        == [notification(1), notification(2)])
    #expect(try reader.latestSnapshot()?.bytes == [1, 2])
    #expect(
      try reader.totals()
        == StoreTotals(messages: 2, readings: 2, events: 3, duplicates: 4, quarantined: 1))
    let row = try #require(try reader.quarantined().first)
    #expect((row.seq, row.entry, row.reason, row.detail) == (1, 1, "bad_json", "byte 0"))
    #expect(row.payload == Array("x\u{0}y".utf8) && row.topic == "uplink/m1/json" && row.isWhole)
  }

  @Test func aFailedCommitLeavesNothingAndCanBeRepeated() throws {
    let store = try fixture.open()
    var first = Outcome()
    first.notifications = [notification(1, key: "other")]
    try store.append(batch: batch(["{}"]), outcome: first)
    let before = try Facts(store.reader)
    // Its notification 1 contradicts what is stored, after everything else was written.
    let error = #expect(throws: StoreError.self) {
      try store.append(batch: batch(["{}", "x"]), outcome: fullOutcome(), snapshot: [1])
    }
    #expect(error?.reason == .corrupt("notification number 1 is taken by another"))
    #expect(try Facts(store.reader) == before)
    var outcome = fullOutcome()
    outcome.notifications = [notification(2), notification(3)]
    #expect(try store.append(batch: batch(["{}", "x"]), outcome: outcome) == 2)
    #expect(try store.reader.verifyJournal() == [])
    #expect(try store.reader.integrityCheck() == [])
  }

  @Test func aCommitAfterAnotherProcessIsRefused() throws {
    let store = try fixture.open()
    try store.append(batch: batch(["{}", "x"]), outcome: fullOutcome())
    let before = try Facts(store.reader)
    let late = #expect(throws: StoreError.self) {
      try store.commit(batch: batch(["{}"]), outcome: Outcome(), after: 0, firstDevice: 0)
    }
    #expect(late?.reason == .corrupt("another process wrote journal row 1"))
    #expect(late?.isRetryable == false)
    var outcome = Outcome()
    outcome.newDevices = ["m3"]
    for wrong in [1, 3] {
      let error = #expect(throws: StoreError.self) {
        try store.commit(batch: batch(["{}"]), outcome: outcome, after: 1, firstDevice: wrong)
      }
      #expect(error?.reason == .corrupt("the next device is 2, not \(wrong)"))
    }
    #expect(try Facts(store.reader) == before)
    try store.commit(batch: batch(["{}"]), outcome: outcome, after: 1, firstDevice: 2)
    #expect(try store.reader.deviceNames() == ["m1", "米表2", "m3"])
  }

  @Test func afterAFullFileTheSameCommitSucceedsWithMoreRoom() throws {
    var store = try fixture.open { $0.maximumSizeMB = 1 }
    var commits = 0
    // Compressed it is about half as long.
    var random = SeededGenerator(seed: 5)
    let large = (0..<5_000).map { _ in String(random.next(), radix: 16) }.joined()
    var failure: StoreError?
    while failure == nil, commits < 100 {
      var outcome = Outcome()
      outcome.readings = [reading(0, 1, Int64(commits), ExactDecimal(commits))]
      do throws(StoreError) {
        try store.append(batch: batch([large]), outcome: outcome)
        commits += 1
      } catch {
        failure = error
      }
    }
    #expect(failure?.reason == .full && failure?.isRetryable == true)
    #expect(commits > 5 && commits < 25)
    #expect(try store.reader.totals().readings == Int64(commits))
    #expect(throws: StoreError.self) { try store.append(batch: batch([large]), outcome: Outcome()) }
    try store.close()
    store = try fixture.open()
    let next = try store.append(batch: batch([large]), outcome: Outcome())
    #expect(next == Int64(commits + 1))
    #expect(try store.reader.verifyJournal() == [])
    #expect(try store.reader.integrityCheck() == [])
  }

  @Test func repeatedAlertsAndNotificationsChangeNothing() throws {
    let store = try fixture.open()
    var outcome = Outcome()
    outcome.alerts = [alert("a1"), alert("a2")]
    outcome.notifications = [notification(1)]
    try store.append(batch: batch(["{}"]), outcome: outcome)
    var clearing = Outcome()
    clearing.alerts = [alert("a1", state: .cleared, cleared: 900)]
    clearing.notifications = [notification(2)]
    try store.append(batch: batch(["{}"]), outcome: clearing)
    try store.markDelivered(1, at: at(5))
    try store.append(batch: batch(["{}"]), outcome: outcome)
    #expect(try store.reader.alerts().map(\.state) == [.cleared, .open])
    #expect(try store.reader.alerts(openOnly: true).map(\.id) == ["a2"])
    let due = try store.reader.dueNotifications(channel: "hook", now: at(0), limit: 9)
    #expect(due.map(\.message.number) == [2])
    var withdrawal = Outcome()
    withdrawal.alerts = [alert("a1", state: .withdrawn, cleared: 900)]
    try store.append(batch: batch(["{}"]), outcome: withdrawal)
    try store.append(batch: batch(["{}"]), outcome: clearing)
    #expect(try store.reader.alerts().map(\.state) == [.withdrawn, .open])
    let counts = try store.reader.alertCounts()
    #expect(counts.map(\.state) == [.open, .withdrawn] && counts.map(\.count) == [1, 1])
  }

  @Test func quarantineKeepsTheNewestAndCountsAll() throws {
    let store = try fixture.open { $0.quarantineRowsLimit = 5 }
    for round in 0..<4 {
      var outcome = Outcome()
      outcome.quarantined = (0..<3).map {
        Quarantined(
          entry: $0, reason: $0 == 0 ? "unknown_topic" : "bad_json", detail: "\(round)",
          isWhole: $0 == 0)
      }
      let long = String(repeating: "x", count: 2_000)
      try store.append(batch: batch(["", "a", long]), outcome: outcome)
    }
    let rows = try store.reader.quarantined()
    #expect(rows.count == 5)
    #expect(rows.map(\.seq) == [4, 4, 4, 3, 3])
    #expect(rows[0].payload.count == 512 && rows[0].payloadLength == 2_000)
    #expect(rows[2].payload == [])
    let counts = try store.reader.quarantineCounts()
    #expect(counts.map(\.reason) == ["bad_json", "unknown_topic"])
    #expect(counts.map(\.count) == [8, 4])
    #expect(try store.reader.totals().quarantined == 12)
  }

  @Test func snapshotsKeepTheLastTwoAndFallBack() throws {
    let store = try fixture.open()
    #expect(try store.reader.latestSnapshot() == nil)
    for text in ["state-one", "state-two", "state-three"] {
      try store.append(batch: batch(["{}"]), outcome: Outcome(), snapshot: Array(text.utf8))
    }
    #expect(try store.reader.latestSnapshot()?.seq == 3)
    try store.close()
    try fixture.flipByte(of: "state-three")
    let reader = try Store.openReadOnly(path: fixture.path)
    let fallback = try #require(try reader.latestSnapshot())
    #expect(fallback.seq == 2 && fallback.bytes == Array("state-two".utf8))
  }
}

/// Everything that a failed commit could have changed.
private struct Facts: Equatable {
  var totals: StoreTotals
  var devices: [String]
  var alerts: [AlertRecord]
  var events: [DeviceEvent]
  var outbox: OutboxCounts
  var newest: Int64
  var quarantined: [QuarantineRow]
  var snapshot: Int64?

  init(_ reader: StoreReader) throws {
    totals = try reader.totals()
    devices = try reader.deviceNames()
    alerts = try reader.alerts()
    events = try reader.events()
    outbox = try reader.outboxCounts()
    newest = try reader.newestSegment()
    quarantined = try reader.quarantined()
    snapshot = try reader.latestSnapshot()?.seq
  }
}
