import Series
import SiteModel

/// The parts of a chunk without their checksums, taken apart from the description of the layout, so
/// that a test can change them and seal them again.
struct ChunkParts {
  /// Format, length and content of the directory.
  var directory: [UInt8]
  /// The columns that have bytes.
  var columns: [[UInt8]] = []

  init(_ bytes: [UInt8]) throws {
    directory = []
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      _ = try reader.byte()
      let length = Int(try reader.unsigned())
      let end = reader.offset + length
      directory = Array(bytes[..<end])
      var lengths: [Int] = []
      for _ in 0..<(try reader.unsigned()) {
        for _ in 0..<3 { _ = try reader.unsigned() }
        lengths.append(Int(try reader.unsigned()))
      }
      for _ in 0..<(try reader.unsigned()) {
        for _ in 0..<2 { _ = try reader.unsigned() }
        let isWide = try reader.unsigned() & 1 == 1
        for _ in 0..<(isWide ? 2 : 1) { _ = try reader.unsigned() }
        lengths.append(Int(try reader.unsigned()))
      }
      _ = try reader.raw(4)
      for length in lengths where length > 0 {
        columns.append(Array(try reader.raw(length).dropLast(4)))
      }
    }
  }

  /// The chunk with right checksums.
  var sealed: [UInt8] {
    columns.reduce(TestSeal.seal(directory)) { $0 + TestSeal.seal($1) }
  }
}
