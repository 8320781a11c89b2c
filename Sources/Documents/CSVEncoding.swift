import SiteModel

/// Finds out how the text of a spreadsheet export is encoded, and makes UTF-8 of it.
///
/// What is valid UTF-8 is UTF-8; anything else is read as GB 18030 (the Chinese default of
/// spreadsheet programs).
enum CSVEncoding {
  /// The text's UTF-8 bytes without a byte order mark.
  static func utf8(_ bytes: [UInt8], file: String) throws(Problems) -> [UInt8] {
    if String(validating: bytes, as: UTF8.self) != nil {
      return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }
    switch bytes.withUnsafeBytes(GB18030.decode) {
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
    if text == nil, case .text(let decoded) = bytes.withUnsafeBytes(GB18030.decode) {
      text = String(validating: decoded, as: UTF8.self)
    }
    guard let scalars = text?.unicodeScalars else { return nil }
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }
}
