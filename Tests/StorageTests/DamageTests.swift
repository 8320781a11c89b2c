import Engine
import Foundation
import Series
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// A file of which bytes or whole pages were lost: nothing crashes, no wrong value is read, what is
/// lost is named, and everything else is there.
@Suite struct DamageTests {
  let fixture: StoreFixture
  private static let metrics: [UInt16] = [1, 20, 21]
  private static let devices: Int32 = 6
  private static let start: Int64 = 1_772_323_200_000

  init() throws { fixture = try StoreFixture() }

  private struct Series: Hashable {
    var device: Int32
    var metric: UInt16
  }

  /// A closed file with chunks of several pages, waiting and recent readings; what its series hold.
  private func fill() throws -> [Series: [Sample]] {
    var random = SeededGenerator(seed: 1)
    let store = try fixture.open {
      ($0.recentSamplesLimit, $0.bucketSamplesLimit) = (1_000, 1_000_000_000)
      ($0.chunkSamples, $0.chunkSeriesSamples) = (900, 300)
    }
    for round in 0..<14 {
      var outcome = Outcome()
      if round == 0 { outcome.newDevices = (0..<Self.devices).map { "BS-\($0)" } }
      for device in 0..<Self.devices {
        for metric in Self.metrics {
          for minute in 0..<60 {
            let value = ExactDecimal(
              significand: Int128(random.number(0...9_999_999)), exponent: -2)
            let time = Self.start + Int64(round * 60 + minute) * 60_000
            outcome.readings.append(reading(device, metric, time, value))
          }
        }
      }
      try store.append(batch: batch(["message \(round)"]), outcome: outcome)
      if round == 9 { try store.compactAll(now: at(0)) }
      // Moved into pending, and there left.
      if round == 11 { try store.compactIfNeeded(force: true, now: at(0)) }
    }
    try store.close()
    return try read(try Store.openReadOnly(path: fixture.path)).samples
  }

  /// Everything that can be read, and what the failures say, by device.
  private func read(
    _ reader: StoreReader
  ) throws -> (samples: [Series: [Sample]], errors: [Int32: String]) {
    var (samples, errors): ([Series: [Sample]], [Int32: String]) = ([:], [:])
    let metrics = Self.metrics.map(Metric.init(number:))
    for device in 0..<Self.devices {
      do throws(StoreError) {
        try reader.forEachSample(of: [DeviceIndex(device)], metrics) { _, metric, sample in
          samples[Series(device: device, metric: metric.number), default: []].append(sample)
          return true
        }
      } catch { errors[device] = error.description }
    }
    return (samples, errors)
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) -> String {
    let pages = bytes.count / Schema.pageSize
    // Not the first page: without it there is no database, and nothing to read.
    let page = random.number(1...pages - 1)
    switch random.number(0...3) {
    case 0:
      for place in (page * Schema.pageSize)..<((page + 1) * Schema.pageSize) { bytes[place] = 0 }
      return "zeroed page \(page + 1)"
    case 1:
      let source = random.number(1...pages - 1) * Schema.pageSize
      bytes.replaceSubrange(
        (page * Schema.pageSize)..<((page + 1) * Schema.pageSize),
        with: bytes[source..<source + Schema.pageSize])
      return "page \(page + 1) overwritten with page \(source / Schema.pageSize + 1)"
    case 2:
      // Where the structure of a page is.
      for _ in 0..<3 {
        bytes[page * Schema.pageSize + random.number(0...60)] ^= UInt8(random.number(1...255))
      }
      return "head of page \(page + 1)"
    default:
      for _ in 0..<4 {
        bytes[page * Schema.pageSize + random.number(0...Schema.pageSize - 1)] ^= UInt8(
          1 << random.number(0...7))
      }
      return "bits of page \(page + 1)"
    }
  }

  private func open(_ bytes: [UInt8]) throws -> StoreReader {
    let path = fixture.folder.appendingPathComponent("damaged.db").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try Store.openReadOnly(path: path)
  }

  @Test(arguments: UInt64(0)..<4) func whatIsLostIsNamedAndTheRestIsRead(seed: UInt64) throws {
    let model = try fill()
    #expect(try Store.openReadOnly(path: fixture.path).integrityCheck() == [])
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture.path)))
    var random = SeededGenerator(seed: seed)
    var intact = 0
    for round in 0..<12 {
      var bytes = whole
      let what = "seed \(seed) round \(round): \(damage(&bytes, &random))"
      guard let reader = try? open(bytes) else { continue }
      let problems = (try? reader.integrityCheck()) ?? [StoreProblem(place: "", text: "")]
      _ = try? reader.verifyJournal()
      let (samples, errors) = try read(reader)
      for (series, expected) in model {
        let found = samples[series] ?? []
        intact += found == expected ? 1 : 0
        if found == expected { continue }
        let isTrue = Set(found.map(\.text)).isSubset(of: Set(expected.map(\.text)))
        #expect(isTrue, "\(what): wrong values of \(series)")
        #expect(!problems.isEmpty, "\(what): \(series) is not whole, and the check is silent")
        // A page that is well-formed can hide rows from a query, though not from the check.
        let isTold = errors[series.device] != nil || !what.contains("zeroed")
        #expect(isTold, "\(what): \(series) is not whole, and nobody says so")
      }
      try reader.close()
    }
    #expect(intact > 100)
  }

  /// The chunk that holds the middle of the series, and the page on which its body begins.
  private func middleChunk() throws -> (id: Int64, first: Int64, last: Int64, body: [UInt8]) {
    let session = try SqlSession(path: fixture.path)
    var chunks: [[SqlValue]] = []
    let text = "SELECT id, first_ms, last_ms, body FROM chunk WHERE device = 3 ORDER BY first_ms"
    try session.run(text, heading: { _ in }) {
      chunks.append($0)
      return true
    }
    let chunk = chunks[chunks.count / 2]
    guard case .integer(let id) = chunk[0], case .integer(let first) = chunk[1],
      case .integer(let last) = chunk[2], case .blob(let body) = chunk[3]
    else { throw CocoaError(.coderInvalidValue) }
    return (id, first, last, body)
  }

  @Test func aDamagedColumnCostsItsSeriesOnly() throws {
    let model = try fill()
    let chunk = try middleChunk()
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture.path)))
    // The end of a body is the values of the last metric; a part of it that one page holds whole.
    let tail = Data(chunk.body.suffix(60))
    let place = try #require(Data(bytes).range(of: tail))
    bytes[place.upperBound - 30] ^= 0x10
    let reader = try open(bytes)
    let span = "\(at(chunk.first)) … \(at(chunk.last))"
    let text = "chunk \(chunk.id): BS-3 voltage.b \(span): the checksum does not match"
    #expect(try reader.integrityCheck().map(\.description) == [text])
    let (samples, errors) = try read(reader)
    #expect(errors.keys.sorted() == [3])
    #expect(errors[3]?.contains("samples are missing: " + text) == true)
    for (series, expected) in model where series != Series(device: 3, metric: 21) {
      #expect(samples[series] == expected)
    }
    let rest = samples[Series(device: 3, metric: 21)] ?? []
    let kept = model[Series(device: 3, metric: 21)]?.filter {
      !(chunk.first...chunk.last).contains($0.time.milliseconds)
    }
    #expect(rest == kept)
    let session = try SqlSession(path: reader.path)
    var count = 0
    let error = #expect(throws: StoreError.self) {
      try session.run("SELECT * FROM samples('BS-3', 'voltage.b')", heading: { _ in }) { _ in
        count += 1
        return true
      }
    }
    #expect(error?.reason == .corrupt(text) && count > 0)
  }

  @Test func anUnreadablePageIsNamedFromTheIndex() throws {
    let model = try fill()
    let chunk = try middleChunk()
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture.path)))
    let place = try #require(Data(bytes).range(of: Data(chunk.body.prefix(60))))
    let page = place.lowerBound / Schema.pageSize * Schema.pageSize
    for offset in page..<(page + Schema.pageSize) { bytes[offset] = 0 }
    let reader = try open(bytes)
    let span = "\(at(chunk.first)) … \(at(chunk.last))"
    let text =
      "chunk \(chunk.id): BS-3 all series \(span): cannot be read "
      + "(database disk image is malformed)"
    let problems = try reader.integrityCheck().map(\.description)
    #expect(problems.contains(text), "\(problems)")
    #expect(problems.first?.hasPrefix("file: ") == true)
    let (samples, errors) = try read(reader)
    #expect(errors[3]?.contains(text) == true)
    #expect(samples[Series(device: 0, metric: 1)]?.isEmpty == false)
    #expect(
      samples.values.reduce(0) { $0 + $1.count } * 2 > model.values.reduce(0) { $0 + $1.count })
  }
}

extension Sample {
  fileprivate var text: String { "\(time) \(value) \(quality)" }
}
