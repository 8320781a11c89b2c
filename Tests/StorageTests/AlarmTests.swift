import Engine
import GRDB
import SiteModel
import Testing

@testable import Storage

/// Histories of device alarms in a real file: one row an occurrence, in its last form.
@Suite struct AlarmTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  private func alarm(
    _ id: String, _ raised: Int64?, cleared: Int64? = nil, device: Int32 = 0,
    flags: AlarmFlags = []
  ) -> AlarmRecord {
    AlarmRecord(
      id: "m\(device + 1)/\(id)", device: DeviceIndex(device), alarm: "mains.lost",
      code: "0406016001", key: "7",
      object: "06", text: "停电", severity: .minor, highestSeverity: .critical,
      raisedAt: raised.map { at($0) }, acknowledgedAt: raised.map { at($0 + 5) },
      clearedAt: cleared.map { at($0) }, endedBy: cleared == nil ? nil : .otherKey, repeats: 2,
      changes: 1, flags: flags)
  }

  private func commit(_ store: Store, _ alarms: [AlarmRecord]) throws {
    var outcome = Outcome()
    if try store.reader.deviceNames().isEmpty { outcome.newDevices = ["m1", "m2"] }
    outcome.alarms = alarms
    try store.append(batch: batch(["{}"]), outcome: outcome)
  }

  private func ids(_ reader: StoreReader, _ change: (inout AlarmFilter) -> Void) throws -> [String]
  {
    var filter = AlarmFilter()
    change(&filter)
    var ids: [String] = []
    try reader.forEachAlarm(filter) { alarm in
      ids.append(String(alarm.id.dropFirst(3)))
      return true
    }
    return ids
  }

  private func all(_ reader: StoreReader) throws -> [AlarmRecord] {
    var alarms: [AlarmRecord] = []
    try reader.forEachAlarm { alarm in
      alarms.append(alarm)
      return true
    }
    return alarms
  }

  @Test func theLastFormIsKeptAlsoAfterReopening() throws {
    var store = try fixture.open()
    try commit(store, [alarm("a", 100), alarm("b", 50, flags: [.beginUnknown, .badTime])])
    #expect(try ids(store.reader) { $0.isOpen = true } == ["b", "a"])
    try store.close()
    store = try fixture.open()
    try commit(store, [alarm("a", 90, cleared: 200), alarm("c", nil, cleared: 300)])
    let expected = [
      alarm("b", 50, flags: [.beginUnknown, .badTime]), alarm("a", 90, cleared: 200),
      alarm("c", nil, cleared: 300),
    ]
    #expect(try all(store.reader) == expected)
    try store.close()
    #expect(try all(Store.openReadOnly(path: fixture.path)) == expected)
  }

  @Test func whatIsAskedForIsFound() throws {
    let store = try fixture.open()
    var other = alarm("other", 10)
    other.alarm = "door.open"
    try commit(
      store,
      [
        alarm("old", 10, cleared: 20), alarm("open", 15), alarm("end", nil, cleared: 40),
        alarm("past", 12, flags: .historical), alarm("m2", 30, cleared: 31, device: 1), other,
      ])
    let reader = store.reader
    #expect(try ids(reader) { $0.isOpen = true } == ["other", "open"])
    #expect(try ids(reader) { $0.devices = ["m2"] } == ["m2"])
    #expect(
      try ids(reader) { ($0.devices, $0.isOpen) = (["m1", "x"], true) } == ["other", "open"])
    #expect(try ids(reader) { $0.devices = [] } == [])
    #expect(try ids(reader) { $0.alarm = "door.open" } == ["other"])
    #expect(try ids(reader) { $0.from = at(20) } == ["old", "other", "open", "m2", "end"])
    #expect(try ids(reader) { $0.from = at(21) } == ["other", "open", "m2", "end"])
    #expect(try ids(reader) { $0.to = at(15) } == ["old", "other", "past"])
    #expect(
      try ids(reader) { ($0.from, $0.to) = (at(12), at(15)) } == ["old", "other", "past"])
  }

  /// A device's id begins as that of another whose name goes on with a slash.
  @Test func namesThatBeginAlikeAreTwoDevices() throws {
    let store = try fixture.open()
    var outcome = Outcome()
    outcome.newDevices = ["m1", "m1/x", "m10"]
    outcome.alarms = [alarm("a", 1), alarm("x/b", 2), alarm("c", 3, device: 9)]
    outcome.alarms[1].device = DeviceIndex(1)
    outcome.alarms[2].device = DeviceIndex(2)
    try store.append(batch: batch(["{}"]), outcome: outcome)
    #expect(try ids(store.reader) { $0.devices = ["m1"] } == ["a"])
    #expect(try ids(store.reader) { $0.devices = ["m1/x"] } == ["x/b"])
    #expect(try ids(store.reader) { $0.devices = ["m10", "m1"] } == ["a", "/c"])
  }

  /// Neither what is open nor what a device said is looked for in the whole table.
  @Test(arguments: [(true, nil), (false, ["m1"]), (true, ["m1"])] as [(Bool, [String]?)])
  func anIndexFindsThem(_ isOpen: Bool, _ devices: [String]?) throws {
    var filter = AlarmFilter()
    (filter.isOpen, filter.devices) = (isOpen, devices)
    let plan = try fixture.open().reader.read { db in
      try Row.fetchAll(
        db, sql: "EXPLAIN QUERY PLAN \(filter.query)", arguments: filter.arguments
      ).map { $0[3] as String }
    }
    #expect(plan.contains { $0.contains(" alarm USING INDEX") }, "\(plan)")
  }

  @Test func theOldestFinishedGoAndOpenOnesStay() throws {
    let store = try fixture.open { $0.alarmRowsLimit = 3 }
    try commit(store, [alarm("open", 1), alarm("a", 2, cleared: 3), alarm("b", 3, cleared: 4)])
    try commit(store, [alarm("c", 5, cleared: 6), alarm("d", 7)])
    #expect(try ids(store.reader) { _ in } == ["open", "b", "c", "d"])
    #expect(try store.reader.prunedAlarms() == 1)
    try commit(store, [alarm("open", 1, cleared: 9)])
    #expect(try ids(store.reader) { _ in } == ["b", "c", "d"])
    #expect(try store.reader.prunedAlarms() == 2)
  }

  @Test func eventsThatDifferInKeyOrPartAreAllKept() throws {
    let store = try fixture.open()
    var events = [event(700), event(700), event(700), event(700)]
    (events[1].key, events[2].object, events[3].text) = ("7", "06", "other words")
    events[1].isHistorical = true
    var outcome = Outcome()
    (outcome.newDevices, outcome.events) = (["m1"], events)
    try store.append(batch: batch(["{}"]), outcome: outcome)
    #expect(try store.reader.events() == Array(events[..<3]))
  }

  /// A file of version 2 keeps its events, which had fewer columns.
  @Test func aFileOfVersionTwoIsTakenOver() throws {
    let queue = try DatabaseQueue(path: fixture.path)
    try queue.writeWithoutTransaction { db in
      for migration in Schema.migrations[..<2] { try db.execute(sql: migration) }
      try db.execute(
        sql: """
          INSERT INTO device VALUES (0, 'm1');
          INSERT INTO event VALUES (1, 0, 700, 'mains.lost', '', 'raised', 'major', 0, 1);
          PRAGMA application_id = \(Schema.applicationID);
          PRAGMA user_version = 2;
          """)
    }
    try queue.close()
    let store = try fixture.open()
    let old = DeviceEvent(
      device: DeviceIndex(0), alarm: "mains.lost", code: "", state: .raised, severity: .major,
      time: Timestamp(milliseconds: 700))
    #expect(try store.reader.events() == [old])
    let batch = batch(["{}"])
    var outcome = Outcome()
    outcome.alarms = [alarm("a", 1)]
    try store.commit(batch: batch, outcome: outcome, after: 0, firstDevice: 1)
    #expect(try all(store.reader).count == 1)
    #expect(try store.reader.integrityCheck() == [])
  }
}
