import Engine
import Foundation
import Setup
import SiteModel
import Storage
import TestSupport
import Testing

@testable import Tools

/// What the `sql` command prints.
@Suite struct SqlToolTests {
  private let folder: TemporaryFolder
  private let settings: Settings

  init() throws {
    folder = try TemporaryFolder()
    settings = try folder.settings(database: "data/d.db")
    let sites = try folder.write(
      "site,name,region,province\nS1,东站,R1,Shandong\nS2,\"West, 2\",R1,Shandong\n",
      to: "sites.csv")
    let devices = try folder.write(
      "device,site,hardware,role\nM1,S1,meter,master\nM2,S2,meter,sub\n", to: "devices.csv")
    _ = try ImportTool(settings: settings).run(
      [("sites", sites), ("devices", devices)], now: Timestamp(milliseconds: 1))
    let store = try Store.open(path: settings.database)
    let batch = Batch(capacity: 64)
    batch.append(
      topic: UnsafeRawBufferPointer(start: nil, count: 0),
      payload: UnsafeRawBufferPointer(start: nil, count: 0), packet: 1, qos: 1, retained: false,
      receivedAt: Timestamp(milliseconds: 1))
    var outcome = Outcome()
    outcome.newDevices = ["M1", "M2"]
    for minute in Int64(0)..<3 {
      for device in Int32(0)..<2 {
        outcome.readings.append(
          Reading(
            device: DeviceIndex(device), metric: Metric(number: 20),
            time: Timestamp(milliseconds: 1_772_323_200_000 + minute * 60_000),
            value: ExactDecimal(significand: 2300 + Int128(minute) + Int128(device), exponent: -1)))
      }
    }
    try store.commit(batch: batch, outcome: outcome, after: 0, firstDevice: 0)
    try store.close()
  }

  private func lines(
    _ text: String, _ format: SqlTool.Format = .csv, limit: Int = .max
  ) throws -> [String] {
    var lines: [String] = []
    try SqlTool(settings: settings).run(text, format: format, limit: limit) { lines.append($0) }
    return lines
  }

  private let join = """
    SELECT t.site, t.name, s.time, s.value FROM site t JOIN registered_device r ON r.site = t.site
    JOIN samples(r.device, 'voltage.a', '2026-03-01T08:01:00', NULL) s ORDER BY 1, 3
    """

  @Test func samplesJoinSites() throws {
    #expect(
      try lines(join) == [
        "site,name,time,value",
        "S1,东站,2026-03-01T00:01:00.000Z,230.1",
        "S1,东站,2026-03-01T00:02:00.000Z,230.2",
        "S2,\"West, 2\",2026-03-01T00:01:00.000Z,230.2",
        "S2,\"West, 2\",2026-03-01T00:02:00.000Z,230.3",
      ])
    #expect(
      try lines(join, .json, limit: 1) == [
        #"{"site":"S1","name":"东站","time":"2026-03-01T00:01:00.000Z","value":"230.1"}"#
      ])
    #expect(
      try lines(join, .table, limit: 1) == [
        "site  name  time                      value",
        "S1    东站  2026-03-01T00:01:00.000Z  230.1",
      ])
  }

  @Test func everyKindOfValueIsWritten() throws {
    let text = "SELECT NULL a, -5 b, 0.1 c, '=x' d, x'0aff' e, '-1.5' f, 9e999 g"
    #expect(try lines(text) == ["a,b,c,d,e,f,g", ",-5,0.1,'=x,0aff,-1.5,inf"])
    #expect(
      try lines(text, .json) == [
        #"{"a":null,"b":-5,"c":0.1,"d":"=x","e":"0aff","f":"-1.5","g":null}"#
      ])
    #expect(
      try lines("SELECT char(27) || '[2J' a, 1 b", .table) == ["a     b", " [2J  1"])
  }

  @Test func answersFollowOneAnother() throws {
    #expect(
      try lines("SELECT 1 a; SELECT 2 b WHERE 0; SELECT 3 c", .table)
        == ["a", "1", "", "b", "", "c", "3"])
    var before: [String] = []
    #expect(throws: SqlError.self) {
      try SqlTool(settings: settings).run("SELECT 1 a; SELEC", format: .table) { before.append($0) }
    }
    #expect(before == ["a", "1"])
  }

  @Test func longTablesKeepTheirWidths() throws {
    let text = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n"
    let found = try lines(text, .table, limit: 3000)
    #expect(found.count == 3001 && found[1] == "1     1" && found[3000] == "3000  3000")
  }

  @Test func theRegistryIsThere() throws {
    #expect(
      try lines("SELECT device, hardware, role, parent FROM registered_device") == [
        "device,hardware,role,parent", "M1,meter,master,", "M2,meter,sub,",
      ])
    for table in ["contract", "landlord", "feeder", "transformer"] {
      #expect(try lines("SELECT count(*) n FROM \(table)") == ["n", "0"])
    }
  }
}
