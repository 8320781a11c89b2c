import Foundation
import GRDB
import Setup
import SiteModel
import Storage
import TestSupport
import Testing

@testable import Tools

/// Once a profile matches, what was kept is decoded with its original times, once, and the file
/// stays provable.
@Suite struct DeviceReplayTests {
  private let scene: UnknownScene

  init() throws { scene = try UnknownScene() }

  private func replay(shape: String? = nil) throws -> (lines: [String], told: [String]) {
    var told: [String] = []
    let lines = try DeviceReplayTool(settings: scene.settings, shape: shape).run(
      now: { Timestamp(milliseconds: UnknownScene.received + 86_400_000) },
      told: { told.append($0) })
    return (lines, told)
  }

  private func verify() throws -> [String] {
    try VerifyTool(path: scene.settings.database).run { _ in }
  }

  private func receive() throws {
    try scene.receive([
      ("acme/M-1/up", #"{"t":1772351000,"u":230}"#), ("acme/M-2/up", #"{"u":231}"#),
      ("acme/M-1/up", #"{"t":1772351060,"u":"x"}"#), ("other/M-1/up", #"{"z":1}"#),
      ("acme/M-1/up", #"{"t":1772351120,"u":232}"#),
    ])
  }

  @Test func whatMatchesIsDecodedOnceWithItsTimes() throws {
    try receive()
    #expect(try scene.voltages("M-1") == [])
    #expect(
      try replay().lines == [
        "0 messages were decoded and stored with their original times; 5 are still unknown"
      ])
    #expect(try verify() == [])
    try scene.addProfile()
    let before = try scene.reader().totals()
    let first = try replay()
    #expect(
      first.lines == [
        "3 messages were decoded and stored with their original times; 2 are still unknown"
      ])
    #expect(first.told == ["the profiles and other files on disk are in force from now on"])
    let expected = ["2026-03-01T07:43:20.000Z 230 good", "2026-03-01T07:45:20.000Z 232 good"]
    #expect(try scene.voltages("M-1") == expected)
    #expect(try scene.voltages("M-2") == ["2026-03-01T08:00:01.000Z 231 good"])
    #expect(try verify() == [])
    let after = try scene.reader().totals()
    #expect(after.messages == before.messages && after.quarantined == before.quarantined)
    #expect(after.readings == before.readings + 3)
    // Doing it again does nothing.
    let rows = try scene.reader().newestSegment()
    let second = try replay()
    #expect(
      second.lines == [
        "0 messages were decoded and stored with their original times; 2 are still unknown"
      ])
    #expect(second.told == [])
    #expect(try scene.reader().newestSegment() == rows)
    #expect(try scene.reader().totals() == after)
    #expect(try scene.voltages("M-1") == expected)
    #expect(try scene.reader().unknownShapes().map(\.kept) == [1, 1])
    #expect(try verify() == [])
  }

  @Test func aRecomputationNoticesAReadingOfAReplayThatIsGone() throws {
    try receive()
    try scene.addProfile()
    _ = try replay()
    let queue = try DatabaseQueue(path: scene.settings.database)
    try queue.write { db in
      try db.execute(sql: "DELETE FROM recent; DELETE FROM pending; DELETE FROM chunk")
    }
    try queue.close()
    #expect(try verify().contains { $0.hasPrefix("series M-1 voltage.a") })
  }

  @Test func oneShapeAlone() throws {
    try receive()
    try scene.addProfile()
    let shape = try #require(
      try scene.reader().unknownShapes().first { $0.payload == "JSON: u number" })
    #expect(try replay(shape: "\(shape.shape)").lines[0].hasPrefix("1 message was decoded"))
    #expect(try scene.voltages("M-1") == [])
    #expect(try scene.voltages("M-2").count == 1)
    let error = #expect(throws: DeviceReplayTool.Refusal.self) { try replay(shape: "nothing") }
    #expect(error == .unknownShape("nothing"))
  }

  @Test func aDryRunChangesNothing() throws {
    try receive()
    try scene.addProfile()
    let before = try Data(contentsOf: URL(filePath: scene.settings.database))
    let lines = try DeviceReplayTool(settings: scene.settings).dryRun()
    #expect(
      lines.map { $0.drop { $0 != " " } } == [
        " acme/{device}/up: 2 of 2 can be decoded", " acme/{device}/up: 1 of 1 can be decoded",
        " acme/{device}/up: 0 of 1 can be decoded", " other/{device}/up: 0 of 1 can be decoded",
      ])
    #expect(try Data(contentsOf: URL(filePath: scene.settings.database)) == before)
  }

  @Test func aCollectorThatDoesNotAnswerIsNotWaitedForForever() throws {
    try receive()
    let lock = try CollectorLock(database: scene.settings.database)
    let tool = try DeviceReplayTool(settings: scene.settings, shape: nil, patience_ms: 300)
    let error = #expect(throws: DeviceReplayTool.Refusal.self) {
      try tool.run(now: { Timestamp(milliseconds: 0) }, told: { _ in })
    }
    #expect(error == .noAnswer(seconds: 0))
    withExtendedLifetime(lock) {}
  }

  /// A wish that was left behind is worked off with the next one, and counted for itself.
  @Test func aWishThatWasLeftBehindIsWorkedOff() throws {
    try receive()
    try scene.addProfile()
    let store = try scene.settings.openStore()
    let old = try store.requestReplay(shape: nil, now: Timestamp(milliseconds: 0))
    try store.close()
    #expect(try replay().lines[0].hasPrefix("0 messages were decoded"))
    #expect(try scene.reader().replay(old)?.decoded == 3)
    #expect(try scene.voltages("M-1").count == 2)
    #expect(try verify() == [])
  }

  /// Readings in two messages each, of which a step's end would cut one in two, and a last one of
  /// which no more came.
  @Test func readingsInPartsAreTakenWhole() throws {
    var messages = [(topic: "two/M-1/up", payload: #"{"a":0,"b":0,"last":true}"#)]
    for number in 1...1_100 {
      messages.append((topic: "two/M-1/up", payload: #"{"a":\#(number % 200)}"#))
      messages.append((topic: "two/M-1/up", payload: #"{"b":1,"last":true}"#))
    }
    messages.append((topic: "two/M-1/up", payload: #"{"a":7}"#))
    try scene.receive(messages)
    _ = try scene.folder.write(
      """
      profile: two
      title: { zh: 分包, en: Two }
      hardware: meter
      topics: ["two/{device}/up"]
      silent_after_s: 900
      assemble: { key: "{device}", end: { last: [true] }, wait_s: 60 }
      metrics: { a: { metric: voltage.a, unit: V }, b: { metric: voltage.b, unit: V } }
      examples: [{ name: none, topic: two/x/up, payload: '{"last":true,"a":null}', expect: [] }]
      """, to: "devices/two.yaml")
    #expect(try replay().lines[0].hasPrefix("2202 messages were decoded"))
    let found = try scene.voltages("M-1")
    let start = Timestamp(milliseconds: UnknownScene.received)
    var expected = ["\(start) 0 good"]
    for number in 1...1_100 {
      let time = start.advanced(byMilliseconds: Int64(number) * 2_000)
      expected.append("\(time) \(number % 200) good")
    }
    let last = start.advanced(byMilliseconds: 2_201_000)
    expected.append("\(last) 7 good")
    #expect(found == expected)
    #expect(try scene.reader().heldTotals().messages == 0)
    #expect(try verify() == [])
  }
}
