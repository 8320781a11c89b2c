import Foundation
import GRDB
import Series
import SiteModel

// Writes samples into the chunks of a device, each where it belongs in time.

extension Store {
  /// Newest chunks of a device that are looked at for merging.
  private static let smallChunks = 64

  private struct StoredChunk {
    var id: Int64
    var first: Int64
    var last: Int64
    var count: Int

    init(_ row: Row) {
      (id, first, last, count) = (row[0], row[1], row[2], row[3])
    }
  }

  /// Merges samples into the chunks of a device. What lies before the end of a chunk goes into it,
  /// or into chunks of its own when a long stretch fills a gap; the rest is appended, together with
  /// the newest chunks once there are `few` that are not much larger.
  func mergeIntoChunks(
    _ db: Database, _ device: DeviceIndex, _ added: [SeriesSamples], merging few: Int
  ) throws {
    var rest = added
    let chunks = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id, first_ms, last_ms, samples FROM chunk
          WHERE device = ? AND last_ms >= ? ORDER BY last_ms
          """), arguments: [device.position, rest.firstTime]
    ).map { StoredChunk($0) }
    for chunk in chunks where !rest.isEmpty {
      let (earlier, later) = rest.split(at: chunk.last &+ 1)
      guard !earlier.isEmpty else { continue }
      if earlier.lastTime < chunk.first, earlier.sampleCount >= options.chunkSamples / 8 {
        try write(db, device, earlier)
      } else if let stored = try decode(db, chunk.id) {
        try replace(db, [chunk.id], device, stored.merged(with: earlier))
      } else {
        // A damaged chunk stays where it is, for `verify` to name.
        continue
      }
      rest = later
    }
    if !rest.isEmpty { try append(db, device, rest, merging: few) }
  }

  /// Newest chunks are taken in and written anew when several of them are not much larger than what
  /// is added: so a sample is rewritten a few times only, yet most chunks are full.
  private func append(
    _ db: Database, _ device: DeviceIndex, _ added: [SeriesSamples], merging few: Int
  ) throws {
    let chunks = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id, first_ms, last_ms, samples FROM chunk WHERE device = ?
          ORDER BY last_ms DESC LIMIT ?
          """), arguments: [device.position, Self.smallChunks]
    ).map { StoredChunk($0) }
    var (taken, count, isFull) = (0, added.sampleCount, false)
    while !isFull {
      let run = chunks[taken...].prefix { chunk in
        chunk.count <= count * 2 && chunk.count < options.chunkSamples * 3 / 4
          && chunk.last < added.firstTime
      }
      guard run.count >= few else { break }
      taken += run.count
      count += run.reduce(0) { $0 + $1.count }
      isFull = count >= options.chunkSamples
    }
    var samples = added
    var replaced: [Int64] = []
    for chunk in chunks.prefix(taken) {
      // What is older than a damaged chunk stays as it is.
      guard let stored = try decode(db, chunk.id) else { break }
      samples = stored.merged(with: samples)
      replaced.append(chunk.id)
    }
    try replace(db, replaced, device, samples)
  }

  private func replace(
    _ db: Database, _ chunks: [Int64], _ device: DeviceIndex, _ samples: [SeriesSamples]
  ) throws {
    let delete = try db.cachedStatement(sql: "DELETE FROM chunk WHERE id = ?")
    for chunk in chunks { try delete.execute(arguments: [chunk]) }
    try write(db, device, samples)
  }

  /// Writes samples as chunks, all full but the last.
  private func write(_ db: Database, _ device: DeviceIndex, _ samples: [SeriesSamples]) throws {
    var rest = samples
    while let end = rest.cut(series: options.chunkSeriesSamples, all: options.chunkSamples) {
      let (full, later) = rest.split(at: end)
      try insert(db, device, full)
      rest = later
    }
    try insert(db, device, rest)
  }

  private func insert(_ db: Database, _ device: DeviceIndex, _ samples: [SeriesSamples]) throws {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO chunk (device, first_ms, last_ms, samples, body) VALUES (?, ?, ?, ?, ?)
        """)
    try insert.execute(
      arguments: [
        device.position, samples.firstTime, samples.lastTime, samples.sampleCount,
        Data(DeviceChunk.encode(samples)),
      ])
  }

  /// Everything of a chunk; nil when it is damaged.
  private func decode(_ db: Database, _ chunk: Int64) throws -> [SeriesSamples]? {
    let statement = try db.cachedStatement(sql: "SELECT body FROM chunk WHERE id = ?")
    let row: Row?
    do { row = try Row.fetchOne(statement, arguments: [chunk]) } catch let error as DatabaseError {
      guard error.resultCode == .SQLITE_CORRUPT else { throw error }
      return nil
    }
    return try row?.withUnsafeData(atIndex: 0) { data in
      (data ?? Data()).withUnsafeBytes { bytes in try? DeviceChunk.decode(bytes) }
    }
  }
}

extension [SeriesSamples] {
  /// Samples of all series.
  var sampleCount: Int { reduce(0) { $0 + $1.samples.count } }
  /// The earliest sample's time.
  var firstTime: Int64 { reduce(Int64.max) { Swift.min($0, $1.samples.first?.ms ?? .max) } }
  /// The latest sample's time.
  var lastTime: Int64 { reduce(Int64.min) { Swift.max($0, $1.samples.last?.ms ?? .min) } }

  /// The samples before an instant, and the others.
  func split(at ms: Int64) -> (earlier: [SeriesSamples], later: [SeriesSamples]) {
    if ms > lastTime { return (self, []) }
    var (earlier, later): ([SeriesSamples], [SeriesSamples]) = ([], [])
    for series in self {
      let place = series.samples.firstPlace(at: ms)
      if place > 0 {
        earlier.append(
          SeriesSamples(metric: series.metric, samples: Array<Sample>(series.samples[..<place])))
      }
      if place < series.samples.count {
        later.append(
          SeriesSamples(metric: series.metric, samples: Array<Sample>(series.samples[place...])))
      }
    }
    return (earlier, later)
  }

  /// The union; both are in order of their metrics.
  func merged(with other: [SeriesSamples]) -> [SeriesSamples] {
    var merged: [SeriesSamples] = []
    var rest = other[...]
    for series in self {
      while let next = rest.first, next.metric < series.metric { merged.append(rest.removeFirst()) }
      guard let next = rest.first, next.metric == series.metric else {
        merged.append(series)
        continue
      }
      merged.append(
        SeriesSamples(
          metric: series.metric, samples: Samples.merge(series.samples, next.samples)))
      rest.removeFirst()
    }
    return merged + rest
  }

  /// The instant at which a full chunk ends; nil when everything fits into one. All samples of an
  /// instant stay together.
  func cut(series limit: Int, all total: Int) -> Int64? {
    var end: Int64?
    for series in self where series.samples.count > limit {
      end = Swift.min(end ?? .max, series.samples[limit].ms)
    }
    if end == nil && sampleCount <= total { return nil }
    var (low, high) = (firstTime &+ 1, end ?? lastTime)
    if before(high) > total {
      while low < high {
        let middle = low + (high - low + 1) / 2
        if before(middle) <= total { low = middle } else { high = middle - 1 }
      }
      high = low
    }
    let cut = Swift.max(firstTime &+ 1, high)
    return cut > lastTime ? nil : cut
  }

  private func before(_ ms: Int64) -> Int {
    reduce(0) { $0 + $1.samples.firstPlace(at: ms) }
  }
}

extension [Sample] {
  /// The place of the first sample that is not before an instant.
  func firstPlace(at ms: Int64) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].ms < ms { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Sample {
  /// The time in Unix milliseconds.
  var ms: Int64 { time.milliseconds }
}
