import Engine
import GRDB
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// Messages of which nothing could be used are kept by shape, within bounds, as long as nobody
/// reads them, and go together with the commit that has what they say.
@Suite struct HeldTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  /// Commits messages of a topic of which nothing can be used.
  @discardableResult
  private func commit(
    _ store: Store, _ payloads: [String], topic: String = "acme/M-1/up", at time: Int64 = 1_000,
    reason: String = "unknown_topic"
  ) throws -> Int64 {
    var outcome = Outcome()
    for entry in payloads.indices {
      outcome.quarantined.append(
        Quarantined(entry: entry, reason: reason, detail: "found it", isWhole: true))
    }
    return try store.append(batch: batch(payloads, topic: topic, at: time), outcome: outcome)
  }

  @Test func equalShapesAreCountedTogether() throws {
    var store = try fixture.open()
    try commit(store, [#"{"u":1}"#, #"{"v":1}"#, #"{"u":2}"#], at: 5_000)
    try commit(store, [#"{"u":3}"#], topic: "acme/M-2/up", at: 9_000, reason: "malformed")
    try store.close()
    store = try fixture.open()
    let shapes = try store.reader.unknownShapes()
    #expect(shapes.map(\.payload) == ["JSON: u number", "JSON: v number"])
    #expect(shapes.map(\.count) == [3, 1] && shapes.map(\.kept) == [3, 1])
    #expect(shapes[0].topic == "acme/{device}/up" && shapes[0].reason == "malformed")
    #expect(shapes[0].firstAt == at(5_000) && shapes[0].lastAt == at(9_000))
    #expect(shapes[0].sample.topic == Array("acme/M-1/up".utf8))
    #expect(shapes[0].sample.payload == Array(#"{"u":1}"#.utf8) && shapes[0].sampleLength == 7)
    #expect(try store.reader.unknownShapes(shapes[1].shape) == [shapes[1]])
    #expect(try store.reader.unknownShapes(ShapeID(number: 7)) == [])
    let held = try store.reader.heldMessages(shape: shapes[0].shape)
    #expect(
      held.map { String(decoding: $0.payload, as: UTF8.self) } == [
        #"{"u":1}"#, #"{"u":2}"#, #"{"u":3}"#,
      ])
    #expect(held.map(\.receivedAt) == [at(5_000), at(5_000), at(9_000)])
    #expect(
      try store.reader.heldMessages(after: held[0].id, through: held[1].id, limit: 5).count == 2)
    #expect(try store.reader.heldMessages(bytes: 1).count == 1)
  }

  @Test func onlyWholeMessagesAreHeldAndEachOnce() throws {
    let store = try fixture.open()
    let batch = batch(["{}", "{", "x"])
    batch.append(.tick, at: at(2_000))
    var outcome = Outcome()
    outcome.quarantined = [
      Quarantined(entry: 0, reason: "bad_number", detail: "part", isWhole: false),
      Quarantined(entry: 1, reason: "malformed", detail: "a", isWhole: true),
      Quarantined(entry: 1, reason: "malformed", detail: "b", isWhole: true),
      Quarantined(entry: 3, reason: "incomplete", detail: "given up", isWhole: true),
    ]
    try store.append(batch: batch, outcome: outcome)
    #expect(try store.reader.heldMessages().map(\.payload) == [Array("{".utf8)])
    #expect(try store.reader.unknownShapes().count == 1)
  }

  @Test func theOldestMessagesGiveWay() throws {
    let store = try fixture.open { $0.heldMessagesLimit = 3 }
    for number in 0..<5 { try commit(store, [#"{"u":\#(number)}"#], at: Int64(number)) }
    #expect(try store.reader.heldMessages().map(\.receivedAt.milliseconds) == [2, 3, 4])
    #expect(try store.reader.heldTotals() == HeldTotals(messages: 3, bytes: 54, dropped: 2))
    #expect(try store.reader.unknownShapes().map(\.count) == [5])
    try store.close()
    // By bytes; one that is longer than all leaves nothing.
    let small = try fixture.open { $0.heldBytesLimit = 40 }
    try commit(small, [#"{"u":7}"#], at: 7)
    #expect(try small.reader.heldMessages().map(\.receivedAt.milliseconds) == [4, 7])
    try commit(small, [#"{"text":"\#(String(repeating: "x", count: 100))"}"#], at: 8)
    #expect(try small.reader.heldTotals() == HeldTotals(messages: 0, bytes: 0, dropped: 7))
  }

  @Test func aMessageThatIsTooLongIsOnlyCounted() throws {
    let store = try fixture.open()
    try commit(store, [String(repeating: " ", count: HeldMessages.messageBytes) + "{"])
    let shape = try #require(try store.reader.unknownShapes().first)
    #expect(shape.count == 1 && shape.kept == 0)
    #expect(shape.sample.payload.count == HeldMessages.sampleBytes)
    #expect(try store.reader.heldTotals() == HeldTotals())
  }

  @Test func theShapesNotSeenForLongestGiveWay() throws {
    let store = try fixture.open { $0.unknownShapesLimit = 2 }
    try commit(store, [#"{"a":1}"#, #"{"a":2}"#], at: 1)
    try commit(store, [#"{"b":1}"#], at: 2)
    try commit(store, [#"{"a":3}"#], at: 3)
    try commit(store, [#"{"c":1}"#], at: 4)
    #expect(
      try Set(store.reader.unknownShapes().map(\.payload)) == ["JSON: a number", "JSON: c number"])
    #expect(
      try store.reader.heldTotals()
        == HeldTotals(messages: 4, bytes: 72, dropped: 1, droppedShapes: 1))
    #expect(try store.reader.integrityCheck() == [])
  }

  @Test func whatIsDecodedGoesWithTheCommitThatHasIt() throws {
    let store = try fixture.open()
    try commit(store, [#"{"u":1}"#, #"{"u":2}"#, #"{"v":1}"#])
    let held = try store.reader.heldMessages()
    let wish = try store.requestReplay(shape: nil, now: at(2_000))
    try commit(store, [#"{"u":3}"#])
    #expect(try store.reader.openReplay()?.last == held[2].id)
    let first = ReplayStep(
      request: wish, decoded: [held[0].id], leftOver: 0, through: held[0].id, finishedAt: nil)
    try store.commit(
      batch: batch(["replayed"]), outcome: Outcome(), replay: first,
      after: store.reader.newestSegment(), firstDevice: 0)
    #expect(try store.reader.unknownShapes().map(\.kept) == [2, 1])
    #expect(try store.reader.openReplay()?.through == held[0].id)
    try store.noteReplay(
      ReplayStep(
        request: wish, decoded: [], leftOver: 2, through: held[2].id, finishedAt: at(3_000)))
    #expect(try store.reader.openReplay() == nil)
    let done = try #require(try store.reader.replay(wish))
    #expect(done.decoded == 1 && done.leftOver == 2 && done.isFinished)
    // A shape of which nothing is left is unknown no longer.
    let last = ReplayStep(
      request: wish, decoded: [held[2].id], leftOver: 0, through: held[2].id, finishedAt: at(4_000))
    try store.noteReplay(last)
    try store.noteReplay(last)
    #expect(try store.reader.unknownShapes().map(\.payload) == ["JSON: u number"])
    #expect(try store.reader.heldTotals() == HeldTotals(messages: 2, bytes: 36))
  }

  @Test func oldWishesAreForgottenAndOpenOnesAreNot() throws {
    let store = try fixture.open()
    let open = try store.requestReplay(shape: nil, now: at(0))
    for number in 0..<(Store.replaysKept + 20) {
      let wish = try store.requestReplay(shape: ShapeID(number: 7), now: at(Int64(number)))
      try store.noteReplay(
        ReplayStep(request: wish, decoded: [], leftOver: 0, through: 0, finishedAt: at(1)))
    }
    #expect(try store.reader.openReplay()?.id == open)
    let count = try store.reader.read { db in
      try Int.fetchOne(db, sql: "SELECT count(*) FROM replay")
    }
    #expect(count == Store.replaysKept + 1)
  }

  @Test func releasedJournalRowsDoNotTakeThemAway() throws {
    let day = JournalScene.day
    let scene = try JournalScene { [fixture] in try fixture.open { $0.journalRetentionDays = 2 } }
    try commit(scene.store, [#"{"u":1}"#, #"{"u":2}"#], at: 0)
    try scene.commit([], at: 1, snapshot: [1])
    try scene.commitWindow(at: 6 * day)
    #expect(try scene.release(now: 6 * day) == 2)
    let kept = try scene.store.reader.heldMessages()
    #expect(kept.map { String(decoding: $0.payload, as: UTF8.self) } == [#"{"u":1}"#, #"{"u":2}"#])
    #expect(try scene.store.reader.verifyJournal() == [])
  }

  @Test func aFileOfVersionTwoIsBroughtUpToDate() throws {
    let queue = try DatabaseQueue(path: fixture.path)
    try queue.writeWithoutTransaction { db in
      for migration in Schema.migrations[..<2] { try db.execute(sql: migration) }
      try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
      try db.execute(sql: "PRAGMA user_version = 2")
    }
    try queue.close()
    let store = try fixture.open()
    try commit(store, [#"{"u":1}"#])
    #expect(try store.reader.unknownShapes().map(\.count) == [1])
    #expect(try store.reader.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 3)
    #expect(try store.reader.integrityCheck() == [])
  }

  /// An end at any statement: a message is held, or what it says is stored, never both nor neither.
  @Test func anEndAtAnyStatementLosesNoMessageAndDoublesNone() throws {
    let camera = Camera(path: fixture.path, every: 1)
    let store = try Store.open(path: fixture.path, options: StoreOptions()) { db in
      try db.execute(sql: "PRAGMA cache_size = 4")
      db.trace(options: .statement) { _ in camera.shoot() }
    }
    let payloads = (0..<20).map { #"{"u":\#($0)}"# }
    try camera.watch { try commit(store, payloads) }
    try camera.develop { try expectWhole($0, [0, 20], readings: [0]) }
    let held = try store.reader.heldMessages()
    let wish = try store.requestReplay(shape: nil, now: at(2_000))
    var outcome = Outcome()
    outcome.newDevices = ["M-1"]
    outcome.readings = (0..<20).map { reading(0, 20, Int64($0), ExactDecimal($0)) }
    let step = ReplayStep(
      request: wish, decoded: held.map(\.id), leftOver: 0, through: held[19].id, finishedAt: nil)
    try camera.watch {
      _ = try store.commit(
        batch: batch(["replayed"]), outcome: outcome, replay: step, after: 1, firstDevice: 0)
      // What stands on the disk after the commit is seen when the next statement begins.
      try store.checkpoint()
    }
    try camera.develop { try expectWhole($0, [0, 20], readings: [20, 0]) }
    #expect(camera.count > 60)
  }

  private func expectWhole(_ path: String, _ held: [Int], readings: [Int64]) throws {
    let copy = try Store.open(path: path)
    defer { try? copy.close() }
    let count = try copy.reader.heldMessages().count
    let totals = try copy.reader.heldTotals()
    #expect(held.contains(count) && totals.messages == count)
    let stored = try copy.reader.totals().readings
    let rows = try copy.reader.newestSegment()
    // After the first row all are held; after the second all are stored.
    #expect(rows == 0 ? count == 0 && stored == 0 : (rows == 1) == (count == 20))
    if rows == 2 { #expect(stored == 20 && count == 0) }
    #expect(readings.contains(stored))
    #expect(try copy.reader.verifyJournal() == [] && copy.reader.integrityCheck() == [])
  }
}
