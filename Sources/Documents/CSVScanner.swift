import SiteModel

/// Cuts the UTF-8 bytes of a spreadsheet export into rows of cells.
struct CSVScanner {
  private let bytes: [UInt8]
  private let file: String
  private var position = 0
  private var line = 1
  private var separator = UInt8(ascii: ",")

  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  private static let quote = UInt8(ascii: "\"")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let lineFeed = UInt8(ascii: "\n")

  /// The lines at the top that begin with `#`, without it; the cursor is then behind them.
  mutating func notes() -> [String] {
    var notes: [String] = []
    while position < bytes.count {
      if isLineEnd {
        skipLineEnd()
      } else if bytes[position] == UInt8(ascii: "#") {
        let start = position + 1
        while position < bytes.count, !isLineEnd { position += 1 }
        notes.append(Self.trimmed(bytes[start..<position]))
      } else {
        break
      }
    }
    return notes
  }

  /// Takes for separator what stands most often between the headings: `,`, `;` or a tab.
  mutating func detectSeparator() {
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    for byte in bytes[position...] {
      if byte == Self.quote { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == Self.carriageReturn || byte == Self.lineFeed { break }
      counts[byte, default: 0] += 1
    }
    for candidate in [UInt8(ascii: ";"), UInt8(ascii: "\t")]
    where counts[candidate, default: 0] > counts[separator, default: 0] {
      separator = candidate
    }
  }

  /// The next row; nil at the end. After a problem the cursor is at the following line.
  mutating func row() throws(Problem) -> CSVRow? {
    guard position < bytes.count else { return nil }
    var row = CSVRow(line: line, cells: [])
    while true {
      guard row.cells.count < CSVTable.columnLimit else {
        throw giveUp("found more than \(CSVTable.columnLimit) cells")
      }
      row.cells.append(try cell())
      guard position < bytes.count else { return row }
      if isLineEnd {
        skipLineEnd()
        return row
      }
      position += 1
    }
  }

  /// The cell at the cursor, which is then at the separator or line end behind it.
  private mutating func cell() throws(Problem) -> CSVCell {
    let start = position
    while position < bytes.count, Self.isBlank(bytes[position]), bytes[position] != separator {
      position += 1
    }
    // Spreadsheet programs write ="001" to keep a text from becoming a number.
    if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "="),
      bytes[position + 1] == Self.quote
    {
      position += 1
    }
    if position < bytes.count, bytes[position] == Self.quote { return try quotedCell() }
    while position < bytes.count, bytes[position] != separator, !isLineEnd {
      if bytes[position] == Self.quote {
        throw giveUp("found a quote inside a cell, expected the whole cell in quotes")
      }
      position += 1
    }
    return CSVCell(text: Self.trimmed(bytes[start..<position]), line: line)
  }

  private mutating func quotedCell() throws(Problem) -> CSVCell {
    let begin = line
    var content: [UInt8] = []
    position += 1
    while true {
      guard position < bytes.count else {
        throw Problem(file: file, line: begin, text: "found a quote that is never closed")
      }
      if bytes[position] == Self.quote {
        position += 1
        guard position < bytes.count, bytes[position] == Self.quote else { break }
        content.append(Self.quote)
        position += 1
      } else if isLineEnd {
        content.append(Self.lineFeed)
        skipLineEnd()
      } else {
        content.append(bytes[position])
        position += 1
      }
    }
    while position < bytes.count, bytes[position] != separator, !isLineEnd {
      guard Self.isBlank(bytes[position]) else {
        throw giveUp("found text behind a closing quote, expected a separator")
      }
      position += 1
    }
    if content.count >= 3, content.starts(with: [UInt8(ascii: "="), Self.quote]),
      content.last == Self.quote
    {
      content = Array(content[2..<(content.count - 1)])
    }
    return CSVCell(text: Self.trimmed(content[...]), line: begin)
  }

  /// A problem at the current line; the cursor goes on behind that line.
  private mutating func giveUp(_ text: String) -> Problem {
    let problem = Problem(file: file, line: line, text: text)
    while position < bytes.count, !isLineEnd { position += 1 }
    if position < bytes.count { skipLineEnd() }
    return problem
  }

  private var isLineEnd: Bool {
    bytes[position] == Self.lineFeed || bytes[position] == Self.carriageReturn
  }

  /// Goes behind LF, CR LF or CR.
  private mutating func skipLineEnd() {
    let isPair =
      bytes[position] == Self.carriageReturn && position + 1 < bytes.count
      && bytes[position + 1] == Self.lineFeed
    position += isPair ? 2 : 1
    line += 1
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  /// The text without spaces at its ends, wide and unbreakable ones included.
  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }
}
