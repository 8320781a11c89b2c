import Glibc

/// A file in the making: `<target>.part`, readable by its owner alone, which becomes the target
/// when it is complete and is removed when that never happens.
final class PartFile {
  /// Where it is written.
  let path: String

  private let target: String
  private let descriptor: Int32
  private var isPlaced = false

  /// Begins an empty file, also over what an earlier attempt left behind; fails while another
  /// process writes it.
  init(for target: String) throws(FileFailure) {
    self.target = target
    path = target + ".part"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileFailure(path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw FileFailure(reason: "\(path): another process writes it")
    }
    guard fchmod(descriptor, 0o600) == 0, ftruncate(descriptor, 0) == 0 else {
      let failure = FileFailure(path)
      close(descriptor)
      throw failure
    }
    removeCompanions()
  }

  deinit {
    if !isPlaced {
      unlink(path)
      removeCompanions()
    }
    close(descriptor)
  }

  /// Makes the file durable and gives it its name. A target that exists is kept and the call fails,
  /// unless it is to be replaced.
  func place(replacing: Bool = false) throws(FileFailure) {
    guard fsync(descriptor) == 0 else { throw FileFailure(path) }
    if replacing {
      guard rename(path, target) == 0 else { throw FileFailure(target) }
    } else {
      guard link(path, target) == 0 else { throw FileFailure(target) }
      unlink(path)
    }
    isPlaced = true
    try Self.syncFolder(of: target)
  }

  /// Makes names in the folder of a file durable.
  static func syncFolder(of file: String) throws(FileFailure) {
    let end = file.lastIndex(of: "/")
    let folder = end.map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileFailure(folder) }
  }

  /// SQLite's files beside it.
  private func removeCompanions() {
    for ending in ["-wal", "-shm", "-journal"] { unlink(path + ending) }
  }
}

/// Why a file could not be made or moved, with its path.
struct FileFailure: Error, CustomStringConvertible {
  let description: String

  /// A reason of our own.
  init(reason: String) { description = reason }

  /// What the operating system just refused.
  init(_ path: String) { description = "\(path): \(String(cString: strerror(errno)))" }
}
