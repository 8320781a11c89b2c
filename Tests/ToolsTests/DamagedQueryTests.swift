import Engine
import Foundation
import Setup
import SiteModel
import Storage
import TestSupport
import Testing

@testable import Tools

/// A query of a damaged file prints what there is, and then fails with what is missing.
@Suite struct DamagedQueryTests {
  @Test func everythingReadableIsPrinted() throws {
    let folder = try TemporaryFolder()
    let settings = try folder.settings(database: "d.db")
    let store = try Store.open(path: settings.database)
    var outcome = Outcome()
    outcome.newDevices = ["M1"]
    // Values of which no series tells anything about the other.
    var random = SeededGenerator(seed: 1)
    for minute in Int64(0)..<500 {
      for metric: UInt16 in [20, 21] {
        outcome.readings.append(
          Reading(
            device: DeviceIndex(0), metric: Metric(number: metric),
            time: Timestamp(milliseconds: minute * 60_000),
            value: ExactDecimal(significand: Int128(random.number(0...99_999)), exponent: -1)))
      }
    }
    let batch = Batch(capacity: 64)
    [UInt8]("{}".utf8).withUnsafeBytes { bytes in
      batch.append(
        topic: bytes, payload: bytes, packet: 1, qos: 1, retained: false,
        receivedAt: Timestamp(milliseconds: 1))
    }
    try store.commit(batch: batch, outcome: outcome, after: 0, firstDevice: 0)
    try store.compactAll(now: Timestamp(milliseconds: 1))
    try store.close()

    var body: [UInt8] = []
    try SqlSession(path: settings.database).run("SELECT body FROM chunk", heading: { _ in }) {
      row in
      if case .blob(let bytes) = row[0] { body = bytes }
      return true
    }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: settings.database))
    let place = try #require(bytes.range(of: Data(body.suffix(60))))
    bytes[place.upperBound - 30] ^= 1
    try bytes.write(to: URL(fileURLWithPath: settings.database))

    let printed = folder.path + "/printed"
    try Data().write(to: URL(fileURLWithPath: printed))
    let file = try #require(FileHandle(forWritingAtPath: printed))
    let tool = try QueryTool(settings: settings, devices: ["M1"], metrics: [], format: .csv)
    let error = #expect(throws: StoreError.self) {
      try tool.samples(from: nil, to: nil, to: ByteOutput(descriptor: file.fileDescriptor))
    }
    #expect(
      error?.description
        == "\(settings.database): samples are missing: chunk 1: M1 voltage.b "
        + "1970-01-01T00:00:00.000Z … 1970-01-01T08:19:00.000Z: the checksum does not match. "
        + "Run `sitewatt verify`, or restore a backup.")
    let lines = try String(contentsOfFile: printed, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 501 && lines.dropFirst().allSatisfy { $0.contains("voltage.a") })
  }
}
