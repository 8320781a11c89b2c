import Glibc
import SiteModel

/// Finds out how the text of a spreadsheet export is encoded, and makes UTF-8 of it.
///
/// What is valid UTF-8 is UTF-8; anything else is read as GB 18030 (the Chinese default of
/// spreadsheet programs, a superset of GBK and GB 2312), with the iconv of the C library.
enum CSVEncoding {
  /// The text's UTF-8 bytes without a byte order mark.
  static func utf8(_ bytes: [UInt8], file: String) throws(Problems) -> [UInt8] {
    if String(validating: bytes, as: UTF8.self) != nil {
      return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }
    switch decodeGB18030(bytes) {
    case .text(let text): return text
    case .wrongByte(let offset):
      let line = 1 + bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
      throw Problems([
        Problem(
          file: file, line: line,
          text: "found bytes that are neither UTF-8 nor GB 18030, expected one of the two")
      ])
    case .noConverter:
      throw Problems([
        Problem(
          file: file, line: 0,
          text: "is not UTF-8, and this system cannot read GB 18030; save it as CSV UTF-8")
      ])
    }
  }

  /// One text of a file, without white space around; nil when it is not in the file's encoding.
  /// What does not fit into UTF-8 is taken for GB 18030.
  static func text(_ bytes: [UInt8], isUTF8: Bool) -> String? {
    var text = isUTF8 ? String(validating: bytes, as: UTF8.self) : nil
    if text == nil, case .text(let decoded) = decodeGB18030(bytes) {
      text = String(validating: decoded, as: UTF8.self)
    }
    guard let scalars = text?.unicodeScalars else { return nil }
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }

  private enum Decoded {
    case text([UInt8])
    case wrongByte(offset: Int)
    case noConverter
  }

  private static func decodeGB18030(_ bytes: [UInt8]) -> Decoded {
    guard let converter = iconv_open("UTF-8", "GB18030"), converter != iconv_t(bitPattern: -1)
    else { return .noConverter }
    defer { iconv_close(converter) }
    // Two bytes of GB 18030 become at most three of UTF-8, four become four.
    let capacity = bytes.count * 2 + 16
    var input = bytes.map { CChar(bitPattern: $0) }
    var unread = bytes.count
    let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, written in
      written = 0
      guard let start = buffer.baseAddress else { return }
      var free = capacity
      input.withUnsafeMutableBufferPointer { source in
        var from = source.baseAddress
        start.withMemoryRebound(to: CChar.self, capacity: capacity) { target in
          var to: UnsafeMutablePointer<CChar>? = target
          _ = iconv(converter, &from, &unread, &to, &free)
        }
      }
      written = capacity - free
    }
    return unread == 0 ? .text(output) : .wrongByte(offset: bytes.count - unread)
  }
}
