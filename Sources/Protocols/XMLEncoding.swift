import SiteModel

/// Finds out how an XML document is encoded, and makes UTF-8 of the Chinese encodings.
///
/// A document that declares GBK, GB 2312 or GB 18030, and one that declares nothing and is no
/// UTF-8, is read as GB 18030, which contains the other two. A document that declares one of them
/// but is UTF-8 with characters of three bytes, as all Chinese ones are, was converted on its way
/// without its declaration, and is taken as UTF-8.
enum XMLEncoding {
  /// The document in UTF-8; nil when it is to be read as it stands.
  static func converted(_ document: UnsafeRawBufferPointer) throws(JSONFault) -> [UInt8]? {
    let declared = declared(document)
    let isUTF16 = document.starts(with: [0xFE, 0xFF]) || document.starts(with: [0xFF, 0xFE])
    if isUTF16 || declared.map(isChinese) == false { return nil }
    let isUTF8 = String(validating: document, as: UTF8.self) != nil
    if isUTF8, declared == nil || document.contains(where: { $0 >= 0xE0 }) { return nil }
    switch GB18030.decode(document) {
    case .text(let text): return text
    case .wrongByte(let offset):
      let expected = declared == nil ? "neither UTF-8 nor GB 18030" : "not GB 18030"
      throw JSONFault(.notUTF8, "bytes that are \(expected) at byte \(offset)\(note(document))")
    case .noConverter:
      throw JSONFault(
        .notUTF8,
        "bytes that are not UTF-8\(note(document)), and no converter of GB 18030 "
          + "(the C library's gconv module GB18030 is missing)")
    }
  }

  /// The encoding that the document declares, in brackets, for error messages.
  static func note(_ document: UnsafeRawBufferPointer) -> String {
    declared(document).map { " (the document declares \($0))" } ?? ""
  }

  private static func isChinese(_ name: String) -> Bool {
    let name = name.uppercased()
    return name.hasPrefix("GB") || name == "CP936"
  }

  private static func declared(_ document: UnsafeRawBufferPointer) -> String? {
    let begin = String(decoding: document.prefix(100), as: UTF8.self)
    guard let head = begin.split(separator: "?>", maxSplits: 1).first, head.contains("<?xml"),
      let rest = head.split(separator: "encoding", maxSplits: 1).dropFirst().first
    else { return nil }
    return String(
      rest.drop { " \t\r\n='\"".contains($0) }
        .prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
  }
}
