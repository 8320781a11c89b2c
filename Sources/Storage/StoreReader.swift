import Foundation
import GRDB
import SiteModel

/// The reading side of the database file. Safe to use from several threads.
///
/// A reader of a live file needs to open its `-shm` file, which SQLite keeps beside it: write
/// permission on the folder, or a running collector whose `-shm` may be read. Without either, and
/// with no write-ahead log left, the file is opened as one that nobody changes.
public final class StoreReader: Sendable {
  /// The database file.
  public let path: String

  private let database: any DatabaseReader

  init(path: String, database: any DatabaseReader) {
    self.path = path
    self.database = database
  }

  static func open(path: String, isFrozen: Bool) throws(StoreError) -> StoreReader {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreError(.notFound, path: path)
    }
    do {
      return StoreReader(path: path, database: try connect(path, path, isFrozen))
    } catch {
      let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
      let isLogEmpty = (log?[.size] as? NSNumber)?.intValue ?? 0 == 0
      let failure = StoreError(error, path: path)
      guard case .io = failure.reason, isLogEmpty else { throw failure }
      do {
        return StoreReader(path: path, database: try connect(immutableAddress(path), path, false))
      } catch {
        throw StoreError(error, path: path)
      }
    }
  }

  /// Closes the connections. No other call may follow.
  public func close() throws(StoreError) {
    do { try database.close() } catch { throw StoreError(error, path: path) }
  }

  /// Runs `body` on one unchanging view of the file.
  func read<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    do {
      return try database.read(body)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Runs `body` on the view at hand within ``read(_:)``, and of a frozen reader; of any other
  /// reader on a new one.
  func reentrantRead<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    do {
      return try database.unsafeReentrantRead(body)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  private static func connect(
    _ address: String, _ path: String, _ isFrozen: Bool
  ) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = isFrozen
    configuration.readonly = true
    configuration.label = "store.reader"
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: address, configuration: configuration)
    let version = try queue.read { db in try Schema.version(of: db, path: path) }
    guard version > 0 else { throw StoreError(.empty, path: path) }
    guard version == Schema.version else {
      throw StoreError(.olderSchema(found: version, known: Schema.version), path: path)
    }
    if isFrozen {
      // A transaction that stays open keeps the view; it begins with its first read.
      try queue.inDatabase { db in
        try db.beginTransaction(.deferred)
        _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema")
      }
    }
    return queue
  }

  private static func immutableAddress(_ path: String) -> String {
    URL(fileURLWithPath: path).absoluteString + "?immutable=1"
  }
}
