import TestSupport
import Engine
import SiteModel
import Testing

/// A batch holds what was put in, gives the same bytes back, and refuses bytes that are none.
@Suite struct BatchTests {
  @Test func entriesComeBackAsTheyWerePutIn() throws {
    let batch = Batch(capacity: 1)
    var random = SeededGenerator(seed: 5)
    var expected: [([UInt8], [UInt8], UInt16, Int64)] = []
    for number in 0..<500 {
      let topic = random.bytes(random.number(0...40))
      let payload = random.bytes(random.number(0...3000))
      let time = Int64(bitPattern: random.next())
      expected.append((topic, payload, UInt16(number * 131 % 65_536), time))
      topic.withUnsafeBytes { topic in
        payload.withUnsafeBytes { payload in
          batch.append(
            topic: topic, payload: payload, packet: UInt16(number * 131 % 65_536),
            qos: UInt8(number % 3), retained: number % 5 == 0,
            receivedAt: Timestamp(milliseconds: time))
        }
      }
    }
    let copy = Batch()
    try copy.load(batch.body)
    #expect(copy.count == 500 && copy.messageCount == 500 && batch.messageCount == 500)
    #expect(Array(copy.body) == Array(batch.body))
    for (number, (topic, payload, packet, time)) in expected.enumerated() {
      let entry = copy.entry(at: number)
      #expect(Array(entry.topic) == topic && Array(entry.payload) == payload)
      #expect(entry.packet == packet && entry.time.milliseconds == time)
      #expect(entry.qos == UInt8(number % 3) && entry.isRetained == (number % 5 == 0))
    }
    copy.removeAll()
    #expect(copy.isEmpty && copy.byteCount == 0)
  }

  @Test(
    arguments: [
      .tick, .clockStep(milliseconds: -3_600_000), .clockStep(milliseconds: .min),
      .reference(files: []), .reference(files: [1, -2, .max]), .link(up: true), .link(up: false),
      .brokerDropped(count: 12),
    ] as [ControlEntry])
  func controlEntriesComeBack(_ control: ControlEntry) throws {
    let batch = Batch()
    batch.append(control, at: Timestamp(milliseconds: 77))
    #expect(try ControlEntry(batch.entry(at: 0)) == control)
    #expect(batch.entry(at: 0).time.milliseconds == 77 && batch.messageCount == 0)
  }

  @Test func aMessageIsNoControlEntry() throws {
    let batch = Batch()
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    batch.append(
      topic: nothing, payload: nothing, packet: 0, qos: 0, retained: false,
      receivedAt: Timestamp(milliseconds: 0))
    #expect(try ControlEntry(batch.entry(at: 0)) == nil)
  }

  @Test func everyCutIsRefused() throws {
    let body = RandomJournal(seed: 9, batches: 1).bodies[0]
    let batch = Batch()
    for length in 1..<body.count {
      let isWhole = body[..<length].withUnsafeBytes { (try? batch.load($0)) != nil }
      // A cut between two entries leaves a shorter whole.
      if isWhole {
        #expect(batch.byteCount == length)
      } else {
        #expect(batch.isEmpty && batch.byteCount == 0 && batch.messageCount == 0)
      }
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>) func damageNeverCrashes(_ seed: UInt64) throws {
    let world = try World()
    var random = SeededGenerator(seed: seed)
    let journal = RandomJournal(seed: seed, batches: 12)
    let engine = world.engine()
    for round in 0..<1500 {
      var body = random.one(of: journal.bodies)
      for _ in 0..<random.number(1...6) {
        body[random.number(0...(body.count - 1))] = UInt8(random.number(0...255))
      }
      let batch = Batch()
      do {
        try body.withUnsafeBytes { bytes in try batch.load(bytes) }
        let outcome = try world.process(batch, by: engine, segment: Int64(round))
        #expect(outcome.readings.count <= body.count)
      } catch {
        #expect(error is CorruptBytes || error is EngineError)
      }
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func damagedSnapshotsAreRefusedOrUsable(_ seed: UInt64) throws {
    let world = try World()
    var random = SeededGenerator(seed: seed)
    let engine = world.engine()
    var (names, texts): ([String], [String]) = ([], [])
    let journal = RandomJournal(seed: seed, batches: 40)
    for (index, body) in journal.bodies.enumerated() {
      let batch = try RestartTests.batch(body)
      let outcome = try world.process(batch, by: engine, segment: Int64(index))
      names += outcome.newDevices
      texts += outcome.newTexts
    }
    let snapshot = engine.snapshot()
    for length in 0..<snapshot.count where length % 7 == 0 {
      #expect(throws: CorruptBytes.self) {
        try world.engine().restore(
          Array(snapshot[..<length]), names: names, texts: texts)
      }
    }
    for _ in 0..<400 {
      var damaged = snapshot
      for _ in 0..<random.number(1...3) {
        damaged[random.number(0...(damaged.count - 1))] = UInt8(random.number(0...255))
      }
      guard let other = try? world.engine(from: damaged, names: names, texts: texts) else {
        continue
      }
      for body in journal.bodies.suffix(3) {
        _ = try world.process(try RestartTests.batch(body), by: other, segment: 99)
      }
      _ = other.isDue(Timestamp(milliseconds: 1_772_400_000_000))
    }
  }
}
