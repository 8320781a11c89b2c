import Foundation
import GRDB
import Series
import SiteModel

/// What is stored of a device, not decoded yet: its chunks of a range, and what waits for chunks.
public struct DeviceStretch: Sendable {
  /// Whose it is.
  public let device: DeviceIndex
  fileprivate var chunks: [(entry: DamageFinder.Entry, body: Data?)]
  fileprivate let waiting: [Metric: [Sample]]
  fileprivate var range: Range<Int64>

  /// The same in stretches one after the other, at most `count`, none of which shares a chunk with
  /// another.
  public func cut(_ count: Int) -> [DeviceStretch] {
    var stretches: [DeviceStretch] = []
    var (start, last) = (0, Int64.min)
    for (place, chunk) in chunks.map(\.entry).enumerated() {
      // Chunks may overlap.
      let isClean = place > 0 && chunk.first > last && range.contains(chunk.first)
      last = max(last, chunk.last)
      let goal = chunks.count * (stretches.count + 1) / count
      guard isClean, place >= goal else { continue }
      stretches.append(part(start..<place, until: chunk.first, after: stretches.last))
      start = place
    }
    stretches.append(part(start..<chunks.count, until: range.upperBound, after: stretches.last))
    return stretches
  }

  private func part(
    _ places: Range<Int>, until end: Int64, after before: DeviceStretch?
  ) -> DeviceStretch {
    var part = self
    part.chunks = Array(chunks[places])
    part.range = (before?.range.upperBound ?? range.lowerBound)..<end
    return part
  }
}

/// One question about series, answered device by device. Of a reader with a connection of its own
/// (``Store/openReadOnly(path:isFrozen:)``) several threads may ask at once: the file is read by
/// one after the other, and what was read is decoded side by side.
public final class SeriesScan: @unchecked Sendable {
  /// So many chunks of a device are read before they are needed.
  private static let fewChunks = 32

  private let reader: StoreReader
  private let metrics: [Metric]
  private let range: Range<Int64>
  // Used only while the file is read, which happens on one queue.
  private let damage: DamageLog
  private var waiting: WaitingSamples

  /// A scan of some devices and metrics, `from` <= time < `to`. All of it is of one moment only if
  /// the reader's view stands still (``Store/openReadOnly(path:isFrozen:)``).
  public convenience init(
    _ reader: StoreReader, of devices: [DeviceIndex], _ metrics: [Metric],
    from: Timestamp = .min, to: Timestamp = .max
  ) throws(StoreError) {
    let range = from.milliseconds..<max(from.milliseconds, to.milliseconds)
    let parts = try reader.reentrantRead { db in
      let damage = DamageLog(db)
      return (
        damage, try WaitingSamples(db, reader, Set(devices), Set(metrics), range, damage)
      )
    }
    self.init(reader, metrics, range, parts)
  }

  private init(
    _ reader: StoreReader, _ metrics: [Metric], _ range: Range<Int64>,
    _ parts: (damage: DamageLog, waiting: WaitingSamples)
  ) {
    (self.reader, self.metrics, self.range) = (reader, metrics, range)
    (damage, waiting) = parts
  }

  /// What is stored of one of the devices.
  public func stretch(of device: DeviceIndex) throws(StoreError) -> DeviceStretch {
    try reader.reentrantRead { db in
      // One turn at the file for all, where they are few; what fails is told when it is needed.
      let entries = damage.chunks(of: device, range)
      let isFew = entries.count <= Self.fewChunks
      let chunks = entries.map { ($0, isFew ? try? ChunkRows.body(db, $0) : nil) }
      try waiting.load(db, bucketOf: device)
      let samples = metrics.map { ($0, waiting.samples(device, $0)) }
      return DeviceStretch(
        device: device, chunks: chunks,
        waiting: Dictionary(uniqueKeysWithValues: samples.filter { !$0.1.isEmpty }),
        range: range)
    }
  }

  /// Calls `body` with the samples of a stretch of one metric, sorted by time, without repeats, in
  /// runs of about a chunk, until it returns false; false then. Contradicting good values of one
  /// instant all come, with quality ``Quality/conflict``. What cannot be read is left out and told
  /// by ``finish()``.
  public func forEachRun(
    of stretch: DeviceStretch, _ metric: Metric, _ body: ([Sample]) -> Bool
  ) throws(StoreError) -> Bool {
    let range = stretch.range
    var pending = (stretch.waiting[metric] ?? []).filter { range.contains($0.ms) }
    for chunk in stretch.chunks {
      var ready = Self.take(&pending, before: chunk.entry.first)
      Samples.markConflicts(&ready)
      if !ready.isEmpty, !body(ready) { return false }
      pending = Samples.merge(pending, try samples(chunk.entry, chunk.body, metric, range))
    }
    Samples.markConflicts(&pending)
    return pending.isEmpty || body(pending)
  }

  /// Fails when something could not be read, and names it.
  public func finish() throws(StoreError) {
    try reader.reentrantRead { _ in try damage.throwIfAny(path: reader.path) }
  }

  /// One series of a chunk.
  private func samples(
    _ chunk: DamageFinder.Entry, _ known: Data?, _ metric: Metric, _ range: Range<Int64>
  ) throws(StoreError) -> [Sample] {
    var body = known
    if body == nil { body = try reader.reentrantRead { _ in damage.body(of: chunk, metric) } }
    guard let body else { return [] }
    do {
      return try body.withUnsafeBytes {
        try DeviceChunk.decode(
          $0, metric, from: Timestamp(milliseconds: range.lowerBound),
          to: Timestamp(milliseconds: range.upperBound))
      }
    } catch {
      try reader.reentrantRead { _ in damage.note(chunk, error, metric) }
      return []
    }
  }

  /// Takes the samples before an instant off the front; mostly that is all of them.
  private static func take(_ samples: inout [Sample], before ms: Int64) -> [Sample] {
    guard let last = samples.last, last.ms >= ms else {
      defer { samples = [] }
      return samples
    }
    let taken = Array(samples.prefix { $0.ms < ms })
    samples.removeFirst(taken.count)
    return taken
  }
}
