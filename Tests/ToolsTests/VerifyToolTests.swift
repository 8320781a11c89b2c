import Engine
import Foundation
import GRDB
import Setup
import SiteModel
import TestSupport
import Testing

@testable import Storage
@testable import Tools

/// A real file of the first release, taken over, released, compacted and tampered with: what is
/// right agrees, and what is wrong is named.
@Suite struct VerifyToolTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/sitewatt.db" }

  init() throws {
    folder = try TemporaryFolder()
    let frame = try OldDatabase.bytes("sitewatt.db.zst")
    try RowCodec.unpack(RowCodec.zstd.rawValue, frame)
      .write(to: URL(filePath: folder.path + "/sitewatt.db"))
  }

  private func open() throws -> Store {
    var options = StoreOptions()
    options.journalRetentionDays = 1
    return try Store.open(path: path, options: options)
  }

  private func verify() throws -> (problems: [String], told: String) {
    var told: [String] = []
    let problems = try VerifyTool(path: path).run { told.append($0) }
    return (problems, told.joined(separator: "\n"))
  }

  private func engine(_ reader: StoreReader) throws -> Engine {
    let saved = try #require(try reader.latestSnapshot())
    let files = try Engine.activeFiles(of: saved.bytes)
    let engine = Engine(
      reference: try Reference.compile(try reader.knownFiles(files)), activeFiles: files)
    try engine.restore(
      saved.bytes, names: try reader.deviceNames(), texts: try reader.texts().texts)
    return engine
  }

  /// Goes on as a collector does: so many messages that the old rows may go.
  private func goOn(_ store: Store) throws -> Engine {
    let engine = try engine(store.reader)
    let last = Timestamp(milliseconds: 1_795_270_000_000)
    for part in 0..<4 {
      let batch = Batch()
      for message in 0..<8_200 {
        let isReading = message < 40
        let topic = isReading ? "uplink/SIM-0001-M1/json" : "nobody/knows"
        let time = last.milliseconds + Int64(part * 60_000 + message)
        let payload = #"{"time":\#(time),"voltage.a":\#(230 + message % 7)}"#
        Array(topic.utf8).withUnsafeBytes { topic in
          Array(payload.utf8).withUnsafeBytes { payload in
            batch.append(
              topic: topic, payload: payload, packet: 0, qos: 0, retained: false,
              receivedAt: Timestamp(milliseconds: time))
          }
        }
      }
      var outcome = Outcome()
      let newest = try store.reader.newestSegment()
      try engine.process(batch, segment: newest + 1, into: &outcome) { _ throws(Problems) in
        engine.reference
      }
      try store.commit(
        batch: batch, outcome: outcome, after: newest,
        firstDevice: engine.devices.count - outcome.newDevices.count)
    }
    return engine
  }

  private func release(_ store: Store, _ engine: Engine) throws -> Int {
    let now = Timestamp(milliseconds: 1_795_270_000_000 + 10 * 86_400_000)
    var count = 0
    while case let step = try store.releaseJournal(now: now, engine: engine), step > 0 {
      count += step
    }
    return count
  }

  @Test func theOldFileAgrees() throws {
    let store = try open()
    try store.close()
    #expect(try verify().problems == [])
  }

  @Test func afterARelease() throws {
    let store = try open()
    let engine = try goOn(store)
    try store.compactAll(now: Timestamp(milliseconds: 0))
    let before = try verify()
    #expect(before.problems == [])
    #expect(try release(store, engine) == 2_841)
    let after = try verify()
    #expect(after.problems == [])
    #expect(
      after.told.contains(
        "journal rows up to 2841 were released because of their age; rows after 2841 are "
          + "recomputed. Not recomputable any more: 21 alerts"))
    // Rows of the first release do not say what they are about: the engine does.
    let outage = try #require(
      try store.reader.evidence(ofAlert: "outage.mains/SIM-0006/1795228081000", engine: engine))
    let devices = Set(outage.map { engine.devices.name(of: $0.device) })
    #expect(outage.count > 300 && devices == ["SIM-0006-M1", "SIM-0006-S1", "SIM-0006-U1"])
    // The newest rows are still recomputed to the last sample.
    try store.write { db in
      try db.execute(
        sql: "UPDATE alert SET title_en = 'x' WHERE id LIKE 'device.silent/SIM-0001-M1%'")
    }
    let problems = try verify().problems
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix("alert device.silent/SIM-0001-M1/") == true)
  }

  @Test func samplesThatNobodySentAreNamedAlsoAfterARelease() throws {
    let store = try open()
    let engine = try goOn(store)
    let invented = (0..<300).map {
      Reading(
        device: DeviceIndex(3), metric: Metric(number: 20),
        time: Timestamp(milliseconds: Int64($0)), value: "7")
    }
    _ = try release(store, engine)
    try store.write { db in try Pending.insert(db, invented, since: Timestamp(milliseconds: 0)) }
    let problems = try verify().problems
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix("samples: ") == true)
    #expect(problems.first?.contains("do not follow from the journal, but only 23454 came") == true)
    // As many were imported.
    try store.write { db in try store.add(db, "imported", 300) }
    #expect(try verify().problems == [])
  }

  @Test func damageIsNamedAndTheRestIsCompared() throws {
    let store = try open()
    try store.compactAll(now: Timestamp(milliseconds: 0))
    #expect(try verify().problems == [])
    let (damaged, other) = try store.write { db -> (Int, Int) in
      let devices = try Int.fetchAll(db, sql: "SELECT DISTINCT device FROM chunk ORDER BY device")
      // The seal is at the end; a middle byte is some column's.
      let middle = try Data.fetchOne(
        db, sql: "SELECT body FROM chunk WHERE device = ?", arguments: [devices[0]])
      var bytes = try #require(middle)
      bytes[bytes.count / 2] ^= 0x55
      try db.execute(
        sql: "UPDATE chunk SET body = ? WHERE device = ?", arguments: [bytes, devices[0]])
      try db.execute(sql: "DELETE FROM chunk WHERE device = ?", arguments: [devices[1]])
      return (devices[0], devices[1])
    }
    let problems = try verify().problems
    let names = try store.reader.deviceNames()
    #expect(problems.contains { $0.contains("chunk") || $0.contains(names[damaged]) })
    #expect(!problems.contains { $0.hasPrefix("series \(names[damaged]) ") })
    #expect(problems.contains { $0.hasPrefix("series \(names[other]) ") })
    #expect(!problems.contains { $0.hasPrefix("series \(names[5]) ") })
  }

  @Test func theEvidenceOfAnAlertIsListed() throws {
    let store = try open()
    try store.close()
    let tool = try EvidenceTool(path: path)
    let lines = try #require(try tool.json(ofAlert: "outage.mains/SIM-0006/1795228081000"))
    #expect(lines.count > 300)
    #expect(lines.first?.hasPrefix(#"{"journal":"#) == true)
    #expect(try tool.json(ofAlert: "nothing") == nil)
  }

  @Test func aWrongNoteOfDevicesIsNamed() throws {
    let store = try open()
    _ = try goOn(store)
    try store.write { db in
      try db.execute(sql: "UPDATE journal SET devices = x'' WHERE seq = 2843")
    }
    #expect(
      try verify().problems == [
        "journal row 2843: the devices of its messages are not noted as they follow"
      ])
  }
}
