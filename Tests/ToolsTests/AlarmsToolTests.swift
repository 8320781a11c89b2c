import Engine
import Foundation
import Glibc
import SiteModel
import Storage
import TestSupport
import Testing

@testable import Tools

/// What `alarms` prints; outsiders read it by machine.
@Suite struct AlarmsToolTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let store = try Store.open(path: folder.path + "/a.db")
    let files = [
      ("sites", "site,name,region,province\nS-1,历下站,济南,山东省\nS-2,,济南,山东省\n"),
      (
        "devices",
        "device,site,hardware,role\nFSU-1,S-1,fsu,supervision\nX-1,S-2,meter,sub\n"
      ),
    ]
    for (kind, text) in files {
      _ = try store.addReference(
        kind: kind, name: "import:\(kind).csv", bytes: Array(text.utf8), now: .min)
    }
    var outcome = Outcome()
    outcome.newDevices = ["FSU-1", "BS-1"]
    outcome.alarms = [
      Self.alarm(
        0, "mains.lost", "0406016001", raised: 0, cleared: 600, text: "停电\n告警",
        flags: [.endFirst, .badTime]),
      Self.alarm(1, "cell.down", "198094419", raised: 60, cleared: nil, text: "", flags: []),
      Self.alarm(1, "cell.down", "198094420", raised: nil, cleared: 30, text: "x", flags: .onlyEnd),
      Self.alarm(
        1, "door.open", "5", raised: 90, acknowledged: 95, cleared: nil, text: "", flags: []),
      Self.alarm(
        1, "door.open", "6", raised: 91, acknowledged: 95, cleared: 99, text: "", flags: []),
    ]
    let batch = Batch()
    batch.append(.newSession, at: Timestamp(milliseconds: 0))
    try store.commit(batch: batch, outcome: outcome, after: 0, firstDevice: 0)
    try store.close()
  }

  private static func time(_ seconds: Int64?) -> Timestamp? {
    seconds.map { Timestamp(milliseconds: 1_772_323_200_000 + $0 * 1000) }
  }

  private static func alarm(
    _ device: Int32, _ name: String, _ code: String, raised: Int64?,
    acknowledged: Int64? = nil, cleared: Int64?, text: String, flags: AlarmFlags
  ) -> AlarmRecord {
    AlarmRecord(
      id: "\(device == 0 ? "FSU-1" : "BS-1")/\(code)", device: DeviceIndex(device), alarm: name,
      code: code, key: "77",
      object: "ME=1", text: text, severity: .minor, highestSeverity: .major,
      raisedAt: time(raised), acknowledgedAt: time(acknowledged),
      clearedAt: time(cleared),
      endedBy: cleared == nil ? nil : .device, repeats: 1, changes: 0, flags: flags)
  }

  private func lines(
    json: Bool, open: Bool = false, device: String? = nil, site: String? = nil,
    alarm: String? = nil
  ) throws -> [String] {
    let tool = try AlarmsTool(
      settings: try folder.settings(database: "a.db"), openOnly: open, device: device,
      site: site, alarm: alarm)
    let path = folder.path + "/out"
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { Glibc.close(descriptor) }
    let output = ByteOutput(descriptor: descriptor)
    if json { try tool.json(to: output) } else { try tool.table(to: output) }
    let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .map(String.init)
  }

  @Test func theTableIsForPeople() throws {
    #expect(
      try lines(json: false) == [
        "RAISED 开始          CLEARED 恢复         STATE         SEVERITY  SITE 站点   DEVICE  ALARM"
          + "       CODE        OBJECT  TEXT 内容",
        "2026-03-01 08:00:00  2026-03-01 08:10:00  cleared       minor     S-1 历下站  FSU-1   "
          + "mains.lost  0406016001  ME=1    停电 告警 [end_first] [bad_time]",
        "-                    2026-03-01 08:00:30  cleared       minor     -           BS-1    "
          + "cell.down   198094420   ME=1    x [only_end]",
        "2026-03-01 08:01:00  -                    open          minor     -           BS-1    "
          + "cell.down   198094419   ME=1    -",
        "2026-03-01 08:01:30  -                    acknowledged  minor     -           BS-1    "
          + "door.open   5           ME=1    -",
        "2026-03-01 08:01:31  2026-03-01 08:01:39  cleared       minor     -           BS-1    "
          + "door.open   6           ME=1    -",
        "5 alarms, 2 open (times are UTC+8)",
      ])
  }

  @Test func jsonHasEverything() throws {
    #expect(
      try lines(json: true, open: true, alarm: "cell.down") == [
        #"{"id":"BS-1/198094419","device":"BS-1","site":"","site_name":"","alarm":"cell.down","#
          + #""code":"198094419","#
          + #""object":"ME=1","key":"77","text":"","severity":"minor","#
          + #""highest_severity":"major","state":"open","raised_at":"2026-03-01T00:01:00.000Z","#
          + #""acknowledged_at":null,"cleared_at":null,"ended_by":null,"repeats":1,"changes":0,"#
          + #""flags":[]}"#
      ])
    let seen = try lines(json: true, open: true, alarm: "door.open")
    #expect(seen.count == 1)
    #expect(seen[0].contains(#""state":"open""#))
    #expect(seen[0].contains(#""acknowledged_at":"2026-03-01T00:01:35.000Z""#))
    #expect(try lines(json: true, device: "FSU-1").count == 1)
    #expect(try lines(json: true, alarm: "cell.down").count == 2)
    #expect(try lines(json: true, device: "BS-1", alarm: "mains.lost") == [])
  }

  @Test func aSiteIsThatOfTheRegistry() throws {
    let found = try lines(json: true, site: "S-1")
    #expect(found.count == 1)
    #expect(found[0].contains(#""device":"FSU-1","site":"S-1","site_name":"历下站""#))
    #expect(try lines(json: true, site: "S-2") == [])
    #expect(try lines(json: true, device: "FSU-1", site: "S-2") == [])
    #expect(try lines(json: true, open: true, device: "FSU-1", site: "S-1") == [])
    let error = #expect(throws: UnknownName.self) { try lines(json: true, site: "S-9") }
    #expect(error?.description == "there is no site 'S-9' in the registry")
  }

  @Test func anUnknownDeviceIsNamed() throws {
    let error = #expect(throws: UnknownName.self) { try lines(json: true, device: "BS-9") }
    #expect(error?.description == "there is no device 'BS-9' in the database")
  }
}
