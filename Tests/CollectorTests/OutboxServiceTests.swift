import Engine
import Foundation
import Logging
import Notifiers
import ServiceLifecycle
import Setup
import SiteModel
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Collector

/// What the outbox sends, when, and in which order; over a real store and a real web server.
@Suite(.timeLimit(.minutes(1))) struct OutboxServiceTests {
  let folder: TemporaryFolder
  let store: Store
  let receiver = WebhookReceiver()
  let lines = Lines()

  init() throws {
    folder = try TemporaryFolder()
    store = try Store.open(path: folder.path + "/test.db")
  }

  @Test func anOutcomeThatCannotBeStoredHoldsUpAllElse() async throws {
    try await receiver.start()
    try write(["a raised", "b raised"])
    try sql("CREATE TRIGGER broken BEFORE UPDATE ON outbox BEGIN SELECT raise(FAIL, 'off'); END")
    let outboxes = [try await hook()]
    try await running(outboxes) {
      try await until { lines.all.contains { $0.contains("off") } }
      // Two further tries to store it, and nothing sent for them.
      try await Task.sleep(for: .milliseconds(2500))
      #expect(await receiver.requests.count == 1)
      #expect(lines.all.filter { $0.contains("off") }.count == 1)
      try sql("DROP TRIGGER broken")
      try await until { try store.reader.outboxCounts().delivered == 2 }
    }
    #expect(try await sent() == ["a raised", "b raised"])
  }

  @Test func anAlertsMessagesStayInOrderWhileOthersPass() async throws {
    try await receiver.start()
    try await receiver.answer(.init(503), .init(200), .init(503))
    try write(["a raised", "b raised", "a cleared", "b cleared"])
    try await running([try await hook(firstDelayMilliseconds: 500)]) {
      try await until { try store.reader.outboxCounts().delivered == 4 }
    }
    let texts = try await sent()
    #expect(texts.filter { $0.hasPrefix("a") } == ["a raised", "a raised", "a cleared"])
    #expect(
      texts.filter { $0.hasPrefix("b") } == ["b raised", "b cleared", "b cleared"])
    #expect(texts.prefix(3) == ["a raised", "b raised", "b cleared"])
  }

  @Test func aChannelThatIsDownRestsAndChargesNobodyElse() async throws {
    try await receiver.start()
    try await receiver.answer(.init(503), .init(503))
    try write(["a raised", "b raised", "c raised", "a cleared"])
    try await running([try await hook(firstDelayMilliseconds: 300)]) {
      try await until { try store.reader.outboxCounts().delivered == 4 }
    }
    let order = ["a raised", "b raised"]
    #expect(try await sent() == order + order + ["c raised", "a cleared"])
    #expect(try attempts() == [2, 2, 1, 1])
  }

  @Test func aRunningAttemptHoldsUpNeitherOtherChannelsNorTheStop() async throws {
    try await receiver.start()
    try await receiver.answer(.init(200, headDelayMilliseconds: 110_000))
    try write(["a raised"])
    try write(["a raised"], channel: "log", from: 2)
    let delivered = Signal()
    let log = outbox(
      Channel(name: "log", kind: .log(LogNotifier { _ in delivered.raise() })))
    try await running([try await hook(), log]) {
      _ = try await receiver.requests(atLeast: 1)
      await delivered.wait(milliseconds: 60_000)
      try await until { try store.reader.outboxCounts().delivered == 1 }
    }
    #expect(try store.reader.outboxCounts() == OutboxCounts(pending: 1, delivered: 1))
    #expect(try attempts() == [0, 1])
  }

  @Test func aClockSetBackDoesNotProlongAWait() async throws {
    try await receiver.start()
    try await receiver.answer(.init(503))
    try write(["a raised"])
    let day: Int64 = 86_400_000
    let clock = Clock(milliseconds: 1000 * day)
    let hook = try await hook(
      firstDelayMilliseconds: 300_000,
      clock: WallClock(wall: { clock.now }, steady: { 0 }))
    try await running([hook]) {
      try await until { try attempts() == [1] }
      clock.now = 999 * day
      hook.signal.raise()
      try await until { try store.reader.outboxCounts().delivered == 1 }
    }
    #expect(try await sent() == ["a raised", "a raised"])
  }
}

extension OutboxServiceTests {
  /// Stores notifications; each text is an alert and its transition.
  private func write(_ texts: [String], channel: String = "hook", from first: Int64 = 1) throws {
    var outcome = Outcome()
    outcome.notifications = texts.enumerated().map { index, text in
      let number = first + Int64(index)
      let alert = text.prefix { $0 != " " }
      return SiteModel.Notification(
        number: number, channel: channel, key: "key-\(number)",
        body: #"{"text":"\#(text)","alert":{"id":"\#(alert)"}}"#)
    }
    let batch = Batch(capacity: 1)
    batch.append(
      topic: UnsafeRawBufferPointer(start: nil, count: 0),
      payload: UnsafeRawBufferPointer(start: nil, count: 0), packet: 1, qos: 1, retained: false,
      receivedAt: Timestamp(milliseconds: 0))
    _ = try store.commit(
      batch: batch, outcome: outcome, after: store.reader.newestSegment(), firstDevice: 0)
  }

  private func hook(
    firstDelayMilliseconds: Int64 = 1000, clock: WallClock = WallClock()
  ) async throws -> OutboxService {
    var options = WebhookOptions(url: Secret(await receiver.origin))
    options.timeoutMilliseconds = 120_000
    let notifier = try WebhookNotifier(options, version: "0") { Timestamp(milliseconds: 0) }
    return outbox(
      Channel(name: "hook", kind: .webhook(notifier)), firstDelayMilliseconds, clock)
  }

  private func outbox(
    _ channel: Channel, _ firstDelayMilliseconds: Int64 = 1000, _ clock: WallClock = WallClock()
  ) -> OutboxService {
    var policy = RetryPolicy()
    policy.firstDelayMilliseconds = firstDelayMilliseconds
    return OutboxService(
      store: store, channel: channel, policy: policy, clock: clock,
      log: Logger(label: "test") { _ in lines })
  }

  /// Runs services while `body` does, and stops them gracefully.
  private func running(_ outboxes: [OutboxService], _ body: () async throws -> Void) async throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: outboxes.map { .init(service: $0) },
        logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() }))
    let running = Task { try await group.run() }
    do { try await body() } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
    await group.triggerGracefulShutdown()
    try await running.value
  }

  private func until(_ isDone: () throws -> Bool) async throws {
    while try !isDone() { try await Task.sleep(for: .milliseconds(10)) }
  }

  /// The texts that the receiver was sent.
  private func sent() async throws -> [String] {
    struct Body: Decodable { let text: String }
    return try await receiver.requests.map {
      try JSONDecoder().decode(Body.self, from: $0.body).text
    }
  }

  private func attempts() throws -> [Int] {
    var attempts: [Int] = []
    try store.reader.forEachNotification { attempts.append($0.attempts) }
    return attempts
  }

  /// Changes the database from outside, as nothing in the product does.
  private func sql(_ statement: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])"
    process.arguments = ["python3", "-c", script, store.path, statement]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}

/// A wall clock that a test sets.
private final class Clock: Sendable {
  private let milliseconds: Mutex<Int64>

  init(milliseconds: Int64) { self.milliseconds = Mutex(milliseconds) }

  var now: Int64 {
    get { milliseconds.withLock { $0 } }
    set { milliseconds.withLock { $0 = newValue } }
  }
}

/// Keeps what is logged.
final class Lines: LogHandler, Sendable {
  private let texts = Mutex<[String]>([])

  var all: [String] { texts.withLock { $0 } }

  func log(event: LogEvent) { texts.withLock { $0.append(event.message.description) } }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
}
