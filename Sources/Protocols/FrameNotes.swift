/// What stands at a place where a frame may begin.
enum FrameLook {
  /// A frame of the protocol up to `end`.
  case frame(end: Int)
  /// A frame of another protocol up to `end`.
  case foreign(end: Int)
  /// A frame whose check of that name is wrong; so many hexadecimal digits.
  case badCheck(name: String, found: UInt16, expected: UInt16, digits: Int)
  /// Perhaps a frame, but the buffer ends before it does.
  case unfinished
  /// No frame.
  case nothing(FrameOddity?)
}

/// The byte that shows that something is no frame although it began like one.
struct FrameOddity {
  let place: Int
  let found: UInt8
  let expected: UInt8
}

/// What a scanner of frames remembers of its way through a buffer: how many frames there were,
/// where an unfinished one begins, and what was skipped.
struct FrameNotes {
  /// Most bad sums and foreign frames of one message that are told.
  static let faultLimit = 100

  /// An unfinished frame of so many bytes surely is one.
  static let surely = 8

  /// Bytes before the tail that belong to no frame.
  private var skippedCount = 0
  /// Where the first candidate without an end begins; nil when a frame was found behind it.
  private(set) var tail: Int?
  /// Where the first frame began, good or bad.
  private(set) var firstFrame: Int?
  private var frameCount = 0
  private var faultCount = 0
  private var oddity: FrameOddity?

  /// The number of one more frame. A candidate before it that had no end was none.
  mutating func count(at place: Int) -> Int {
    tail = nil
    if firstFrame == nil { firstFrame = place }
    defer { frameCount += 1 }
    return frameCount
  }

  mutating func unfinished(at place: Int) {
    if tail == nil { tail = place }
  }

  mutating func skip(_ oddity: FrameOddity? = nil) {
    if tail != nil { return }
    skippedCount += 1
    if self.oddity == nil { self.oddity = oddity }
  }

  /// Notes what stands at a place and is no frame of the protocol; where to look next. Bad checks
  /// and foreign frames go to `list`.
  mutating func pass(
    _ look: FrameLook, at place: Int, foreign: String, expected: String, _ list: inout PointList
  ) -> Int {
    switch look {
    case .frame(let end): return end
    case .foreign(let end):
      list.add(fault(.otherProtocol, foreign, expected, at: place))
      return end
    case .badCheck(let name, let found, let expected, let digits):
      list.add(badCheck(name, found, expected, digits: digits, at: place))
    case .unfinished: unfinished(at: place)
    case .nothing(let oddity): skip(oddity)
    }
    return place + 1
  }

  /// A wrong check; none within what may be an unfinished frame, where anything can look like one.
  mutating func badCheck(
    _ name: String, _ found: UInt16, _ expected: UInt16, digits: Int, at place: Int
  ) -> WireFault? {
    if tail != nil { return nil }
    return fault(
      .badChecksum, "\(name) \(HexText.digits(UInt64(found), count: digits))",
      HexText.digits(UInt64(expected), count: digits), at: place)
  }

  private mutating func fault(
    _ reason: RejectionReason, _ found: @autoclosure () -> String,
    _ expected: @autoclosure () -> String, at place: Int
  ) -> WireFault? {
    let index = count(at: place)
    faultCount += 1
    guard faultCount <= Self.faultLimit else { return nil }
    return WireFault(reason, part: "frame[\(index)]", found: found(), expected: expected())
  }

  /// The complaint about a buffer without any frame.
  func emptyFault(_ bytes: UnsafeRawBufferPointer, expected: String) -> WireFault? {
    guard frameCount == 0, skippedCount > 0 else { return nil }
    if let tail, bytes.count - tail >= Self.surely { return nil }
    if bytes.allSatisfy({ (0x20...0x7E).contains($0) || (9...13).contains($0) }) {
      let text = String(decoding: bytes.prefix(40), as: UTF8.self)
      return WireFault(
        .noFrame, found: "the text '\(text)\(bytes.count > 40 ? "…" : "")'",
        expected: expected + ", as bytes or as hexadecimal digits with nothing but spaces")
    }
    if let oddity {
      let (found, wanted) = (HexText.text([oddity.found]), HexText.text([oddity.expected]))
      return WireFault(.noFrame, part: "byte[\(oddity.place)]", found: found, expected: wanted)
    }
    let found = "\(bytes.count) bytes \(HexText.text(bytes))"
    return WireFault(.noFrame, found: found, expected: expected)
  }
}

extension PointList {
  /// Adds a fault, if there is one.
  mutating func add(_ fault: WireFault?) {
    if let fault { add(fault) }
  }
}
