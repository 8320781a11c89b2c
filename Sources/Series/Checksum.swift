import SiteModel

/// The checksum of stored blobs: 64-bit FNV-1a over eight-byte words, with a shift after each so
/// that high bits reach low ones, mixed (the finalizer of MurmurHash3) and cut to 32 bits; damage
/// goes unnoticed once in 2^32 times. Against forgery stands the journal's hash chain.
enum Checksum {
  /// Bytes that a checksum takes at the end of a blob.
  static let length = 4

  /// The checksum of `bytes`.
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let prime: UInt64 = 0x100_0000_01B3
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
    var offset = 0
    while offset + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      hash = (hash ^ UInt64(littleEndian: word)) &* prime
      hash ^= hash >> 32
      offset += 8
    }
    while offset < bytes.count {
      hash = (hash ^ UInt64(bytes[offset])) &* prime
      hash ^= hash >> 32
      offset += 1
    }
    // Without a last mixing the cut would undo the last shift, and lose the last word's high bits.
    hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return UInt32(truncatingIfNeeded: hash >> 32)
  }

  /// Appends the checksum of everything written so far.
  static func seal(_ writer: inout ByteWriter) {
    let sum = writer.bytes.withUnsafeBytes { of($0) }
    withUnsafeBytes(of: sum.littleEndian) { writer.raw($0) }
  }

  /// Appends the checksum of `bytes` to them.
  static func append(_ bytes: inout [UInt8]) {
    let sum = bytes.withUnsafeBytes { of($0) }
    withUnsafeBytes(of: sum.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// The sealed bytes without their checksum, which must be right.
  static func open(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CorruptBytes) -> UnsafeRawBufferPointer {
    let end = bytes.count - length
    guard end >= 0 else { throw CorruptBytes(offset: 0) }
    let content = UnsafeRawBufferPointer(rebasing: bytes[0..<end])
    let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
    guard stored == of(content) else { throw CorruptBytes(offset: end) }
    return content
  }
}
