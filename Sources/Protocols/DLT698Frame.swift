/// One frame of DL/T 698.45 whose two checks were verified.
public struct DLT698Frame {
  /// The server's (meter's or terminal's) address as its digits are read; all ones when it has more
  /// than sixteen.
  public let address: UInt64
  /// The control byte: D7 from the server, D6 begun by the client, D5 a segment, D3 scrambled.
  public let control: UInt8
  /// The bytes of the application layer, as on the wire.
  public let wire: UnsafeRawBufferPointer
  /// Which frame of its message it is, from 0.
  public let index: Int

  /// True when the server sent it, false for a request (a transmission unit may echo it).
  public var isFromServer: Bool { control & 0x80 != 0 }
  /// True when it holds only a part of an application layer unit.
  public var isSegment: Bool { control & 0x20 != 0 }
  /// True when each byte of the application layer is 33H too large.
  public var isScrambled: Bool { control & 0x08 != 0 }
}

/// Finds the frames of DL/T 698.45 in a buffer: `68 L(2) C SA CA HCS(2) APDU FCS(2) 16`, after any
/// number of FE; L counts everything but the two flags. Whatever is no frame is skipped up to the
/// next 68.
///
/// Source of the layout: DL/T 698.45-2017, checked on six public frames.
public struct DLT698Scanner {
  /// Longest frame in bytes, so that hostile headers cannot have the same bytes summed too often.
  /// The layout would allow 16 383; devices negotiate at most 2 KiB or so.
  public static let lengthLimit = 4096

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var notes = FrameNotes()

  /// A scanner at the beginning of `bytes`, which must stay valid while it is used.
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next frame; nil at the end. Bad checks and foreign frames go to `list` as faults.
  public mutating func next(_ list: inout PointList) -> DLT698Frame? {
    while position < bytes.count {
      guard bytes[position] == 0x68 else {
        if bytes[position] != 0xFE { notes.skip() }
        position += 1
        continue
      }
      let look = Self.look(bytes, at: position)
      if case .frame(let end) = look {
        defer { position = end }
        return frame(from: position, to: end)
      }
      position = notes.pass(
        look, at: position, foreign: "a DL/T 645 frame", expected: "a DL/T 698.45 frame", &list)
    }
    return nil
  }

  /// Where an unfinished frame begins, after ``next(_:)`` returned nil; nil when there is none.
  public var tail: Int? { notes.tail }

  /// Where the first frame began, good or bad; nil when there was none.
  public var firstFrame: Int? { notes.firstFrame }

  /// What to say about a buffer in which nothing but odd bytes was found; nil when there is nothing
  /// to complain about. To be asked after ``next(_:)`` returned nil.
  public func emptyFault() -> WireFault? {
    notes.emptyFault(bytes, expected: "a DL/T 698.45 frame 68 L … 16")
  }

  private mutating func frame(from start: Int, to end: Int) -> DLT698Frame {
    let flags = bytes[start + 4]
    let length = Int(flags & 0x0F) + 1
    // With D5 the first byte of the address is a logical address.
    let first = start + 5 + (flags & 0x20 != 0 && length > 1 ? 1 : 0)
    var address: UInt64 = 0
    for place in (first..<(start + 5 + length)).reversed() {
      let isTooLong = address >> 56 != 0
      address = isTooLong ? .max : address << 8 | UInt64(bytes[place])
    }
    let data = UnsafeRawBufferPointer(rebasing: bytes[(start + 8 + length)..<(end - 3)])
    return DLT698Frame(
      address: address, control: bytes[start + 3], wire: data, index: notes.count(at: start))
  }

  /// Where the frame that begins at a 68 ends; nil when there is no whole one with both checks.
  static func endOfFrame(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Int? {
    guard bytes.count - start >= 12, let end = plausibleEnd(bytes, at: start), end <= bytes.count,
      bytes[end - 1] == 0x16, case .frame(let end) = lookAsOwn(bytes, at: start)
    else { return nil }
    return end
  }

  private static func look(_ bytes: UnsafeRawBufferPointer, at start: Int) -> FrameLook {
    let own = lookAsOwn(bytes, at: start)
    if case .frame = own { return own }
    if bytes.count - start >= 12, bytes[start + 7] == 0x68,
      case .frame(let end) = DLT645Scanner.look(bytes, at: start)
    {
      return .foreign(end: end)
    }
    return own
  }

  /// The end that the length bytes tell; nil when they are impossible.
  private static func plausibleEnd(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Int? {
    let length = Int(bytes[start + 1]) | Int(bytes[start + 2]) << 8
    let addressLength = Int(bytes[start + 4] & 0x0F) + 1
    guard length <= lengthLimit, length >= addressLength + 9 else { return nil }
    return start + length + 2
  }

  private static func lookAsOwn(_ bytes: UnsafeRawBufferPointer, at start: Int) -> FrameLook {
    let left = bytes.count - start
    if left < 5 { return .unfinished }
    guard let end = plausibleEnd(bytes, at: start) else { return .nothing(nil) }
    let header = start + 6 + Int(bytes[start + 4] & 0x0F) + 1
    if header + 2 > bytes.count { return .unfinished }
    let isEnded = end <= bytes.count && bytes[end - 1] == 0x16
    let own = DLT698Check.value(bytes, in: (start + 1)..<header)
    let headerCheck = DLT698Check.sent(bytes, at: header)
    if own != headerCheck {
      guard isEnded else { return .nothing(nil) }
      return .badCheck(name: "header check (HCS)", found: headerCheck, expected: own, digits: 4)
    }
    if end > bytes.count { return .unfinished }
    guard isEnded else {
      return .nothing(FrameOddity(place: end - 1, found: bytes[end - 1], expected: 0x16))
    }
    let whole = DLT698Check.value(bytes, in: (start + 1)..<(end - 3))
    let frameCheck = DLT698Check.sent(bytes, at: end - 3)
    if whole == frameCheck { return .frame(end: end) }
    return .badCheck(name: "frame check (FCS)", found: frameCheck, expected: whole, digits: 4)
  }
}

/// The check of DL/T 698.45: the frame check sequence of PPP (RFC 1662), 16 bits, low byte first.
enum DLT698Check {
  private static let table: [UInt16] = (0..<256).map { index in
    (0..<8).reduce(UInt16(index)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0x8408 : value >> 1
    }
  }

  static func value(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> UInt16 {
    var sum: UInt16 = 0xFFFF
    for place in range { sum = sum >> 8 ^ table[Int((sum ^ UInt16(bytes[place])) & 0xFF)] }
    return ~sum
  }

  static func sent(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt16 {
    UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
  }
}
