/// Small questions about the bytes of a text file.
enum TextBytes {
  /// One-based number of the first line that is not UTF-8; 0 when all are.
  static func firstLineThatIsNotUTF8(_ bytes: [UInt8]) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let first = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
    return first.map { $0 + 1 } ?? 0
  }
}
