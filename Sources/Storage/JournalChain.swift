import Foundation
import GRDB
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

  /// The same for evidence: SHA-256(previous hash, seq, entry, device, row hash, body).
  static func hash(
    after previous: Data, seq: Int64, entry: Int, device: Int32, row: Data,
    body: UnsafeRawBufferPointer
  ) -> Data {
    var header = Array(previous)
    for number in [seq, Int64(entry), Int64(device)] {
      withUnsafeBytes(of: number.bigEndian) { header.append(contentsOf: $0) }
    }
    header.append(contentsOf: row)
    return Data(header.withUnsafeBytes { Digest.sha256($0, body) })
  }
}

/// Where the journal begins, once its oldest rows were released.
struct JournalBase {
  /// Newest row that was released.
  var seq: Int64
  /// Its hash.
  var hash: Data
  /// Rows of evidence.
  var evidence: Int64

  /// Nil when no row was ever released.
  static func fetch(_ db: Database) throws -> JournalBase? {
    try Row.fetchOne(db.cachedStatement(sql: "SELECT seq, hash, evidence FROM journal_base"))
      .map {
        JournalBase(
          seq: try $0.decode(atIndex: 0), hash: try $0.decode(atIndex: 1),
          evidence: try $0.decode(atIndex: 2))
      }
  }

  /// Puts it in the place of the one before.
  func store(_ db: Database) throws {
    try db.cachedStatement(sql: "INSERT OR REPLACE INTO journal_base VALUES (1, ?, ?, ?)")
      .execute(arguments: [seq, hash, evidence])
  }

  /// Number and hash of the newest row that ever was; nil before the first.
  static func newestRow(_ db: Database) throws -> (seq: Int64, hash: Data)? {
    let newest = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"))
    if let newest { return (try newest.decode(atIndex: 0), try newest.decode(atIndex: 1)) }
    return try fetch(db).map { ($0.seq, $0.hash) }
  }
}
