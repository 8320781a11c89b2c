import Foundation
import Glibc
import Setup
import SiteModel
import Storage

/// Copies a database while the collector goes on, and puts a copy back in its place.
public struct BackupTool {
  /// Why there is no backup, or nothing was restored; one sentence with what to do.
  public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String
  }

  private let database: String

  /// A tool on a configuration's database.
  public init(settings: Settings) { database = settings.database }

  /// Copies the database into a new file at `target`, checks it, and returns what to print.
  /// Nothing appears under that name before it is whole and on the disk. `progress` is told which
  /// part is copied.
  public func backUp(
    to target: String, progress: @escaping (Double) -> Void = { _ in }
  ) throws -> [String] {
    guard !Self.exists(target) else {
      throw Refusal(description: "\(target): exists already and is not overwritten; name another")
    }
    let part = try PartFile(for: target)
    let summary = try copyAndCheck(database, part, progress)
    try part.place()
    return ["\(target): \(Self.text(summary)), checked"]
  }

  /// Puts the backup at `source` in the place of the database and returns what to print. The backup
  /// is copied and checked first. With `replacing` a database that exists is kept beside it under
  /// the name `<database>.replaced-<now>`.
  public func restore(
    from source: String, replacing: Bool = false, now: Timestamp,
    progress: @escaping (Double) -> Void = { _ in }
  ) throws -> [String] {
    let lock = try takeLock()
    defer { withExtendedLifetime(lock) {} }
    guard replacing || !Self.exists(database) else {
      throw Refusal(
        description: "\(database): exists already; --replace keeps it aside and restores")
    }
    let part = try PartFile(for: database)
    let summary = try copyAndCheck(source, part, progress)
    try bringUpToDate(part.path)
    var lines = ["\(database): restored from \(source), \(Self.text(summary))"]
    if Self.exists(database) {
      lines.append("the database before is kept as \(try keepAside(now))")
    }
    try part.place(replacing: true)
    return lines + [
      "Messages that were received after that are not in it. The broker sends again what it has",
      "kept for this collector; everything else since then is gone. Notifications since then may",
      "be sent again, with the same idempotency key where they are the same.",
    ]
  }

  private func copyAndCheck(
    _ source: String, _ part: PartFile, _ progress: @escaping (Double) -> Void
  ) throws -> StoreSummary {
    let summary = try Store.copy(from: source, to: part.path, progress: progress)
    guard let problem = try problem(part.path, summary) else { return summary }
    throw Refusal(description: "\(source): is damaged: \(problem). Run `sitewatt verify`.")
  }

  /// The first thing that is wrong with a copy.
  private func problem(_ copy: String, _ summary: StoreSummary) throws -> String? {
    do throws(StoreError) {
      return try Store.checkCopy(at: copy, expecting: summary).first?.description
    } catch {
      guard case .corrupt(let detail) = error.reason else { throw error }
      return detail
    }
  }

  private func takeLock() throws -> CollectorLock {
    let folder = URL(fileURLWithPath: database).deletingLastPathComponent().path
    guard Self.exists(folder) else {
      throw Refusal(description: "\(folder): no such folder; make it first")
    }
    do throws(StartError) { return try CollectorLock(database: database) } catch {
      guard case .occupied = error else { throw error }
      throw Refusal(description: "\(error.description); stop it before a restore")
    }
  }

  /// Migrates a copy as the collector would, so that what cannot be used is never put in place.
  private func bringUpToDate(_ path: String) throws {
    let store = try Store.open(path: path)
    try store.close()
  }

  /// Gives the database and the log that belongs to it second names, then takes the log's first one
  /// away: a log must never lie beside another database. An end at any point leaves either the
  /// database as it was or both files whole under the second names.
  private func keepAside(_ now: Timestamp) throws -> String {
    let digits = now.description.prefix(19).filter { $0 != ":" && $0 != "-" }
    let aside = "\(database).replaced-\(digits)Z"
    // Mostly this leaves the log empty. A damaged database keeps its log, and both are kept.
    try? Store.emptyLog(of: database)
    for ending in ["", "-wal"] where Self.exists(database + ending) {
      guard Glibc.link(database + ending, aside + ending) == 0 else {
        throw FileFailure(aside + ending)
      }
    }
    try PartFile.syncFolder(of: database)
    for ending in ["-wal", "-shm"] { unlink(database + ending) }
    return aside
  }

  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  private static func text(_ summary: StoreSummary) -> String {
    let messages = "\(summary.messages) messages"
    guard let newest = summary.newestAt else { return messages }
    return "\(messages), the last received \(newest.description), journal row "
      + "\(summary.newestSegment)"
  }
}
