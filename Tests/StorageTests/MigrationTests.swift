import Alerting
import Engine
import Foundation
import GRDB
import Series
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// A file of the first release, written by that release, works with this one and answers as before.
@Suite struct MigrationTests {
  let fixture: StoreFixture

  init() throws {
    fixture = try StoreFixture()
    let frame = try OldDatabase.bytes("sitewatt.db.zst")
    try RowCodec.unpack(RowCodec.zstd.rawValue, frame).write(to: URL(filePath: fixture.path))
  }

  private static func samples() throws -> [String] {
    let frame = try OldDatabase.bytes("samples.csv.zst")
    let text = try RowCodec.unpack(RowCodec.zstd.rawValue, frame)
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// All samples as the `query` command of the first release wrote them.
  private func samples(_ reader: StoreReader) throws -> [String] {
    let names = try reader.deviceNames()
    let devices = names.indices.map { DeviceIndex(Int32($0)) }
    var lines: [String] = []
    let metrics = MetricCatalogue.all.map(\.metric)
    try reader.forEachSample(of: devices, metrics) { device, metric, sample in
      let definition = MetricCatalogue.definition(of: metric)
      lines.append(
        "\(sample.time),\(names[Int(device.position)]),\(definition?.name ?? "?"),"
          + "\(sample.value),\(definition?.unit.name ?? "?"),\(sample.quality.name)")
      return true
    }
    return lines
  }

  @Test func everyAnswerIsTheSame() throws {
    let expected = try Self.samples()
    let store = try fixture.open()
    #expect(try samples(store.reader) == expected)
    #expect(try store.reader.alerts().map(\.json) == OldDatabase.alerts())
    #expect(
      try store.reader.totals() == StoreTotals(messages: 2_857, readings: 23_454, events: 4))
    #expect(try store.reader.deviceNames().count == 16)
    #expect(try store.reader.verifyJournal() == [])
    #expect(try store.reader.integrityCheck() == [])
    try store.compactAll(now: at(0))
    #expect(try samples(store.reader) == expected)
    #expect(try store.reader.integrityCheck() == [])
    let version = try store.reader.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
    #expect(version == Schema.version)
    #expect(try store.reader.events().count == 4)
  }

  @Test func theJournalAndTheSavedStateGoOn() throws {
    var store = try fixture.open()
    let saved = try #require(try store.reader.latestSnapshot())
    #expect(saved.seq == 2_841)
    #expect(try !Engine.activeFiles(of: saved.bytes).isEmpty)
    var count = 0
    try store.reader.forEachSegment { segment in
      count += segment.messages
      return true
    }
    #expect(count == 2_857)
    #expect(try store.append(batch: batch(["{}"]), outcome: Outcome(), snapshot: [1, 2]) == 2_842)
    try store.close()
    store = try fixture.open()
    #expect(try store.reader.verifyJournal() == [])
    #expect(
      try store.reader.latestSnapshot().map { [$0.seq, Int64($0.bytes.count)] } == [2_842, 2])
    // What the migration worked out of old snapshots is what a commit would have written.
    let states = try store.reader.read { db in
      try String.fetchAll(
        db, sql: "SELECT seq || ' ' || messages || ' ' || (last_ms > 0) FROM snapshot")
    }
    #expect(states == ["2841 2857 1", "2842 2858 1"])
  }

  @Test func aReaderSaysThatTheFileIsOld() throws {
    let before = try Data(contentsOf: URL(filePath: fixture.path))
    let error = #expect(throws: StoreError.self) { try Store.openReadOnly(path: fixture.path) }
    #expect(error?.reason == .olderSchema(found: 1, known: Schema.version))
    #expect(try Data(contentsOf: URL(filePath: fixture.path)) == before)
  }

  @Test func anEndAtAnyStatementLeavesTheOldFileOrTheNewOne() throws {
    let camera = Camera(path: fixture.path, every: 9)
    try camera.watch {
      let store = try Store.open(path: fixture.path, options: StoreOptions()) { db in
        db.trace(options: .statement) { _ in camera.shoot() }
      }
      try store.close()
    }
    let expected = try Self.samples()
    try camera.develop { path in
      let copy = try Store.open(path: path)
      defer { try? copy.close() }
      #expect(try copy.reader.verifyJournal() == [])
      #expect(try samples(copy.reader) == expected)
    }
    #expect(camera.count > 5)
  }
}
