import CZstd
import Foundation
import SiteModel

/// Compresses what is large and rarely read. The only caller of libzstd.
enum Zstd {
  /// Longest plain bytes that are accepted: what SQLite keeps in one row at most.
  static let limit = 1_000_000_000
  /// Shorter bytes gain too little.
  static let shortest = 256
  /// The fastest of zstd's ordinary levels. On batches of JSON the next ones gain nothing: 1 KB
  /// becomes about 0.5, 4 KB 0.3, 2.5 MB 0.1 of itself with level 1 as with level 3, and it takes
  /// about 2 ns a byte.
  private static let level: Int32 = 1

  /// Making a context costs more than compressing a small batch, so all share one.
  private static let shared = Context()

  /// A compression context, used by one thread at a time; it lives as long as the process.
  private final class Context: @unchecked Sendable {
    private let lock = NSLock()
    private let raw = ZSTD_createCCtx()

    /// The bytes written to the target, or an error.
    func compress(
      _ plain: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer, room: Int
    ) -> Int {
      lock.withLock {
        guard let raw else { return -1 }
        return ZSTD_compressCCtx(raw, target, room, plain.baseAddress, plain.count, level)
      }
    }
  }

  /// One frame, which states its plain size; nil when that would not be smaller by an eighth.
  static func compress(_ plain: UnsafeRawBufferPointer) -> Data? {
    guard plain.count >= shortest, plain.count <= limit else { return nil }
    let room = plain.count - plain.count / 8
    guard let target = malloc(room) else { return nil }
    let count = shared.compress(plain, into: target, room: room)
    // An error, of which "no room" is the usual one, is a number of its own.
    guard ZSTD_isError(count) == 0, count <= room else {
      free(target)
      return nil
    }
    return Data(bytesNoCopy: target, count: count, deallocator: .free)
  }

  /// The plain bytes of a frame. The size that the frame claims is checked before memory is taken.
  static func decompress(_ frame: UnsafeRawBufferPointer) throws(CorruptBytes) -> Data {
    let claimed = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    // "Unknown" and "error" are the two largest numbers.
    guard claimed <= UInt64(limit) else { throw CorruptBytes(offset: 0) }
    let size = Int(claimed)
    guard let target = malloc(max(size, 1)) else { throw CorruptBytes(offset: 0) }
    guard ZSTD_decompress(target, size, frame.baseAddress, frame.count) == size else {
      free(target)
      throw CorruptBytes(offset: 0)
    }
    return Data(bytesNoCopy: target, count: size, deallocator: .free)
  }
}

/// How the bytes of a row are stored. Numbers are stored and never reused.
enum RowCodec: Int {
  /// As they are.
  case plain = 0
  /// One zstd frame.
  case zstd = 1

  /// The bytes as they are to be stored; plain ones are not copied and must outlive the result.
  static func pack(_ plain: UnsafeRawBufferPointer) -> (codec: RowCodec, bytes: Data) {
    if let packed = Zstd.compress(plain) { return (.zstd, packed) }
    guard let start = UnsafeMutableRawPointer(mutating: plain.baseAddress) else {
      return (.plain, Data())
    }
    return (.plain, Data(bytesNoCopy: start, count: plain.count, deallocator: .none))
  }

  /// The plain bytes of a row.
  static func unpack(_ codec: Int, _ bytes: Data) throws(CorruptBytes) -> Data {
    switch RowCodec(rawValue: codec) {
    case .plain: return bytes
    case .zstd:
      let result = bytes.withUnsafeBytes { bytes in
        Result { () throws(CorruptBytes) in try Zstd.decompress(bytes) }
      }
      return try result.get()
    case nil: throw CorruptBytes(offset: 0)
    }
  }
}
