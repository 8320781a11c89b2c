import Foundation
import GRDB
import Series
import SiteModel

/// Something in the file that is not as it was written, and where.
public struct StoreProblem: Sendable, Equatable, CustomStringConvertible {
  /// The table and row, or `file`.
  public let place: String
  /// What is wrong there.
  public let text: String

  /// `place: text`.
  public var description: String { "\(place): \(text)" }
}

extension StoreReader {
  /// Problems that one check lists at most; it stops there.
  public static let problemLimit = 100

  /// SQLite's own check of the file, then reads every chunk and every waiting batch, compares what
  /// the tables say of each other, and counts the outbox. Damage to samples is named by device,
  /// metrics and time, also where the damaged row itself cannot be read any more.
  public func integrityCheck() throws(StoreError) -> [StoreProblem] {
    var check = IntegrityCheck(limit: Self.problemLimit)
    var isComplete = false
    do {
      try read { db in
        check.run(db)
        isComplete = true
      }
    } catch {
      // Leaving the view may fail once more of what was found.
      if !isComplete { throw error }
    }
    return check.problems
  }
}

/// One run of ``StoreReader/integrityCheck()``; every part goes on past what it cannot read.
private struct IntegrityCheck {
  private(set) var problems: [StoreProblem] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// All parts.
  mutating func run(_ db: Database) {
    file(db)
    chunks(db)
    waiting(db, .recent)
    waiting(db, .pending)
    buckets(db)
    outbox(db)
  }

  private mutating func add(_ problem: StoreProblem) {
    if problems.count < limit { problems.append(problem) }
  }

  /// One part; its failure is a problem of `place`.
  private mutating func attempt(_ place: String, _ body: () throws -> [StoreProblem]) {
    do { try body().forEach { add($0) } } catch {
      add(StoreProblem(place: place, text: "cannot be read (\(DamageFinder.text(error)))"))
    }
  }

  private mutating func file(_ db: Database) {
    // The other half of the list stays free for what the damage means.
    let half = limit / 2
    var found: [StoreProblem] = []
    attempt("file") {
      // SQLite's check may itself end at what it found.
      let rows = try String.fetchCursor(db, sql: "PRAGMA integrity_check(\(half))")
      while found.count < half, let text = try rows.next() {
        guard text != "ok" else { break }
        found += text.split(separator: "\n").map { StoreProblem(place: "file", text: String($0)) }
      }
      return []
    }
    problems = Array((found + problems).prefix(half))
  }

  private mutating func chunks(_ db: Database) {
    let finder = DamageFinder(db)
    var newest = Int32(DeviceTable.limit)
    // Where even the newest device cannot be read, every number that there may be is tried.
    do { newest = try Int32.fetchOne(db, sql: "SELECT max(id) FROM device") ?? 0 } catch {}
    for position in 0...max(0, newest) where problems.count < limit {
      let device = DeviceIndex(position)
      do { try check(db, finder, device) } catch { add(finder.unlisted(device, error)) }
    }
  }

  private mutating func check(
    _ db: Database, _ finder: DamageFinder, _ device: DeviceIndex
  ) throws {
    var newest: [Metric: Sample] = [:]
    var sound: DamageFinder.Entry?
    var isComplete = true
    for entry in try DamageFinder.Entry.all(db, of: device) where problems.count < limit {
      let reading = finder.read(entry)
      if let problem = reading.problem {
        add(problem)
        isComplete = false
        continue
      }
      if let sound, entry.first <= sound.last {
        add(finder.problem(entry, [], "overlaps with chunk \(sound.id)"))
      }
      sound = entry
      for series in reading.series { newest[series.metric] = series.samples.last }
    }
    if isComplete { try checkLatest(db, finder, device, newest) }
  }

  /// What is kept as a device's newest samples must be the newest of its chunks.
  private mutating func checkLatest(
    _ db: Database, _ finder: DamageFinder, _ device: DeviceIndex, _ newest: [Metric: Sample]
  ) throws {
    let statement = try db.cachedStatement(
      sql: "SELECT metric, time_ms FROM latest WHERE device = ? ORDER BY metric")
    var known: [Metric: Int64] = [:]
    for row in try Row.fetchAll(statement, arguments: [device.position]) {
      let number = DamageFinder.integer(row, 0).flatMap(UInt16.init(exactly:))
      if let number { known[Metric(number: number)] = DamageFinder.integer(row, 1) }
    }
    for (metric, sample) in newest.sorted(by: { $0.key < $1.key })
    where known[metric] != sample.time.milliseconds {
      let name = MetricCatalogue.definition(of: metric)?.name ?? "metric \(metric.number)"
      let text = "\(finder.name(of: device)) \(name): is not the newest sample of the chunks"
      add(StoreProblem(place: "latest", text: text))
    }
  }

  private mutating func waiting(_ db: Database, _ table: WaitingTable) {
    let finder = DamageFinder(db)
    attempt(table.rawValue) {
      try WaitingRows.keys(db, table).compactMap { key in
        do {
          guard let row = try WaitingRows.fetch(db, table, key) else { return nil }
          var count: Int64 = 0
          try row.body.withUnsafeBytes { bytes in
            try RecentCodec.decode(bytes) { _ in count += 1 }
          }
          return count == row.samples ? nil : finder.problem(table, key, "the count does not match")
        } catch {
          return finder.problem(table, key, DamageFinder.text(error))
        }
      }
    }
  }

  private mutating func buckets(_ db: Database) {
    attempt("bucket") {
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT id, sum(kept), sum(found) FROM (
            SELECT id, samples AS kept, 0 AS found FROM bucket
            UNION ALL SELECT bucket, 0, samples FROM pending)
          GROUP BY id HAVING sum(kept) <> sum(found)
          """)
      return rows.map { row in
        let texts = (0..<3).map { DamageFinder.integer(row, $0).map { "\($0)" } ?? "?" }
        return StoreProblem(
          place: "bucket \(texts[0])",
          text: "says that \(texts[1]) readings wait, pending has \(texts[2])")
      }
    }
  }

  private mutating func outbox(_ db: Database) {
    attempt("outbox") {
      let isGapless = try Bool.fetchOne(
        db,
        sql: """
          SELECT count(*) + (SELECT ifnull(sum(value), 0) FROM counter WHERE name = 'outbox_pruned')
            = ifnull(max(number), 0) FROM outbox
          """)
      return isGapless == true
        ? [] : [StoreProblem(place: "outbox", text: "notification numbers have gaps")]
    }
  }
}
