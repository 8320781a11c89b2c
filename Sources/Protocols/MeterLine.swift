/// The protocols of meters whose frames come as bytes or as hexadecimal digits.
public enum MeterProtocol: Sendable {
  /// DL/T 645, editions of 2007 and 1997.
  case dlt645
  /// DL/T 698.45.
  case dlt698
  /// Replies of Modbus RTU.
  case modbus

  /// True when a frame of the protocol is in `bytes`.
  func hasFrame(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var list = PointList()
    switch self {
    case .dlt645:
      var scanner = DLT645Scanner(bytes)
      return scanner.next(&list) != nil
    case .dlt698:
      var scanner = DLT698Scanner(bytes)
      return scanner.next(&list) != nil
    case .modbus:
      var scanner = ModbusScanner(bytes)
      return scanner.next(&list) != nil
    }
  }
}

/// What the messages of one line left unfinished: the beginning of a frame, a reply that goes on, a
/// request without its reply.
public struct MeterLine: Sendable, Equatable {
  /// Most bytes of an unfinished frame that are kept; twice as many where they are digits.
  public static let limit = 512

  /// The unfinished frame as it came: bytes, or digits without white space.
  public var bytes: [UInt8] = []
  /// DL/T 645: the reply that goes on.
  public var followUp: DLT645FollowUp?
  /// Modbus: the request without its reply.
  public var request: ModbusRequest?

  /// True when what is read at present came as digits.
  private var isText = false
  /// A digit whose second is still to come.
  private var half: UInt8?

  /// A line with nothing unfinished.
  public init() {}

  /// True when nothing is unfinished.
  public var isEmpty: Bool { bytes.isEmpty && followUp == nil && request == nil }

  /// Puts a payload behind what was unfinished, and makes bytes of digits. Returns false when the
  /// payload itself can be read; else what is to be read is in `buffer`.
  public mutating func join(
    _ payload: UnsafeRawBufferPointer, _ wire: MeterProtocol, into buffer: inout [UInt8]
  ) -> Bool {
    let payloadIsHex = HexText.isHex(payload)
    (isText, half) = (false, nil)
    // A single byte of Modbus may be the number of a device as well as a digit or a space.
    let isSingle = wire == .modbus && payload.count == 1
    if bytes.isEmpty && (!payloadIsHex || isSingle) { return false }
    // Bytes that go on with a frame can look like digits, above all zeros, which are 33 on the
    // wire. So all that belongs together decides.
    isText = payloadIsHex && bytes.withUnsafeBytes { HexText.isHex($0) }
    buffer.removeAll(keepingCapacity: true)
    if isText {
      bytes.withUnsafeBytes { HexText.append($0, to: &buffer, half: &half) }
      HexText.append(payload, to: &buffer, half: &half)
    } else {
      buffer.append(contentsOf: bytes)
      buffer.append(contentsOf: payload)
    }
    if !bytes.isEmpty, payloadIsHex { readAlone(payload, wire, &buffer) }
    return true
  }

  /// A stray byte or digit at the end of a message would spoil the next: where that has frames of
  /// its own, and none together with what was left, it is read alone.
  private mutating func readAlone(
    _ payload: UnsafeRawBufferPointer, _ wire: MeterProtocol, _ buffer: inout [UInt8]
  ) {
    if buffer.withUnsafeBytes({ wire.hasFrame($0) }) { return }
    var alone: [UInt8] = []
    var rest: UInt8?
    HexText.append(payload, to: &alone, half: &rest)
    guard alone.withUnsafeBytes({ wire.hasFrame($0) }) else { return }
    (buffer, half, isText) = (alone, rest, true)
  }

  /// Keeps what begins at `tail` of what was read, and returns a fault when it is too much, or when
  /// what was kept before turned out to be no beginning of a frame. `firstFrame` is where the first
  /// frame of the buffer began.
  public mutating func keep(
    _ read: UnsafeRawBufferPointer, from tail: Int?, firstFrame: Int?
  ) -> WireFault? {
    var fault: WireFault?
    if bytes.count >= FrameNotes.surely, firstFrame != 0, tail != 0 {
      let found = "the beginning of a frame in the message before"
      fault = WireFault(.incomplete, found: found, expected: "the rest of it")
    }
    bytes.removeAll(keepingCapacity: true)
    let rest = UnsafeRawBufferPointer(rebasing: read[(tail ?? read.count)...])
    guard rest.count <= Self.limit else {
      return WireFault(
        .incomplete, found: "\(rest.count) bytes of a frame without its end",
        expected: "at most \(Self.limit)")
    }
    if isText {
      HexText.appendDigits(of: rest, to: &bytes)
      if let half { HexText.appendDigit(half, to: &bytes) }
    } else {
      bytes.append(contentsOf: rest)
    }
    return fault
  }
}
