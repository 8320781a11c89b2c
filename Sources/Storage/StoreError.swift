import Foundation
import GRDB
import SiteModel

/// Why the database file could not be used, with the file and what to do about it.
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Sendable, Equatable {
    /// The disk, or the configured size of the file, is full. The transaction left nothing.
    case full
    /// The content is damaged or contradicts itself; the text says where.
    case corrupt(String)
    /// Another process held the write lock for longer than the busy timeout.
    case busy
    /// The file was written by a newer release.
    case newerSchema(found: Int, known: Int)
    /// The file was written by an older release, and this one may only read it.
    case olderSchema(found: Int, known: Int)
    /// There is no such file.
    case notFound
    /// No collector has stored anything in the file yet.
    case empty
    /// Reference files were stored since the caller looked.
    case overtaken
    /// The operating system refused; the text is SQLite's.
    case io(String)
  }

  /// What went wrong.
  public let reason: Reason
  /// The database file.
  public let path: String

  /// True when the same call may succeed later without anybody repairing the file.
  public var isRetryable: Bool {
    switch reason {
    case .full, .busy, .io: true
    case .corrupt, .newerSchema, .olderSchema, .notFound, .empty, .overtaken: false
    }
  }

  /// One sentence of what happened and one of what to do.
  public var description: String {
    switch reason {
    case .full:
      "\(path): no room left. Free disk space or raise the size limit; nothing was lost."
    case .corrupt(let detail):
      "\(path): \(detail). Run `sitewatt verify`, or restore a backup."
    case .busy:
      "\(path): another process is writing. Try again, or end that process."
    case .newerSchema(let found, let known):
      "\(path): written by a newer release (schema \(found), this one knows \(known)). "
        + "Install that release."
    case .olderSchema(let found, let known):
      "\(path): written by an older release (schema \(found), this one writes \(known)). "
        + "Start the collector once; it brings the file up to date."
    case .notFound:
      "\(path): no such database. Check the path, or start the collector first."
    case .empty:
      "\(path): holds no SiteWatt data yet; start the collector first."
    case .overtaken:
      "\(path): another import came between; run it again."
    case .io(let detail):
      "\(path): \(detail). Check the file's permissions and its disk."
    }
  }

  init(_ reason: Reason, path: String) {
    self.reason = reason
    self.path = path
  }

  /// Any error that came out of a database access.
  init(_ error: any Error, path: String) {
    switch error {
    case let known as StoreError: self = known
    case let failure as DatabaseError: self.init(Self.reason(failure, path: path), path: path)
    case let damage as CorruptBytes:
      self.init(.corrupt("damaged bytes at offset \(damage.offset)"), path: path)
    // A damaged page may hold a value of another kind than was written.
    case is RowDecodingError: self.init(.corrupt("a value is not of its kind"), path: path)
    default: self.init(.io("\(error)"), path: path)
    }
  }

  private static func reason(_ error: DatabaseError, path: String) -> Reason {
    let text = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_FULL: return .full
    case .SQLITE_BUSY, .SQLITE_LOCKED: return .busy
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
      return .corrupt(text)
    case .SQLITE_CANTOPEN where !FileManager.default.fileExists(atPath: path): return .notFound
    // A full disk shows as FULL when a write fails, but as IOERR when a sync or the shared memory
    // does.
    case .SQLITE_IOERR, .SQLITE_CANTOPEN: return isDiskFull(path) ? .full : .io(text)
    default: return .io(text)
    }
  }

  private static func isDiskFull(_ path: String) -> Bool {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    guard let free = attributes?[.systemFreeSize] as? NSNumber else { return false }
    return free.int64Value < 4 << 20
  }
}
