import Engine
import Foundation
import SiteModel
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// A batch of readings of several devices and metrics that only the round decides.
private func outcome(_ round: Int) -> Outcome {
  var outcome = Outcome()
  var random = SeededGenerator(seed: UInt64(round))
  if round == 0 { outcome.newDevices = (0..<20).map { "D\($0)" } }
  for number in 0..<200 {
    outcome.readings.append(
      reading(
        Int32(number % 20), UInt16(20 + number % 3), Int64(round * 60_000 + number),
        ExactDecimal(significand: Int128(random.number(-99_999...99_999)), exponent: -2)))
  }
  return outcome
}

private func append(_ store: Store, _ round: Int) throws {
  try store.append(batch: batch(["message \(round)"]), outcome: outcome(round))
  try store.compactIfNeeded(now: at(Int64(round) * 1_000_000))
}

/// A copy is the database of one moment, whatever is written meanwhile.
@Suite struct BackupTests {
  let fixture: StoreFixture
  private var copy: String { fixture.folder.appendingPathComponent("copy.db").path }

  init() throws { fixture = try StoreFixture() }

  private func readings(_ reader: StoreReader) throws -> Set<String> {
    var readings: Set<String> = []
    try reader.forEachStoredReading { reading in
      readings.insert(
        "\(reading.device.position) \(reading.metric.number) \(reading.time) \(reading.value)")
    }
    return readings
  }

  @Test func aCopyMadeWhileWritingGoesOnLikeTheOriginal() async throws {
    let store = try fixture.open {
      ($0.recentSamplesLimit, $0.bucketSamplesLimit) = (1_000, 2_000)
    }
    for round in 0..<60 { try append(store, round) }
    let ends = Mutex(false)
    let writer = Task.detached {
      var round = 60
      while round < 80 || !ends.withLock({ $0 }) {
        try append(store, round)
        round += 1
      }
      return round
    }
    var summary = StoreSummary()
    var steps = 0
    let path = copy
    // A file of several steps, and commits between them.
    while summary.newestSegment < 70 {
      try? FileManager.default.removeItem(atPath: path)
      summary = try Store.copy(from: fixture.path, to: path) { _ in steps += 1 }
      #expect(try Store.checkCopy(at: path, expecting: summary) == [])
      await Task.yield()
    }
    ends.withLock { $0 = true }
    let rounds = try await writer.value
    #expect(steps > 0 && summary.newestSegment <= Int64(rounds))

    let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path)
    #expect(files.filter { $0.hasPrefix("copy") } == ["copy.db"])
    var options = StoreOptions()
    (options.recentSamplesLimit, options.bucketSamplesLimit) = (1_000, 2_000)
    let restored = try Store.open(path: path, options: options)
    let count = Int(summary.newestSegment)
    #expect(try restored.reader.newestSegment() == summary.newestSegment)
    #expect(try restored.reader.totals().messages == Int64(count))
    let expected = Set(
      (0..<count).flatMap { outcome($0).readings }.map {
        "\($0.device.position) \($0.metric.number) \($0.time) \($0.value)"
      })
    #expect(try readings(restored.reader) == expected)
    #expect(try restored.reader.verifyJournal() == [])
    #expect(try restored.reader.integrityCheck() == [])
    // The collector could go on: the same batches again make the same file.
    for round in count..<rounds { try append(restored, round) }
    #expect(try readings(restored.reader) == readings(store.reader))
    let newest = try #require(try journalHashes(store).last)
    #expect(try journalHashes(restored).last == newest)
  }

  private func journalHashes(_ store: Store) throws -> [[SqlValue]] {
    try store.checkpoint()
    var rows: [[SqlValue]] = []
    let session = try SqlSession(path: store.path)
    try session.run("SELECT seq, hash FROM journal ORDER BY seq", heading: { _ in }) {
      rows.append($0)
      return true
    }
    return rows
  }

  @Test func aCopyThatIsDamagedOrOfAnotherMomentIsNotSound() throws {
    let store = try fixture.open()
    for round in 0..<30 { try append(store, round) }
    try store.close()
    let summary = try Store.copy(from: fixture.path, to: copy)
    var other = summary
    other.messages += 1
    #expect(
      try Store.checkCopy(at: copy, expecting: other).map(\.description)
        == ["journal: ends elsewhere than the original"])
    var bytes = try Data(contentsOf: URL(fileURLWithPath: copy))
    // It may also stand where a page was before it was divided.
    let places = bytes.ranges(of: Data("message 17".utf8))
    #expect(!places.isEmpty)
    for place in places { bytes[place.lowerBound] ^= 1 }
    try bytes.write(to: URL(fileURLWithPath: copy))
    #expect(
      try Store.checkCopy(at: copy, expecting: summary).map(\.place) == ["journal row 18"])
  }

  @Test func whatIsNoDatabaseIsNotCopied() throws {
    func reason(_ path: String) -> StoreError.Reason? {
      do {
        _ = try Store.copy(from: path, to: copy)
        return nil
      } catch { return error.reason }
    }
    #expect(reason(fixture.path) == .notFound)
    try Data().write(to: URL(fileURLWithPath: fixture.path))
    #expect(reason(fixture.path) == .empty)
    try Data(repeating: 65, count: 9_000).write(to: URL(fileURLWithPath: fixture.path))
    guard case .corrupt = reason(fixture.path) else {
      Issue.record("text was taken for a database")
      return
    }
  }
}
