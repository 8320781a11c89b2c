import Glibc
import SiteModel

/// Cuts a file of any length into rows of cells (RFC 4180) without copying them; memory is one
/// block. Where ``CSVTable`` reads what people keep in spreadsheets, this reads what machines
/// wrote.
///
/// A quote counts only at the beginning of a cell. Blank rows are skipped.
public final class CSVStream {
  /// Longest row, and what is read at a time, in bytes.
  public static let rowLimit = 1 << 20
  /// Most cells of a row.
  public static let cellLimit = 1024

  /// What the stream came to.
  public enum Event: Equatable, Sendable {
    /// A row; its cells can be asked for.
    case row
    /// A row that cannot be cut into cells, and why; the stream goes on behind it.
    case damaged(String)
    /// Nothing more follows.
    case end
  }

  /// One-based line on which the row at hand begins.
  public private(set) var line: Int
  /// Where the row behind the one at hand begins, in bytes from the start of the file.
  public private(set) var nextOffset: Int64
  /// One-based line on which it begins.
  public private(set) var nextLine: Int
  /// Cells of the row at hand.
  public private(set) var cellCount = 0
  /// What stands between cells: `,` by default.
  public var separator = UInt8(ascii: ",")

  private struct Cell {
    /// From the beginning of the row, without quotes.
    var start: Int32
    var end: Int32
    var isQuoted: Bool
    /// True when quotes in it stand for one each.
    var hasDoubledQuotes: Bool
  }

  private let descriptor: Int32
  private let block: UnsafeMutablePointer<UInt8>
  private let cells: UnsafeMutablePointer<Cell>
  /// Where the row at hand begins in the block, where the next one does, and how far it is filled.
  private var start = 0
  private var next = 0
  private var filled = 0
  private var isAtEnd = false
  private var hasQuotes = false
  private var isUTF8 = true

  /// A stream of an open file, which stays open, from an offset on, where the given line begins. A
  /// byte order mark at the very beginning is skipped.
  public init(
    descriptor: Int32, offset: Int64 = 0, line: Int = 1
  ) throws(CSVStreamError) {
    self.descriptor = descriptor
    (self.line, nextLine, nextOffset) = (line, line, offset)
    block = .allocate(capacity: Self.rowLimit)
    cells = .allocate(capacity: Self.cellLimit)
    guard lseek(descriptor, 0, SEEK_SET) >= 0 else { throw CSVStreamError.last }
    try fill()
    let head = UnsafeBufferPointer(start: block, count: filled)
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      throw CSVStreamError(text: "is UTF-16; save it as CSV UTF-8")
    }
    // Of a character that the block cuts in two the line does not tell.
    let lines = head[..<((head.lastIndex(of: 0x0A) ?? head.endIndex - 1) + 1)]
    isUTF8 = String(validating: lines, as: UTF8.self) != nil
    if offset > 0 {
      (filled, isAtEnd) = (0, false)
      guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw CSVStreamError.last }
    } else if head.starts(with: [0xEF, 0xBB, 0xBF]) {
      (next, nextOffset) = (3, 3)
    }
  }

  deinit {
    block.deallocate()
    cells.deallocate()
  }

  /// What stands most often in the first line that is no note (`#`): one of the candidates, the
  /// first of them when none does.
  public func detectSeparator(among candidates: [UInt8]) -> UInt8 {
    var counts = [Int](repeating: 0, count: 256)
    var (isQuoted, isNote, isLineStart) = (false, false, true)
    for position in next..<max(next, filled) {
      let byte = block[position]
      if isLineStart { isNote = byte == UInt8(ascii: "#") }
      isLineStart = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      if isLineStart, !isNote, counts.contains(where: { $0 > 0 }) { break }
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted, !isNote, !isLineStart { counts[Int(byte)] += 1 }
    }
    return candidates.max { counts[Int($0)] < counts[Int($1)] } ?? separator
  }

  /// Goes to the next row.
  public func advance() throws(CSVStreamError) -> Event {
    while true {
      start = next
      line = nextLine
      cellCount = 0
      hasQuotes = false
      var cut = Cut(cell: Int32(0))
      let event = try scan(&cut)
      let isBlank = cellCount == 1 && !hasQuotes && cell(0).isEmpty
      if event != .row || !isBlank { return event }
    }
  }

  /// Where a scan is, from the beginning of the row.
  private struct Cut {
    /// The next byte to look at.
    var at: Int32 = 0
    /// Where the cell at hand begins.
    var cell: Int32
  }

  /// Cuts the row at `start`.
  private func scan(_ cut: inout Cut) throws(CSVStreamError) -> Event {
    let separator = separator
    while true {
      let row = block + start
      let length = Int32(filled - start)
      var at = cut.at
      while at < length {
        let byte = row[Int(at)]
        if byte == separator {
          guard close(cut.cell, at) else { return try skipLine("more than 1,024 cells", at) }
          at += 1
          cut.cell = at
        } else if byte == 0x0A || byte == 0x0D {
          guard close(cut.cell, at) else { return try skipLine("more than 1,024 cells", at) }
          return try endRow(at)
        } else if byte == 0x22, isBlank(row, cut.cell, at) {
          cut.at = at
          switch try quoted(&cut) {
          case .inside(let next): at = next
          case .endOfRow: return .row
          case .damaged(let text): return .damaged(text)
          }
          break
        } else {
          at += 1
        }
      }
      cut.at = max(at, cut.at)
      if cut.at < Int32(filled - start) { continue }
      guard try more() else {
        if isAtEnd { return try endOfFile(cut) }
        return try skipLine("more than 1 MiB", cut.at)
      }
    }
  }

  private enum Quoted {
    /// The cell ended, and another begins here.
    case inside(Int32)
    case endOfRow
    case damaged(String)
  }

  /// Takes a cell in quotes, whose first quote is at hand.
  private func quoted(_ cut: inout Cut) throws(CSVStreamError) -> Quoted {
    let begin = cut.at + 1
    var at = begin
    var hasDoubledQuotes = false
    while true {
      guard try has(at) else {
        return .damaged(try damaged("a quote that is never closed"))
      }
      if block[start + Int(at)] != 0x22 {
        at += 1
      } else if try has(at + 1), block[start + Int(at + 1)] == 0x22 {
        hasDoubledQuotes = true
        at += 2
      } else {
        break
      }
    }
    let end = at
    at += 1
    while try has(at), block[start + Int(at)] == 0x20 || block[start + Int(at)] == 0x09,
      block[start + Int(at)] != separator
    { at += 1 }
    guard cellCount < Self.cellLimit else { return .damaged(try damaged("more than 1,024 cells")) }
    cells[cellCount] = Cell(
      start: begin, end: end, isQuoted: true, hasDoubledQuotes: hasDoubledQuotes)
    cellCount += 1
    hasQuotes = true
    guard try has(at) else {
      finishRow(at)
      return .endOfRow
    }
    switch block[start + Int(at)] {
    case separator:
      (cut.at, cut.cell) = (at + 1, at + 1)
      return try has(at + 1) ? .inside(at + 1) : try emptyEnd(at + 1)
    case 0x0A, 0x0D:
      _ = try endRow(at)
      return .endOfRow
    default: return .damaged(try damaged("text behind a closing quote"))
    }
  }

  /// The file ends behind a separator: one more cell, an empty one.
  private func emptyEnd(_ at: Int32) throws(CSVStreamError) -> Quoted {
    _ = close(at, at)
    finishRow(at)
    return .endOfRow
  }

  private func damaged(_ text: String) throws(CSVStreamError) -> String {
    // Where the quotes go wrong cannot be known: the next line is where it goes on.
    _ = try skipLine(text, 0)
    return text
  }

  /// True when the byte at a place of the row can be had.
  private func has(_ at: Int32) throws(CSVStreamError) -> Bool {
    while start + Int(at) >= filled {
      guard try more() else { return false }
    }
    return true
  }

  /// True when a quote may begin a cell that has only this before it. Spreadsheet programs write
  /// ="001" to keep a text from becoming a number.
  private func isBlank(_ row: UnsafeMutablePointer<UInt8>, _ from: Int32, _ to: Int32) -> Bool {
    let end = to > from && row[Int(to) - 1] == UInt8(ascii: "=") ? to - 1 : to
    for at in from..<end where row[Int(at)] != 0x20 && row[Int(at)] != 0x09 { return false }
    return true
  }

  private func close(_ from: Int32, _ to: Int32) -> Bool {
    guard cellCount < Self.cellLimit else { return false }
    cells[cellCount] = Cell(start: from, end: to, isQuoted: false, hasDoubledQuotes: false)
    cellCount += 1
    return true
  }

  /// Ends the row at a line end: LF, CR LF or CR.
  private func endRow(_ at: Int32) throws(CSVStreamError) -> Event {
    var isPair = block[start + Int(at)] == 0x0D
    if isPair { isPair = try has(at + 1) && block[start + Int(at + 1)] == 0x0A }
    finishRow(at + (isPair ? 2 : 1))
    return .row
  }

  private func finishRow(_ length: Int32) {
    next = start + Int(length)
    nextOffset += Int64(length)
    nextLine += 1
    guard hasQuotes else { return }
    for place in 0..<cellCount where cells[place].isQuoted {
      nextLine += lineEnds(cells[place].start, cells[place].end)
    }
  }

  private func lineEnds(_ from: Int32, _ to: Int32) -> Int {
    var count = 0
    for at in from..<to {
      let byte = block[start + Int(at)]
      let isPair = byte == 0x0D && at + 1 < to && block[start + Int(at) + 1] == 0x0A
      if byte == 0x0A || (byte == 0x0D && !isPair) { count += 1 }
    }
    return count
  }

  private func endOfFile(_ cut: Cut) throws(CSVStreamError) -> Event {
    guard filled > start else { return .end }
    guard close(cut.cell, Int32(filled - start)) else {
      return try skipLine("more than 1,024 cells", cut.at)
    }
    finishRow(Int32(filled - start))
    return .row
  }

  /// Goes behind the line that has the given place of the row, however long it is.
  private func skipLine(_ text: String, _ from: Int32) throws(CSVStreamError) -> Event {
    var at = start + Int(from)
    while true {
      while at < filled, block[at] != 0x0A, block[at] != 0x0D { at += 1 }
      if at < filled { break }
      nextOffset += Int64(filled - start)
      start = filled
      guard try more() else {
        (next, nextLine) = (filled, nextLine + 1)
        return .damaged(text)
      }
      at = start
    }
    let row = Int32(at - start)
    cellCount = 0
    _ = try endRow(row)
    return .damaged(text)
  }

  /// Reads on behind what there is of the row; false at the end of the file, and when the row fills
  /// the block.
  private func more() throws(CSVStreamError) -> Bool {
    if isAtEnd { return false }
    if start > 0 {
      block.update(from: block + start, count: filled - start)
      filled -= start
      start = 0
    }
    guard filled < Self.rowLimit else { return false }
    return try fill()
  }

  @discardableResult
  private func fill() throws(CSVStreamError) -> Bool {
    while true {
      let count = read(descriptor, block + filled, Self.rowLimit - filled)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw CSVStreamError.last }
      filled += count
      isAtEnd = count == 0
      return count > 0
    }
  }
}

extension CSVStream {
  /// The bytes of a cell of the row at hand, without quotes and blanks around; empty where there is
  /// none. Valid until the next call.
  public func cell(_ place: Int) -> UnsafeRawBufferPointer {
    guard place >= 0, place < cellCount else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    if cells[place].hasDoubledQuotes { removeDoubledQuotes(place) }
    var from = block + start + Int(cells[place].start)
    var to = block + start + Int(cells[place].end)
    while from < to, from.pointee == 0x20 || from.pointee == 0x09 { from += 1 }
    while from < to, to[-1] == 0x20 || to[-1] == 0x09 { to -= 1 }
    // The same as ="001", written as a cell in quotes.
    if to - from >= 3, from[0] == UInt8(ascii: "="), from[1] == 0x22, to[-1] == 0x22 {
      from += 2
      to -= 1
    }
    return UnsafeRawBufferPointer(start: from, count: to - from)
  }

  /// A cell as text, from UTF-8 or GB 18030; nil when it is neither. In a file that begins as GB
  /// 18030 everything is.
  public func text(_ place: Int) -> String? {
    CSVEncoding.text(Array(cell(place)), isUTF8: isUTF8)
  }

  /// Writes the cell over itself, with one quote where there were two.
  private func removeDoubledQuotes(_ place: Int) {
    var (from, to) = (cells[place].start, cells[place].start)
    while from < cells[place].end {
      let byte = block[start + Int(from)]
      block[start + Int(to)] = byte
      from += byte == 0x22 ? 2 : 1
      to += 1
    }
    cells[place].end = to
    cells[place].hasDoubledQuotes = false
  }
}

/// Why a file cannot be read on.
public struct CSVStreamError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, as the end of a sentence that begins with the file.
  public let text: String

  /// The text.
  public var description: String { text }

  /// What the operating system said last.
  static var last: CSVStreamError {
    CSVStreamError(text: "cannot be read (\(String(cString: strerror(errno))))")
  }
}
