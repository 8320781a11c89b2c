import Alerting
import Engine
import Foundation
import SiteModel
import Storage

/// A folder that is removed with the fixture, with one database in it.
final class StoreFixture {
  let folder: URL
  var path: String { folder.appendingPathComponent("test.db").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("storage-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func open(_ change: (inout StoreOptions) -> Void = { _ in }) throws -> Store {
    var options = StoreOptions()
    change(&options)
    return try Store.open(path: path, options: options)
  }

  /// Changes one byte of the closed file, at the given place in the first occurrence of `text`.
  func flipByte(of text: String, at offset: Int = 0) throws {
    try flipByte(ofBytes: Array(text.utf8), at: offset)
  }

  /// The same for bytes.
  func flipByte(ofBytes pattern: [UInt8], at offset: Int) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let found = bytes.range(of: Data(pattern))
    guard let found else { throw CocoaError(.fileReadCorruptFile) }
    bytes[found.lowerBound + offset] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  /// Writes bytes over the closed file.
  func overwrite(at offset: Int, _ patch: [UInt8]) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes.replaceSubrange(offset..<(offset + patch.count), with: patch)
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}

extension StoreOptions {
  /// Limits so small that every edge of compaction is met often.
  mutating func shrink() {
    recentBatchesLimit = 3
    recentSamplesLimit = 40
    bucketSamplesLimit = 30
    bucketAgeMilliseconds = 50
    compactionStepSamples = 25
    chunkSamples = 24
    chunkSeriesSamples = 6
  }
}

extension Store {
  /// Commits after whatever the file holds.
  @discardableResult
  func append(
    batch: Batch, outcome: Outcome, snapshot: [UInt8]? = nil, duplicates: Int = 0
  ) throws(StoreError) -> Int64 {
    try commit(
      batch: batch, outcome: outcome, snapshot: snapshot, duplicates: duplicates,
      after: reader.newestSegment(), firstDevice: reader.deviceNames().count)
  }
}

/// A batch of messages, all received at `receivedAt` ms, with rising packet identifiers.
func batch(_ payloads: [String], topic: String = "uplink/m1/json", at receivedAt: Int64 = 1_000)
  -> Batch
{
  let batch = Batch(capacity: 64)
  for (index, payload) in payloads.enumerated() {
    Array(topic.utf8).withUnsafeBytes { topic in
      Array(payload.utf8).withUnsafeBytes { payload in
        batch.append(
          topic: topic, payload: payload, packet: UInt16(index + 1), qos: 1, retained: false,
          receivedAt: Timestamp(milliseconds: receivedAt))
      }
    }
  }
  return batch
}

func reading(
  _ device: Int32, _ metric: UInt16, _ time: Int64, _ value: ExactDecimal,
  _ quality: Quality = .good
) -> Reading {
  Reading(
    device: DeviceIndex(device), metric: Metric(number: metric),
    time: Timestamp(milliseconds: time), value: value, quality: quality)
}

func alert(_ id: String, state: AlertState = .open, cleared: Int64? = nil) -> AlertRecord {
  AlertRecord(
    id: id, kind: "outage.mains", severity: .critical, site: "S1", region: "R1", subject: "m1",
    openedAt: Timestamp(milliseconds: 500),
    clearedAt: cleared.map { Timestamp(milliseconds: $0) }, state: state, titleZh: "市电中断",
    titleEn: "Mains lost", evidence: #"{"voltage":"0.0"}"#)
}

func notification(_ number: Int64, key: String? = nil) -> SiteModel.Notification {
  SiteModel.Notification(
    number: number, channel: "hook", key: key ?? "key-\(number)", body: "{\"n\":\(number)}")
}

func event(_ time: Int64, _ state: EventState = .raised) -> DeviceEvent {
  DeviceEvent(
    device: DeviceIndex(0), alarm: "mains.lost", code: "0x01", state: state, severity: .major,
    time: Timestamp(milliseconds: time))
}

func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
