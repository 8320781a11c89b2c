/// One frame of Modbus RTU whose check was verified.
public struct ModbusFrame {
  /// What it says.
  public enum Content {
    /// A request: first register and number of registers.
    case request(start: UInt16, count: Int)
    /// A reply: the registers' bytes.
    case reply(UnsafeRawBufferPointer)
    /// A refusal with its code.
    case exception(UInt8)
  }

  /// The device on the bus, 1…255.
  public let slave: UInt8
  /// 3 for holding registers, 4 for input registers.
  public let function: UInt8
  /// What it says.
  public let content: Content
  /// Which frame of its message it is, from 0.
  public let index: Int
}

/// Finds the frames of Modbus RTU in a buffer that read registers: replies, refusals, and echoes of
/// requests. RTU has no marks at begin or end; what has no right check is skipped byte by byte.
///
/// Source of the layout: Modbus Application Protocol 1.1b3, Modbus over Serial Line 1.02.
public struct ModbusScanner {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var notes = FrameNotes()

  /// A scanner at the beginning of `bytes`, which must stay valid while it is used.
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next frame; nil at the end. Bad checks go to `list` as faults.
  public mutating func next(_ list: inout PointList) -> ModbusFrame? {
    while position < bytes.count {
      let look = look(at: position)
      if case .frame(let end) = look {
        defer { position = end }
        return frame(from: position, to: end)
      }
      position = notes.pass(
        look, at: position, foreign: "another protocol's frame", expected: "a Modbus RTU reply",
        &list)
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
    notes.emptyFault(bytes, expected: "a Modbus RTU reply with function 03 or 04 and a right CRC")
  }

  private mutating func frame(from start: Int, to end: Int) -> ModbusFrame {
    let function = bytes[start + 1]
    let content: ModbusFrame.Content
    if function & 0x80 != 0 {
      content = .exception(bytes[start + 2])
    } else if isRequest(at: start) {
      content = .request(
        start: UInt16(bytes[start + 2]) << 8 | UInt16(bytes[start + 3]),
        count: Int(bytes[start + 4]) << 8 | Int(bytes[start + 5]))
    } else {
      content = .reply(UnsafeRawBufferPointer(rebasing: bytes[(start + 3)..<(end - 2)]))
    }
    return ModbusFrame(
      slave: bytes[start], function: function & 0x7F, content: content,
      index: notes.count(at: start))
  }

  private func look(at start: Int) -> FrameLook {
    let left = bytes.count - start
    guard bytes[start] != 0 else { return .nothing(nil) }
    if left < 2 { return .unfinished }
    let function = bytes[start + 1]
    guard function & 0x7F == 3 || function & 0x7F == 4 else { return .nothing(nil) }
    if function & 0x80 != 0 {
      if left < 5 { return .unfinished }
      let isKnown = (1...11).contains(bytes[start + 2])
      return isKnown ? check(from: start, to: start + 5) : .nothing(nil)
    }
    if left < 8 {
      // A reply of two bytes is shorter than a request.
      if left == 7, bytes[start + 2] == 2 { return check(from: start, to: start + 7) }
      return .unfinished
    }
    if isRequest(at: start) { return .frame(end: start + 8) }
    let count = Int(bytes[start + 2])
    guard count > 0, count <= 250, count % 2 == 0 else { return .nothing(nil) }
    let end = start + 5 + count
    return end > bytes.count ? .unfinished : check(from: start, to: end)
  }

  /// A request asks for 1…125 registers.
  private func isRequest(at start: Int) -> Bool {
    guard bytes.count - start >= 8, bytes[start + 4] == 0, (1...125).contains(bytes[start + 5])
    else { return false }
    return ModbusCheck.value(bytes, in: start..<(start + 6))
      == ModbusCheck.sent(bytes, at: start + 6)
  }

  /// A wrong check is told only of what fills the rest of the message: within a stream it means no
  /// more than that no frame begins here.
  private func check(from start: Int, to end: Int) -> FrameLook {
    let own = ModbusCheck.value(bytes, in: start..<(end - 2))
    let sent = ModbusCheck.sent(bytes, at: end - 2)
    if own == sent { return .frame(end: end) }
    guard end == bytes.count else { return .nothing(nil) }
    return .badCheck(name: "CRC", found: sent, expected: own, digits: 4)
  }
}

/// The CRC-16 of Modbus: polynomial A001 reflected, begun with FFFF, low byte first.
enum ModbusCheck {
  private static let table: [UInt16] = (0..<256).map { index in
    (0..<8).reduce(UInt16(index)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xA001 : value >> 1
    }
  }

  static func value(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> UInt16 {
    var sum: UInt16 = 0xFFFF
    for place in range { sum = sum >> 8 ^ table[Int((sum ^ UInt16(bytes[place])) & 0xFF)] }
    return sum
  }

  static func sent(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt16 {
    UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
  }
}
