import Engine
import Foundation
import SiteModel
import Testing

@testable import Storage

/// Two writers and readers on one file.
@Suite struct ConcurrencyTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  @Test func anImportWhileCommittingIsStoredAndNoticed() async throws {
    let store = try fixture.open()
    let other = try fixture.open()
    async let imported = Task.detached {
      try (0..<30).map {
        try other.addReference(kind: "tariff", name: "t", bytes: [UInt8($0)], now: at(7))
      }
    }.value
    for _ in 0..<30 { try store.append(batch: batch(["{}"]), outcome: Outcome()) }
    let ids = try await imported
    #expect(ids == Array(1...30))
    #expect(try store.reader.maxReferenceID() == 30)
    #expect(try other.reader.newestSegment() == 30)
    #expect(try other.reader.verifyJournal() == [])
  }

  @Test func aReaderSeesWholeCommitsWhileOthersAreWritten() async throws {
    let store = try fixture.open { $0.recentBatchesLimit = 4 }
    try store.append(batch: batch(["first"]), outcome: Outcome())
    let reader = try Store.openReadOnly(path: fixture.path)
    let writing = Task.detached {
      for round in Int64(0)..<60 {
        var outcome = Outcome()
        outcome.readings = (0..<10).map { reading(0, 20, round * 10 + $0, "220.1") }
        try store.append(batch: batch(["{}"]), outcome: outcome)
        try store.compactIfNeeded(now: at(0))
      }
    }
    var seen = 0
    while seen < 600 {
      let found = try reader.samples(of: DeviceIndex(0), Metric(number: 20)).count
      #expect(found % 10 == 0 && found >= seen)
      seen = found
      await Task.yield()
    }
    try await writing.value
  }

  @Test func aWriterThatWaitsTooLongIsToldSo() throws {
    let store = try fixture.open()
    let other = try fixture.open { $0.busyTimeoutSeconds = 0 }
    let error = try store.write { _ in
      #expect(throws: StoreError.self) {
        _ = try other.addReference(kind: "tariff", name: "t", bytes: [], now: at(1))
      }
    }
    #expect(error?.reason == .busy && error?.isRetryable == true)
    #expect(try other.addReference(kind: "tariff", name: "t", bytes: [], now: at(1)) == 1)
  }

  @Test func filesOfOneImportAreStoredTogetherOrNotAtAll() throws {
    let store = try fixture.open()
    let files = ["a", "b"].map { NewReference(kind: "tariff", name: $0, bytes: [1]) }
    #expect(try store.addReferences(files, expecting: 0, now: at(1)) == [1, 2])
    let changed = [NewReference(kind: "tariff", name: "a", bytes: [2]), files[1]]
    let error = #expect(throws: StoreError.self) {
      _ = try store.addReferences(changed, expecting: 1, now: at(2))
    }
    #expect(error?.reason == .overtaken)
    #expect(
      error?.description == "\(fixture.path): another import came between; run it again.")
    #expect(try store.reader.maxReferenceID() == 2)
    #expect(try store.addReferences(changed, expecting: 2, now: at(2)) == [3, 2])
  }

  @Test func referencesAreVersioned() throws {
    let store = try fixture.open()
    let first = try store.addReference(kind: "tariff", name: "a", bytes: [1], now: at(1))
    #expect(try store.addReference(kind: "tariff", name: "a", bytes: [1], now: at(2)) == first)
    let second = try store.addReference(kind: "tariff", name: "a", bytes: [], now: at(3))
    let profile = try store.addReference(kind: "profile", name: "a", bytes: [1], now: at(4))
    let back = try store.addReference(kind: "tariff", name: "a", bytes: [1], now: at(5))
    #expect([first, second, profile, back] == [1, 2, 3, 4])
    #expect(try store.reader.currentReferences().map(\.id) == [profile, back])
    let empty = try #require(try store.reader.reference(second))
    #expect(empty.body == [] && empty.kind == "tariff" && empty.importedAt == at(3))
    #expect(try store.reader.reference(99) == nil)
  }
}
