import Glibc

/// The right to be the only one who changes a database as a whole, as a collector or a restore
/// does: a lock on `<database>.lock`, held as long as this object lives. It ends with the process,
/// however that ends; the file stays behind.
public final class CollectorLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock at once or fails.
  public init(database: String) throws(StartError) {
    let path = database + ".lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let isTaken = errno == EWOULDBLOCK
      let failure = Self.failure(path)
      close(descriptor)
      throw isTaken ? .occupied("another collector works on \(database)") : failure
    }
  }

  deinit { close(descriptor) }

  private static func failure(_ path: String) -> StartError {
    .occupied("\(path): cannot be locked (\(String(cString: strerror(errno))))")
  }
}
