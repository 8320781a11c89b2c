import Foundation
import GRDB
import Series
import SiteModel
import Testing

@testable import Storage

/// Hourly and daily figures of a file with schema 2 say the same after the migration. The file has
/// three devices over three days: a rollover, a new meter, a glitch, a gap, values with changing
/// decimals and with 17 digits, late and contradicting ones, and a row that is incomplete.
@Suite struct RollupMigrationTests {
  let fixture: StoreFixture

  init() throws {
    fixture = try StoreFixture()
    let frame = try Data(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Cases/version-2/rollups.db.zst"))
    try RowCodec.unpack(RowCodec.zstd.rawValue, frame).write(to: URL(filePath: fixture.path))
  }

  private func views(_ db: Database) throws -> [String] {
    try ["daily", "hourly"].flatMap { view in
      try Row.fetchAll(db, sql: "SELECT * FROM \(view) ORDER BY device, metric, 4").map { row in
        row.map { "\($0)=\($1.storage.value ?? "NULL")" }.joined(separator: " ")
      }
    }
  }

  @Test func viewsSayTheSame() throws {
    let before = try DatabaseQueue(path: fixture.path).read { try views($0) }
    #expect(before.count == 45 + 820)
    for text in ["rollovers=1", "resets=1", "glitches=1", "incomplete=1", "marked=7"] {
      #expect(before.contains { $0.contains(text) }, "\(text) is not among them")
    }
    let store = try fixture.open()
    let after = try store.reader.read { try views($0) }
    #expect(after.count == before.count)
    // An empty table of the first schema, which only cost a page.
    #expect(try store.reader.read { try $0.tableExists("old_chunk") } == false)
    for (old, new) in zip(before, after) { #expect(old == new) }
  }

  @Test func figuresAreThoseOfTheSamples() throws {
    let store = try fixture.open()
    var rows = 0
    for device in 0..<3 {
      for definition in MetricCatalogue.all where definition.kind != .text {
        let series = SeriesKey(DeviceIndex(Int32(device)), definition.metric)
        let samples = try store.reader.samples(of: series.device, series.metric)
        for period in RollupPeriod.allCases {
          var found = try store.reader.read { db in
            try RollupTable(db, period).rows(series, from: .min, to: .max)
          }
          for place in found.indices { found[place].isIncomplete = false }
          let expected = Rollup.rows(of: samples, period, definition.kind)
          #expect(found == expected, "device \(device) \(definition.name) \(period)")
          #expect(found.map(\.sum?.description) == expected.map(\.sum?.description))
          rows += found.count
        }
      }
    }
    #expect(rows == 45 + 820)
  }

  /// Numbers with the decimals of the sum are integers, which is what makes the rows slim; one
  /// device writes 12.5 for 12.50.
  @Test func figuresAreIntegers() throws {
    let store = try fixture.open()
    let kinds = try store.reader.read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT typeof(first) || ' ' || count(*) FROM rollup_hour GROUP BY typeof(first) ORDER BY 1
          """)
    }
    #expect(kinds == ["integer 683", "null 4", "text 133"])
  }
}
