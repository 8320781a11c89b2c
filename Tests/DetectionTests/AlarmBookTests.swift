import SiteModel
import Tariffs
import TestSupport
import Testing

@testable import Detection

/// Random statements about alarms. In whatever order they arrive, the history is the one that they
/// make in order of time; and a book that is written and read again at any point goes on the same.
@Suite struct AlarmBookTests {
  /// What a history says, as far as the order of arrival must not matter.
  struct Story: Hashable, CustomStringConvertible {
    var alarm: String
    var raised: Int64?
    var cleared: Int64?
    var repeats = 0
    var changes = 0
    var isBeginUnknown = false
    var description: String {
      "\(alarm) \(raised ?? -1)…\(cleared ?? -1) \(repeats) \(changes) \(isBeginUnknown)"
    }
  }

  @Test(arguments: 1...300 as ClosedRange<UInt64>)
  func orderOfArrivalMakesNoDifference(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let events = Self.events(&random)
    var arriving = events
    for place in arriving.indices {
      arriving.swapAt(place, min(place + random.number(0...9), arriving.count - 1))
    }
    var book = BookStage(AlarmBook())
    for event in arriving { book.take([event]) }
    let found = Set(book.records.values.map(Self.story))
    let expected = Self.model(events)
    #expect(found == expected, "seed \(seed): \(arriving.map { ($0.alarm, $0.state, $0.time) })")
    #expect(book.records.count == expected.count, "seed \(seed)")
  }

  /// Up to 14 statements of each of three alarms, no two at the same time.
  private static func events(_ random: inout SeededGenerator) -> [DeviceEvent] {
    let states: [EventState] = [.raised, .raised, .changed, .cleared, .cleared]
    let count = random.number(3...42)
    return (1...count).map { time in
      let number = random.number(1...3)
      return DeviceEvent(
        device: DeviceIndex(0), alarm: "alarm.\(number)", code: "", key: number == 1 ? "K" : "",
        state: states[random.number(0...4)], severity: .major,
        time: Timestamp(milliseconds: Int64(time) * 1000))
    }
  }

  private static func story(_ record: AlarmRecord) -> Story {
    var story = Story(
      alarm: record.alarm, raised: record.raisedAt?.milliseconds,
      cleared: record.clearedAt?.milliseconds, repeats: record.repeats, changes: record.changes,
      isBeginUnknown: record.flags.contains(.beginUnknown))
    // To which side of an end a late change is counted depends on what was known then.
    if !record.key.isEmpty { story.changes = 0 }
    return story
  }

  /// In order of time everything is simple.
  private static func model(_ events: [DeviceEvent]) -> Set<Story> {
    var stories: [Story] = []
    for alarm in Set(events.map(\.alarm)) {
      var (current, isKnown): (Story?, Bool) = (nil, false)
      for event in events.filter({ $0.alarm == alarm }).sorted(by: { $0.time < $1.time }) {
        let time = event.time.milliseconds
        let hasKey = !event.key.isEmpty
        switch (event.state, current != nil) {
        case (.changed, false) where hasKey && isKnown: break
        case (.changed, true) where hasKey: break
        case (.cleared, true):
          current?.cleared = time
          if let current { stories.append(current) }
          current = nil
        case (.cleared, false):
          if !isKnown { stories.append(Story(alarm: alarm, cleared: time)) }
        case (let state, false):
          current = Story(alarm: alarm, raised: time, isBeginUnknown: state == .changed)
        case (.changed, true): current?.changes += 1
        default: current?.repeats += 1
        }
        isKnown = true
      }
      if let current { stories.append(current) }
    }
    return Set(stories)
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func readAgainItGoesOnTheSame(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var limits = AlarmBook.Limits()
    (limits.open, limits.ended, limits.endedPerAlarm) = (6, 7, 3)
    (limits.names, limits.lookBack, limits.rebuilds) = (2, 3, 2)
    var steady = BookStage(AlarmBook(limits: limits))
    var restarted = steady
    for _ in 0..<400 {
      steady.now = steady.now.advanced(byMilliseconds: Int64(random.number(0...9)) * 1000)
      restarted.now = steady.now
      if random.number(0...9) == 0 {
        let (expected, found) = (steady.tick(), restarted.tick())
        try #require(expected == found, "seed \(seed)")
      } else {
        let events = (0..<random.number(1...3)).map { _ in Self.anything(&random, steady.now) }
        let (expected, found) = (steady.take(events), restarted.take(events))
        try #require(expected == found, "seed \(seed)")
      }
      #expect(steady.book.openCount <= limits.open + limits.endedPerAlarm, "seed \(seed)")
      #expect(steady.book.endedCount <= limits.ended, "seed \(seed)")
      let same = restarted.bytes == steady.bytes
      try #require(same, "seed \(seed)")
      if random.number(0...2) == 0 { try restarted.restart() }
    }
    #expect(steady.records.count > 20)
    #expect(steady.records.values.contains { $0.flags.contains(.notFollowed) })
  }

  private static func anything(
    _ random: inout SeededGenerator, _ now: Timestamp
  ) -> DeviceEvent {
    let states = EventState.allCases + [.raised, .raised, .cleared, .cleared]
    var event = DeviceEvent(
      device: DeviceIndex(Int32(random.number(0...2))), alarm: "a.\(random.number(0...1))",
      code: ["", "1", "2"][random.number(0...2)], state: states[random.number(0...10)],
      severity: Severity.allCases[random.number(0...3)],
      time: now.advanced(byMilliseconds: -Int64(random.number(0...30)) * 1000))
    event.key = ["", "", "7", "8", "\(random.number(0...50))"][random.number(0...4)]
    event.object = ["", "ME=1", "ME=1,C=2"][random.number(0...2)]
    event.isHistorical = random.number(0...9) == 0
    if random.number(0...19) == 0 { event.quality = .badTime }
    return event
  }

  @Test func anUnreadableSnapshotIsAnError() throws {
    var stage = BookStage(AlarmBook())
    var random = SeededGenerator(seed: 7)
    for _ in 0..<40 { stage.take([Self.anything(&random, stage.now)]) }
    let bytes = stage.bytes
    for count in 0..<bytes.count {
      #expect(throws: CorruptBytes.self) {
        try Array(bytes.prefix(count)).withUnsafeBytes { buffer in
          var reader = ByteReader(buffer)
          _ = try AlarmBook(from: &reader)
        }
      }
    }
  }
}

/// A book with what it needs to work, and the last form of every record.
struct BookStage {
  var book: AlarmBook
  var now = Timestamp(milliseconds: 1_772_352_000_000)
  private(set) var records: [String: AlarmRecord] = [:]
  private let devices = DeviceTable(names: ["D-0", "D-1", "D-2"])

  init(_ book: AlarmBook) { self.book = book }

  private var step: DetectionStep {
    DetectionStep(
      now: now, segment: 1, entry: 0,
      context: SiteContext(rules: DetectionRules(), registry: Registry(), tariffs: TariffTable()),
      devices: devices, known: FactsTable())
  }

  @discardableResult
  mutating func take(_ events: [DeviceEvent]) -> [AlarmRecord] {
    book.take(events[...], step)
    return note()
  }

  mutating func tick() -> [AlarmRecord] {
    book.tick(step, window: 20_000)
    return note()
  }

  private mutating func note() -> [AlarmRecord] {
    let changes = book.takeChanges()
    for record in changes { records[record.id] = record }
    return changes
  }

  var bytes: [UInt8] {
    var writer = ByteWriter()
    book.write(to: &writer)
    return writer.bytes
  }

  mutating func restart() throws {
    let limits = book.limits
    book = try bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      let read = try AlarmBook(from: &reader, limits: limits)
      #expect(reader.isAtEnd)
      return read
    }
  }
}
