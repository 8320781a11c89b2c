import GRDB
import Series
import SiteModel
import Testing

@testable import Storage

/// Readings of a file and how far it was read are stored together.
@Suite struct ImportTests {
  private let fixture: StoreFixture
  private let file = ImportedFile(name: "f.csv", size: 10, sha256: [1, 2, 3])

  init() throws { fixture = try StoreFixture() }

  private func state(_ offset: Int64, stored: Int, rejected: Int = 0) -> ImportState {
    var state = ImportState()
    (state.offset, state.line, state.rows) = (offset, Int(offset) + 1, Int(offset))
    (state.stored, state.rejected) = (stored, rejected)
    return state
  }

  @Test func anImportGoesOnFromWhatItStored() throws {
    var store = try fixture.open()
    #expect(try store.reader.importState(of: file) == nil)
    let first = state(4, stored: 2)
    try store.importReadings(
      [reading(0, 1, 10, "1"), reading(300, 1, 10, "2")], of: file, from: nil, to: first,
      now: at(1))
    try store.close()
    store = try fixture.open()
    #expect(try store.reader.importState(of: file) == first)
    var last = state(10, stored: 3)
    last.isFinished = true
    try store.importReadings(
      [reading(0, 1, 20, "3")], of: file, from: first, to: last, now: at(2))
    #expect(try store.reader.importState(of: file) == last)
    let series = try store.reader.samples(of: DeviceIndex(0), Metric(number: 1))
    #expect(series.map(\.value) == ["1", "3"])
    let count = try store.write { db in
      try Int.fetchOne(db, sql: "SELECT value FROM counter WHERE name = 'imported'")
    }
    #expect(count == 3)
    var other = file
    other.sha256 = [9]
    #expect(try store.reader.importState(of: other) == nil)
    try store.compactAll(now: at(3))
    #expect(try store.reader.samples(of: DeviceIndex(300), Metric(number: 1)).count == 1)
  }

  @Test func twoImportsOfOneFileStoreNothingTwice() throws {
    let store = try fixture.open()
    let first = state(4, stored: 1)
    let readings = [reading(0, 1, 10, "1")]
    try store.importReadings(readings, of: file, from: nil, to: first, now: at(1))
    for before in [nil, state(3, stored: 1)] {
      let error = #expect(throws: StoreError.self) {
        try store.importReadings(readings, of: file, from: before, to: first, now: at(1))
      }
      #expect(error?.reason == .overtaken)
    }
    let rows = try store.write { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM pending") }
    #expect(rows == 1)
  }

  @Test func theFirstRejectionsAreKept() throws {
    let store = try fixture.open()
    let some = (1...600).map { ImportRejection(line: $0, reason: "r\($0)") }
    let first = state(1, stored: 0, rejected: 600)
    try store.importReadings([], rejected: some, of: file, from: nil, to: first, now: at(1))
    let second = state(2, stored: 0, rejected: 1200)
    try store.importReadings([], rejected: some, of: file, from: first, to: second, now: at(1))
    let third = state(3, stored: 0, rejected: 1800)
    try store.importReadings([], rejected: some, of: file, from: second, to: third, now: at(1))
    let kept = try store.reader.importRejections(of: file)
    #expect(kept.count == Store.rejectionLimit)
    #expect(kept[599] == some[599] && kept[600] == some[0])
  }

  /// What is left when a process ends before the transaction does.
  @Test func aTransactionIsWholeOrNothing() throws {
    let store = try fixture.open()
    try store.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER stop BEFORE UPDATE ON counter WHEN new.name = 'imported'
          BEGIN SELECT raise(ABORT, 'stop'); END
          """)
    }
    let first = state(4, stored: 1)
    try store.importReadings([reading(0, 1, 10, "1")], of: file, from: nil, to: first, now: at(1))
    #expect(throws: StoreError.self) {
      try store.importReadings(
        [reading(0, 1, 20, "1")], of: file, from: first, to: state(8, stored: 2), now: at(1))
    }
    #expect(try store.reader.importState(of: file) == first)
    #expect(try store.reader.samples(of: DeviceIndex(0), Metric(number: 1)).count == 1)
  }
}
