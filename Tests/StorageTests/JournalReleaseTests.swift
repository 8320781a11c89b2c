import Engine
import GRDB
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// Old rows of the journal go in bounded steps, and everything that needs the journal goes on.
@Suite struct JournalReleaseTests {
  private static let day = JournalScene.day
  let fixture: StoreFixture
  let scene: JournalScene

  init() throws {
    let fixture = try StoreFixture()
    self.fixture = fixture
    scene = try JournalScene { try fixture.open { $0.journalRetentionDays = 2 } }
  }

  /// Six days with two rows and a saved state each, then the messages that always stay.
  private func fill() throws {
    for day in 0..<6 {
      try scene.commit([(0, 0, 0)], at: Int64(day) * Self.day)
      try scene.commit([(1, 0, 0)], at: Int64(day) * Self.day + 1, snapshot: [UInt8(day), 7])
    }
    try scene.commitWindow(at: 6 * Self.day)
  }

  @Test func whatIsOlderGoesAndTheChainGoesOn() throws {
    try fill()
    let all = try scene.store.reader.journalRows()
    #expect(try scene.release(now: 6 * Self.day) == 8)
    #expect(try scene.store.reader.releasedSegment() == 8)
    #expect(try scene.store.reader.journalRows() == Array(all[8...]))
    #expect(try scene.store.reader.verifyJournal() == [])
    #expect(try scene.release(now: 6 * Self.day) == 0)
    try scene.restart()
    #expect(try scene.store.reader.baseSnapshot().map { [$0.seq, Int64($0.bytes[0])] } == [8, 3])
    #expect(try scene.commit([(0, 0, 0)], at: 6 * Self.day + 2) == 14)
    #expect(try scene.store.reader.verifyJournal() == [])
    #expect(try scene.store.reader.newestSegment() == 14)
    var recent = 0
    try scene.store.reader.forEachRecentMessage(atMost: Redelivery.window) { _ in recent += 1 }
    #expect(recent == Redelivery.window)
    var first: Int64?
    try scene.store.reader.forEachSegment { segment in
      first = segment.seq
      return false
    }
    #expect(first == 9)
    #expect(try scene.store.reader.totals().messages == Int64(scene.messages.count))
  }

  @Test func aStepIsBounded() throws {
    for row in 0..<(Store.releaseStepRows + 10) { try scene.commit([], at: Int64(row)) }
    try scene.commit([(0, 0, 0)], at: 5_000, snapshot: [1])
    try scene.commitWindow(at: 6 * Self.day)
    let engine = JournalScene.engine()
    let now = at(6 * Self.day)
    #expect(try scene.store.releaseJournal(now: now, engine: engine) == Store.releaseStepRows)
    // Between the steps everything is in order too.
    #expect(try scene.store.reader.verifyJournal() == [])
    #expect(try scene.store.reader.baseSnapshot()?.seq == Int64(Store.releaseStepRows + 11))
    #expect(try scene.store.releaseJournal(now: now, engine: engine) == 11)
    #expect(try scene.store.releaseJournal(now: now, engine: engine) == 0)
  }

  @Test func theNewestMessagesStayHoweverOldTheyAre() throws {
    for day in 0..<4 { try scene.commit([(0, 0, 0)], at: Int64(day), snapshot: [1]) }
    #expect(try scene.release(now: 100 * Self.day) == 0)
    try scene.commitWindow(at: 5)
    #expect(try scene.release(now: 100 * Self.day) == 4)
    #expect(try scene.store.reader.journalRows() == [5])
  }

  @Test func withoutALimitOrAWholeStateNothingGoes() throws {
    try fill()
    let forEver = try fixture.open()
    #expect(try forEver.releaseJournal(now: at(.max), engine: JournalScene.engine()) == 0)
    try forEver.close()
    // Damaged states are no base; the newest whole one before them is.
    try scene.store.write { db in
      try db.execute(sql: "UPDATE snapshot SET bytes = x'00' WHERE seq IN (6, 8)")
    }
    #expect(try scene.release(now: 6 * Self.day) == 4)
    try scene.store.write { db in try db.execute(sql: "UPDATE snapshot SET bytes = x'00'") }
    #expect(try scene.release(now: 60 * Self.day) == 0)
    let error = #expect(throws: StoreError.self) { try scene.store.reader.baseSnapshot() }
    #expect(error?.reason == .corrupt("no saved state after row 4 is whole"))
  }

  @Test func whatWasTamperedWithIsNamed() throws {
    try fill()
    _ = try scene.release(now: 6 * Self.day)
    try scene.store.write { db in
      try db.execute(sql: "UPDATE journal_base SET hash = zeroblob(32)")
    }
    let text = "the hash does not match; the row or one before it was changed"
    #expect(try problems() == ["journal row 9: \(text)"])
    try scene.store.write { db in
      try db.execute(
        sql: """
          UPDATE journal_base SET seq = 9, hash = (SELECT hash FROM journal WHERE seq = 9)
          """)
    }
    #expect(try problems() == ["journal row 9: was released, yet is there"])
    try scene.store.write { db in try db.execute(sql: "DELETE FROM journal WHERE seq = 11") }
    #expect(try problems().contains("journal row 11: is missing"))
  }

  private func problems() throws -> [String] {
    try scene.store.reader.verifyJournal().map(\.description)
  }

  @Test func aProcessThatEndsAtAnyStatementLeavesAWholeJournal() throws {
    let camera = Camera(path: fixture.path, every: 1)
    let scene = try JournalScene { [fixture] in
      var options = StoreOptions()
      options.journalRetentionDays = 2
      return try Store.open(path: fixture.path, options: options) { db in
        try db.execute(sql: "PRAGMA cache_size = 4")
        db.trace(options: .statement) { _ in camera.shoot() }
      }
    }
    let alert = JournalScene.alert("a", subject: "d0", from: 0, to: nil)
    for day in 0..<6 {
      try scene.commit([(0, 0, 0), (1, 0, 0)], at: Int64(day) * Self.day, [alert], snapshot: [1])
    }
    try scene.commitWindow(at: 6 * Self.day)
    try camera.watch { _ = try scene.release(now: 6 * Self.day) }
    let all = Set(scene.messages.filter { $0.device == 0 }.map(\.seq))
    try camera.develop { path in
      let copy = try Store.open(path: path)
      defer { try? copy.close() }
      #expect(try copy.reader.verifyJournal() == [])
      let engine = JournalScene.engine()
      let found = try copy.reader.evidence(ofAlert: "a", engine: engine, limit: 100) ?? []
      #expect(Set(found.map(\.seq)).isSuperset(of: all) && found.count == 6)
    }
    #expect(camera.count > 20)
  }
}

/// Which saved states stay: the newest two, and with retention a bounded number of older ones that
/// lie close enough.
@Suite struct SnapshotChoiceTests {
  @Test func withoutRetentionTheNewestTwoStay() {
    let kept = (1...9).map { (seq: Int64($0), time: Int64($0) * JournalScene.day) }
    #expect(SnapshotChoice.needed(kept, isReleased: false, retentionDays: 0) == [8, 9])
    #expect(SnapshotChoice.needed(kept, isReleased: true, retentionDays: 0) == [1, 8, 9])
  }

  @Test(arguments: [1, 7, 90, 3_650], UInt64(1)...5 as ClosedRange<UInt64>)
  func theNumberIsBoundedAndTheGapsAreSmall(_ days: Int, _ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var kept: [(seq: Int64, time: Int64)] = []
    var time: Int64 = 0
    for seq in 1...3_000 {
      time += Int64(random.number(0...20)) * 3_600_000
      kept.append((Int64(seq), time))
      let needed = SnapshotChoice.needed(kept, isReleased: false, retentionDays: days)
      kept = kept.filter { needed.contains($0.seq) }
    }
    #expect(kept.count <= 3 * Int(SnapshotChoice.candidates) + 3)
    let span = kept[kept.count - 1].time - kept[0].time
    for (earlier, later) in zip(kept, kept.dropFirst()) {
      let most = max(span / 4, Int64(days) * JournalScene.day / 8, 3 * JournalScene.day)
      #expect(later.time - earlier.time <= most)
    }
  }
}

extension StoreReader {
  /// Numbers of all rows.
  func journalRows() throws -> [Int64] {
    try read { db in try Int64.fetchAll(db, sql: "SELECT seq FROM journal ORDER BY seq") }
  }
}
