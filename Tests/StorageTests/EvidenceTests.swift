import Alerting
import Engine
import GRDB
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// The messages that an alert rests on stay as long as the alert.
@Suite struct EvidenceTests {
  private static let day = JournalScene.day
  private static let hour: Int64 = 3_600_000

  private func scene() throws -> (StoreFixture, JournalScene) {
    let fixture = try StoreFixture()
    return (fixture, try JournalScene { try fixture.open { $0.journalRetentionDays = 1 } })
  }

  /// Whatever is released when, journal and evidence together have every message that the model
  /// says an alert rests on, and evidence has no other.
  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func evidenceIsWhatTheModelSays(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (_, scene) = try scene()
    var now = 100 * Self.day
    for round in 0..<60 {
      now += Int64(random.number(0...9)) * Self.hour
      let senders = (0..<random.number(0...5)).map { _ in
        let isLate = random.number(0...3) == 0
        return (
          Int32(random.number(0...3)), isLate ? Int64(random.number(61...3_000)) * 60_000 : 0,
          isLate ? Int64(random.number(0...3_000)) * 60_000 : 0
        )
      }
      try scene.commit(
        senders, at: now, alerts(&random, round, now),
        snapshot: random.number(0...2) == 0 ? [UInt8(round)] : nil)
    }
    try scene.commitWindow(at: now)
    _ = try scene.release(now: now + Int64(random.number(0...60)) * Self.hour)
    _ = try scene.release(now: now + 90 * Self.day)
    let released = try scene.store.reader.releasedSegment()
    #expect(released > 0, "seed \(seed)")
    #expect(try scene.store.reader.verifyJournal() == [])
    let expected = scene.messages.filter { message in
      message.seq <= released && scene.alerts.contains { Self.rests($0, on: message) }
    }
    let found = try scene.evidence()
    #expect(found == Set(expected.map(Self.stored)), "seed \(seed)")
    for alert in scene.alerts {
      let messages = try scene.store.reader.evidence(
        ofAlert: alert.id, engine: JournalScene.engine(), limit: 100_000)
      let wanted = scene.messages.filter { Self.rests(alert, on: $0) }
      #expect(
        Set((messages ?? []).map { [$0.seq, Int64($0.entry)] }).isSuperset(
          of: wanted.filter { $0.seq <= released || $0.last == $0.received }
            .map { [$0.seq, Int64($0.entry)] }), "seed \(seed), \(alert.id)")
    }
  }

  private func alerts(
    _ random: inout SeededGenerator, _ round: Int, _ now: Int64
  ) -> [AlertRecord] {
    guard random.number(0...9) == 0 else { return [] }
    let from = now - Int64(random.number(0...90)) * Self.hour
    let to = random.number(0...4) == 0 ? nil : from + Int64(random.number(0...30)) * Self.hour
    let subjects = ["", "d3", "d1", "C-7", "broker"]
    let subject = subjects[random.number(0...4)]
    return [
      JournalScene.alert(
        "alert-\(round)", subject: subject, site: subject.isEmpty ? "S1" : "S2", from: from,
        to: to, evidence: subject == "C-7" ? #"{"facts":[{"device":"d2"}]}"# : "{}")
    ]
  }

  /// The rule, as plain as can be.
  private static func rests(_ alert: AlertRecord, on message: JournalScene.Message) -> Bool {
    let devices: [String: [Int32]] = ["": [0, 1], "d3": [3], "d1": [1], "C-7": [2]]
    let from = alert.openedAt.milliseconds - day
    let to = alert.clearedAt.map { $0.milliseconds + hour } ?? .max
    return devices[alert.subject, default: []].contains(message.device)
      && ((from...to).contains(message.received) || (message.first <= to && message.last >= from))
  }

  private static func stored(_ message: JournalScene.Message) -> JournalScene.Message {
    var stored = message
    stored.first = min(message.first, message.received)
    stored.last = max(message.last, message.received)
    return stored
  }

  @Test func bytesComeBackFromBothPlaces() throws {
    let (_, scene) = try scene()
    let alert = JournalScene.alert("a", subject: "d1", from: 10 * Self.day, to: nil)
    try scene.commit([(1, 0, 0), (2, 0, 0)], at: 10 * Self.day, [alert], snapshot: [1])
    try scene.commitWindow(at: 12 * Self.day)
    try scene.commit([(1, 0, 0)], at: 12 * Self.day)
    #expect(try scene.release(now: 12 * Self.day) == 1)
    let found = try #require(
      try scene.store.reader.evidence(ofAlert: "a", engine: JournalScene.engine()))
    #expect(found.map(\.seq) == [1, 3])
    #expect(Set(found.map { String(decoding: $0.topic, as: UTF8.self) }) == ["uplink/d1/json"])
    #expect(String(decoding: found[0].payload, as: UTF8.self) == #"{"seq":1,"place":0}"#)
    #expect(found.map { $0.receivedAt.milliseconds } == [10 * Self.day, 12 * Self.day])
    #expect(try scene.store.reader.evidence(ofAlert: "b", engine: JournalScene.engine()) == nil)
  }

  @Test func aChangeOfEvidenceIsNamed() throws {
    let (_, scene) = try scene()
    let alert = JournalScene.alert("a", site: "S1", from: 10 * Self.day, to: nil)
    for minute in 0..<4 {
      try scene.commit([(1, 0, 0)], at: 10 * Self.day + Int64(minute), [alert], snapshot: [1])
    }
    try scene.commitWindow(at: 12 * Self.day)
    _ = try scene.release(now: 12 * Self.day)
    #expect(try scene.store.reader.verifyJournal() == [])
    try scene.store.write { db in
      try db.execute(
        sql: "UPDATE evidence SET body = CAST(body || 'x' AS BLOB) WHERE id = 2")
      try db.execute(sql: "DELETE FROM evidence WHERE id = 4")
    }
    let text = "the hash does not match; the row or one before it was changed"
    #expect(
      try scene.store.reader.verifyJournal().map(\.description) == [
        "evidence row 2: \(text)", "evidence row 4: is missing",
      ])
  }
}

/// The note of devices says what it was given, in few bytes.
@Suite struct MentionTests {
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func notesComeBack(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let batch = batch((0..<50).map { "\($0)" }, at: 1_772_000_000_000)
    var mentions: [Mention] = []
    for entry in 0..<50 {
      for _ in 0..<(random.number(0...2)) {
        let isLate = random.number(0...2) == 0
        let last = 1_772_000_000_000 - (isLate ? Int64(random.number(-300...5_000_000)) * 1_000 : 0)
        let span = isLate ? 3_600_001 + Int64(random.number(0...9_000_000)) : 0
        mentions.append(
          Mention(
            entry: entry, device: DeviceIndex(Int32(random.number(0...499_999))),
            first: at(last - span), last: at(last)))
      }
    }
    let bytes = MentionCodec.encode(mentions, batch)
    let found = try bytes.withUnsafeBytes { try MentionCodec.decode($0, entries: 50) }
    let expected = mentions.map { mention in
      MentionCodec.Stored(
        entry: mention.entry, device: mention.device.position,
        age: 1_772_000_000_000 - mention.last.milliseconds,
        span: mention.last.milliseconds - mention.first.milliseconds)
    }
    #expect(found == expected)
    for _ in 0..<200 where !bytes.isEmpty {
      var damaged = bytes
      damaged[random.number(0...(bytes.count - 1))] = UInt8(random.number(0...255))
      let wrong = try? damaged.withUnsafeBytes { try MentionCodec.decode($0, entries: 50) }
      #expect(wrong?.allSatisfy { $0.entry < 50 && $0.entry >= 0 && $0.device >= 0 } ?? true)
    }
  }

  @Test func ordinaryMessagesCostOneOrTwoBytes() {
    let batch = batch((0..<1_000).map { "\($0)" })
    let mentions = (0..<1_000).map {
      Mention(entry: $0, device: DeviceIndex(Int32($0 % 10)), first: at(1_000), last: at(1_000))
    }
    #expect(MentionCodec.encode(mentions, batch).count <= 1_000)
  }
}
