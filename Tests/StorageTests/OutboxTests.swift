import Engine
import SiteModel
import Storage
import Testing

/// Notifications leave in order, are retried, and are never lost.
@Suite struct OutboxTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  private func open(notifications: ClosedRange<Int64>, keep: Int = 100) throws -> Store {
    let store = try fixture.open { $0.outboxRowsLimit = keep }
    var outcome = Outcome()
    outcome.notifications = notifications.map { notification($0) }
    try store.append(batch: batch(["{}"]), outcome: outcome)
    return store
  }

  @Test func dueOnesComeInOrderAndRetriesWait() throws {
    let store = try open(notifications: 1...4)
    let due = { (now: Int64, limit: Int) in
      try store.reader.dueNotifications(channel: "hook", now: at(now), limit: limit)
        .map(\.message)
    }
    #expect(try store.reader.newestNotification() == 4)
    #expect(try store.reader.nextAttempt(channel: "hook") == at(0))
    try store.markRetry(1, nextAttempt: at(500), reason: "503")
    try store.markDelivered(2, at: at(10))
    try store.markFailed(3, reason: "400", at: at(10))
    #expect(try due(499, 9).map(\.number) == [4])
    #expect(try due(500, 9).map(\.number) == [1, 4])
    #expect(try due(500, 9).map(\.attempts) == [1, 0])
    #expect(try due(500, 1).map(\.number) == [1])
    #expect(
      try store.reader.outboxCounts() == OutboxCounts(pending: 2, delivered: 1, failed: 1))
    try store.markDelivered(4, at: at(11))
    #expect(try store.reader.nextAttempt(channel: "hook") == at(500))
    try store.markDelivered(1, at: at(501))
    #expect(try store.reader.nextAttempt(channel: "hook") == nil)
  }

  @Test func channelsAreSeparateAndMessagesNameTheirAlerts() throws {
    let store = try fixture.open()
    var outcome = Outcome()
    let bodies = [#"{"alert":{"id":"a/b/1"}}"#, "{}", "no JSON"]
    outcome.notifications = bodies.enumerated().map { index, body in
      SiteModel.Notification(
        number: Int64(index) + 1, channel: index == 1 ? "log" : "hook", key: "k\(index)",
        body: body)
    }
    try store.append(batch: batch(["{}"]), outcome: outcome)
    try store.postpone(1, until: at(70))
    try store.postpone(channel: "log", until: at(90))
    #expect(try store.reader.nextAttempt(channel: "log") == at(90))
    let due = try store.reader.dueNotifications(channel: "hook", now: at(70), limit: 9)
    #expect(due.map(\.alert) == ["a/b/1", "k2"] && due.map(\.message.attempts) == [0, 0])
    #expect(try store.reader.dueNotifications(channel: "hook", now: at(69), limit: 9).count == 1)
  }

  @Test func messagesOfChannelsThatAreGoneFail() throws {
    let store = try open(notifications: 1...3)
    try store.markDelivered(1, at: at(1))
    #expect(try store.failNotifications(besidesChannels: ["log", "hook"], at: at(2)) == 0)
    #expect(try store.failNotifications(besidesChannels: [], at: at(2)) == 2)
    #expect(try store.reader.outboxCounts() == OutboxCounts(delivered: 1, failed: 2))
  }

  @Test func whatIsFinishedStaysFinished() throws {
    let store = try open(notifications: 1...1)
    try store.markFailed(1, reason: "410", at: at(1))
    try store.markRetry(1, nextAttempt: at(2), reason: "late answer")
    try store.markDelivered(1, at: at(3))
    #expect(try store.reader.outboxCounts() == OutboxCounts(failed: 1))
  }

  @Test func oldFinishedOnesGoAndTheGaplessCountStays() throws {
    let store = try open(notifications: 1...20, keep: 5)
    for number in Int64(2)...20 { try store.markDelivered(number, at: at(number)) }
    let counts = try store.reader.outboxCounts()
    #expect(counts == OutboxCounts(pending: 1, delivered: 5))
    #expect(try store.reader.integrityCheck() == [])
    #expect(try store.reader.newestNotification() == 20)
  }

  @Test func aMissingNumberIsNoticed() throws {
    let store = try fixture.open()
    var outcome = Outcome()
    outcome.notifications = [notification(1), notification(3)]
    try store.append(batch: batch(["{}"]), outcome: outcome)
    #expect(try store.reader.integrityCheck().map(\.place) == ["outbox"])
  }
}
