/// One frame of DL/T 645 whose sum was checked.
public struct DLT645Frame {
  /// The meter's address as its twelve digits are read: 202409180007 is `0x202409180007`.
  public let address: UInt64
  /// The control byte: D7 from the meter, D6 error, D5 more follows, D4…D0 the function.
  public let control: UInt8
  /// The data as they are on the wire, each byte 33H too large.
  public let wire: UnsafeRawBufferPointer
  /// Which frame of its message it is, from 0.
  public let index: Int

  /// True for a reply of a meter, false for a request (a transmission unit may echo it).
  public var isReply: Bool { control & 0x80 != 0 }
  /// True when the meter answers with an error.
  public var isError: Bool { control & 0x40 != 0 }
  /// True when the meter has more data than this frame holds.
  public var hasMore: Bool { control & 0x20 != 0 }
  /// What was asked for; 11H is reading in the edition of 2007, 01H in that of 1997.
  public var function: UInt8 { control & 0x1F }
  /// True for a function of the edition of 1997, whose identifiers have two bytes.
  public var isOldEdition: Bool { function < 0x08 }
  /// How many data bytes there are.
  public var count: Int { wire.count }

  /// A data byte without its offset.
  public subscript(position: Int) -> UInt8 { wire[position] &- 0x33 }

  /// The two or four bytes of an identifier, which stand lowest first.
  func identifier(bytes count: Int) -> UInt32 {
    var code: UInt32 = 0
    for position in (0..<count).reversed() { code = code << 8 | UInt32(self[position]) }
    return code
  }
}

/// Finds the frames of DL/T 645 in a buffer: `68 A0…A5 68 C L DATA CS 16`, after any number of FE.
/// Whatever is no frame is skipped up to the next 68. A frame of DL/T 698.45 is recognised by its
/// own two checks, and never taken for one of these.
///
/// Source of the layout: DL/T 645-2007, as the public decoders of PyPI `dlt645` implement it.
public struct DLT645Scanner {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var notes = FrameNotes()

  /// A scanner at the beginning of `bytes`, which must stay valid while it is used.
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next frame; nil at the end. Bad sums and foreign frames go to `list` as faults.
  public mutating func next(_ list: inout PointList) -> DLT645Frame? {
    while position < bytes.count {
      guard bytes[position] == 0x68 else {
        if bytes[position] != 0xFE { notes.skip() }
        position += 1
        continue
      }
      let look = Self.look(bytes, at: position)
      if case .frame(let end) = look {
        defer { position = end }
        return frame(at: position)
      }
      position = notes.pass(
        look, at: position, foreign: "a DL/T 698.45 frame", expected: "a DL/T 645 frame", &list)
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
    notes.emptyFault(bytes, expected: "a DL/T 645 frame 68 … 68 C L … CS 16")
  }

  private mutating func frame(at start: Int) -> DLT645Frame {
    var address: UInt64 = 0
    for place in (1...6).reversed() { address = address << 8 | UInt64(bytes[start + place]) }
    let count = Int(bytes[start + 9])
    let data = UnsafeRawBufferPointer(rebasing: bytes[(start + 10)..<(start + 10 + count)])
    return DLT645Frame(
      address: address, control: bytes[start + 8], wire: data, index: notes.count(at: start))
  }

  /// What stands at a 68. A frame that both protocols' checks would allow is one of 698: its two
  /// checks have 32 bits, the sum has eight.
  static func look(_ bytes: UnsafeRawBufferPointer, at start: Int) -> FrameLook {
    let left = bytes.count - start
    if left < 8 { return .unfinished }
    guard bytes[start + 7] == 0x68 else {
      return DLT698Scanner.endOfFrame(bytes, at: start).map { .foreign(end: $0) } ?? .nothing(nil)
    }
    if left < 10 { return .unfinished }
    let end = start + 12 + Int(bytes[start + 9])
    if let foreign = DLT698Scanner.endOfFrame(bytes, at: start) { return .foreign(end: foreign) }
    if end > bytes.count { return .unfinished }
    guard bytes[end - 1] == 0x16 else {
      return .nothing(FrameOddity(place: end - 1, found: bytes[end - 1], expected: 0x16))
    }
    var sum: UInt8 = 0
    for place in start..<(end - 2) { sum = sum &+ bytes[place] }
    if sum == bytes[end - 2] { return .frame(end: end) }
    return .badCheck(
      name: "checksum", found: UInt16(bytes[end - 2]), expected: UInt16(sum), digits: 2)
  }
}
