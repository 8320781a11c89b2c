import Alerting
import Foundation
import GRDB
import Setup
import SiteModel
import TestSupport
import Testing

@testable import Storage
@testable import Tools

/// From messages to histories that `verify` recomputes, over restarts of the collector.
@Suite struct AlarmHistoryTests {
  private let scene: UnknownScene
  private static let start = UnknownScene.received / 1000

  init() throws {
    scene = try UnknownScene()
    _ = try scene.folder.write(
      """
      profile: station
      title: { zh: 基站, en: Station }
      hardware: base_station
      topics: ["bts/{device}/alarm"]
      silent_after_s: 900
      time: [{ path: t, format: epoch_s }]
      alarms:
        code: code
        match: exact
        table:
          "1": { alarm: service.down, severity: critical }
          "2": { alarm: fan.fault, severity: minor }
        key: id
        object: part
        text: text
        state: { path: flag, raised: ["ON"], cleared: ["OFF"] }
      examples:
        - name: down
          topic: bts/B-1/alarm
          payload: '{"t":1772351000,"code":"1","flag":"ON"}'
          expect: [{ kind: event, alarm: service.down, state: raised }]
      """, to: "devices/station.yaml")
  }

  private func message(
    _ flag: String, _ code: String, id: String, after seconds: Int64
  ) -> (topic: String, payload: String) {
    let time = Self.start + seconds
    return (
      "bts/B-1/alarm",
      #"{"t":\#(time),"code":"\#(code)","flag":"\#(flag)","id":"\#(id)","part":"C1","text":"w"}"#
    )
  }

  private func play() throws {
    try scene.receive([
      message("ON", "1", id: "7", after: -600), message("OFF", "2", id: "8", after: -300),
    ])
    try scene.receive(
      [
        message("ON", "2", id: "8", after: -400), message("OFF", "1", id: "9", after: -100),
        message("ON", "2", id: "10", after: -50),
      ], from: UnknownScene.received + 60_000)
  }

  private func alarms() throws -> [AlarmRecord] {
    var alarms: [AlarmRecord] = []
    try scene.reader().forEachAlarm { alarm in
      alarms.append(alarm)
      return true
    }
    return alarms
  }

  private func problems() throws -> [String] {
    try VerifyTool(settings: scene.settings).run { _ in }
  }

  @Test func historiesGoOnOverARestartAndFollowFromTheJournal() throws {
    try play()
    let found = try alarms()
    #expect(found.map(\.code) == ["1", "2", "2"])
    #expect(found.map(\.state) == ["cleared", "cleared", "open"])
    #expect(found.map(\.endedBy) == [.otherKey, .device, nil])
    #expect(found.map(\.flags) == [[], .endFirst, []])
    let outage = try #require(try scene.reader().alerts().first)
    #expect(outage.kind == "outage.site_down" && outage.state == .cleared)
    #expect(outage.clearedAt == found[0].clearedAt && outage.openedAt == found[0].raisedAt)
    #expect(try problems() == [])
  }

  @Test func aChangedRowIsNamed() throws {
    try play()
    let found = try alarms()
    let store = try scene.settings.openStore()
    try store.write { db in
      try db.execute(sql: "UPDATE alarm SET cleared_ms = cleared_ms - 1 WHERE code = '1'")
      try db.execute(sql: "DELETE FROM alarm WHERE state = 'open'")
      try db.execute(
        sql: """
          INSERT INTO alarm SELECT 99, 'invented', device, alarm, code, object, key, text, severity,
            highest_severity, raised_ms, acknowledged_ms, cleared_ms, ended_by, state, repeats,
            changes, flags, changed_seq FROM alarm WHERE code = '2'
          """)
    }
    try store.close()
    #expect(
      try Set(problems()) == [
        "alarm \(found[0].id): another form of it follows",
        "alarm invented: does not follow from the journal",
        "alarm \(found[2].id): follows from the journal, but is missing",
      ])
  }
}
