import Engine
import SiteModel
import Storage
import Testing

/// The journal gives every byte back, and shows where it was changed.
@Suite struct JournalTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  @Test func segmentsComeBackByteForByte() throws {
    let store = try fixture.open()
    let batches = (1...5).map { batch(["{\"n\":\($0)}", ""], at: Int64($0)) }
    for batch in batches { try store.append(batch: batch, outcome: Outcome()) }
    var seen: [Int64] = []
    try store.reader.forEachSegment(after: 2) { segment in
      let original = batches[Int(segment.seq) - 1].body
      #expect(segment.body.elementsEqual(original) && segment.entries == 2)
      seen.append(segment.seq)
      return segment.seq < 4
    }
    #expect(seen == [3, 4])
  }

  @Test func theChainGoesOnAfterReopening() throws {
    for _ in 0..<3 {
      let store = try fixture.open()
      try store.append(batch: batch(["{}"]), outcome: Outcome())
      try store.close()
    }
    let reader = try Store.openReadOnly(path: fixture.path)
    #expect(try reader.newestSegment() == 3)
    #expect(try reader.verifyJournal() == [])
  }

  @Test func aFlippedPayloadByteIsNamedByItsRow() throws {
    let store = try fixture.open()
    for seq in 1...5 {
      try store.append(batch: batch(["payload-\(seq)-end"]), outcome: Outcome())
    }
    try store.close()
    try fixture.flipByte(of: "payload-3-end", at: 10)
    let problems = try Store.openReadOnly(path: fixture.path).verifyJournal()
    #expect(
      problems.map(\.description) == [
        "journal row 3: the hash does not match; the row or one before it was changed"
      ])
  }

  @Test func aFlippedHeaderByteIsNamedByItsRow() throws {
    let store = try fixture.open()
    for seq in 1...3 {
      try store.append(batch: batch(["{}"], topic: "topic-\(seq)-end"), outcome: Outcome())
    }
    try store.close()
    // The entry's kind, 18 bytes before its topic, becomes unknown.
    try fixture.flipByte(of: "topic-2-end", at: -18)
    let problems = try Store.openReadOnly(path: fixture.path).verifyJournal()
    #expect(problems.first?.place == "journal row 2")
    #expect(Set(problems.map(\.place)) == ["journal row 2"])
  }

  @Test func theNewestMessagesComeOldestFirst() throws {
    let store = try fixture.open()
    for round in 0..<4 {
      let batch = batch((0..<3).map { "\(round)-\($0)" })
      batch.append(.tick, at: at(9))
      try store.append(batch: batch, outcome: Outcome())
    }
    for (limit, expected) in [(5, ["2-1", "2-2", "3-0", "3-1", "3-2"]), (1, ["3-2"]), (0, [])] {
      var payloads: [String] = []
      try store.reader.forEachRecentMessage(atMost: limit) { entry in
        payloads.append(String(decoding: entry.payload, as: UTF8.self))
        #expect(String(decoding: entry.topic, as: UTF8.self) == "uplink/m1/json")
      }
      #expect(payloads == expected)
    }
    var all = 0
    try store.reader.forEachRecentMessage { entry in
      #expect(entry.packet >= 1)
      all += 1
    }
    #expect(all == 12)
  }
}
