import Foundation
import GRDB
import Glibc
import SiteModel

/// The writing side of the one database file: it owns the connection that writes, the migrations
/// and every statement that changes a row. Safe to use from several threads; writes queue up.
///
/// The write-ahead log is copied into the file every 32 MiB and cut to 64 MiB; a reader that holds
/// one query open for long makes it grow until that query ends.
public final class Store: Sendable {
  /// The database file.
  public let path: String
  /// As it was opened.
  public let options: StoreOptions
  /// All queries, on connections of their own that do not wait for writes.
  public let reader: StoreReader

  private let pool: DatabasePool

  private init(path: String, options: StoreOptions, pool: DatabasePool) {
    self.path = path
    self.options = options
    self.pool = pool
    reader = StoreReader(path: path, database: pool)
  }

  /// Opens the file for reading and writing; creates it for its user alone when it is missing (its
  /// folder must exist).
  /// Refuses files of newer releases and of other applications, and leaves them untouched.
  public static func open(
    path: String, options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> Store {
    try open(path: path, options: options) { _ in }
  }

  /// The same; `prepare` sees the connection that writes before its first use, so that a test can
  /// watch every statement.
  static func open(
    path: String, options: StoreOptions, prepare: @escaping @Sendable (Database) throws -> Void
  ) throws(StoreError) -> Store {
    do {
      create(path)
      try refuseForeign(path)
      let pool = try DatabasePool(path: path, configuration: configuration(options, prepare))
      try pool.writeWithoutTransaction { db in
        // After the pool's own set-up, which asks for less.
        try db.execute(sql: "PRAGMA synchronous = \(options.synchronous.rawValue)")
        try db.inTransaction(.immediate) {
          try Schema.migrate(db, path: path)
          return .commit
        }
      }
      return Store(path: path, options: options, pool: pool)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Opens an existing file for reading only, also while another process writes it. With `isFrozen`
  /// everything that is read is of the moment of opening; the write-ahead log of a running
  /// collector cannot shrink until the reader is closed.
  public static func openReadOnly(
    path: String, isFrozen: Bool = false
  ) throws(StoreError) -> StoreReader {
    try StoreReader.open(path: path, isFrozen: isFrozen)
  }

  /// Copies the write-ahead log into the file and empties it, as far as readers allow.
  public func checkpoint() throws(StoreError) {
    do {
      try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      // A reader still needs the log; the next checkpoint takes it.
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Gives free pages at the end of the file back to the disk, at most `pages` of them in one
  /// call; returns how many are left. Files of version 1 keep theirs and use them again.
  @discardableResult
  public func reclaim(pages: Int = 2_000) throws(StoreError) -> Int {
    try write { db in
      guard try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 2 else { return 0 }
      _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(pages))")
      return try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    }
  }

  /// Checkpoints and closes. No other call may follow.
  public func close() throws(StoreError) {
    try checkpoint()
    // Readers go first: only a writer that closes last removes the write-ahead log.
    pool.invalidateReadOnlyConnections()
    do { try pool.close() } catch { throw StoreError(error, path: path) }
  }

  /// Runs `body` in one transaction that takes the write lock at once; all of it happens or
  /// nothing.
  func write<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    do {
      return try pool.write(body)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Creates a missing file, empty; SQLite gives the files beside it the same permissions. A
  /// failure shows when SQLite opens it.
  private static func create(_ path: String) {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  private static func refuseForeign(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? queue.close() }
    _ = try queue.read { db in try Schema.version(of: db, path: path) }
  }

  private static func configuration(
    _ options: StoreOptions, _ prepare: @escaping @Sendable (Database) throws -> Void
  ) -> Configuration {
    var configuration = Configuration()
    configuration.label = "store"
    configuration.busyMode = .timeout(TimeInterval(options.busyTimeoutSeconds))
    configuration.maximumReaderCount = 4
    configuration.prepareDatabase { db in
      guard !db.configuration.readonly else { return }
      // Debian's SQLite overwrites deleted content by default: a write for every page that is
      // freed.
      try db.execute(
        sql: """
          PRAGMA page_size = \(Schema.pageSize);
          PRAGMA auto_vacuum = INCREMENTAL;
          PRAGMA secure_delete = OFF;
          PRAGMA cache_size = -65536;
          PRAGMA wal_autocheckpoint = \((32 << 20) / Schema.pageSize);
          PRAGMA journal_size_limit = \(64 << 20);
          """)
      try prepare(db)
      guard let limit = options.maximumSizeMB else { return }
      let size = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? Schema.pageSize
      try db.execute(sql: "PRAGMA max_page_count = \((limit << 20) / size)")
    }
    return configuration
  }
}
