import Foundation
import SiteModel

/// The hash chain of the journal: each row's hash covers its body and the hash of the row before,
/// so that no row can be changed, removed or inserted unnoticed by who knows the newest hash.
enum JournalChain {
  /// Stands before the first row: 32 zero bytes.
  static let genesis = Data(count: 32)

  /// SHA-256(previous hash, seq, entries, body), the numbers as 8 bytes, big-endian.
  static func hash(
    after previous: Data, seq: Int64, entries: Int, body: UnsafeRawBufferPointer
  ) -> Data {
    var header = Array(previous)
    withUnsafeBytes(of: seq.bigEndian) { header.append(contentsOf: $0) }
    withUnsafeBytes(of: Int64(entries).bigEndian) { header.append(contentsOf: $0) }
    return Data(header.withUnsafeBytes { Digest.sha256($0, body) })
  }
}
