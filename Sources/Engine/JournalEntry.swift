import SiteModel

/// What an entry of the journal is. Numbers are stored and never reused.
public enum EntryKind: UInt8, Sendable {
  /// A message as it came from the broker.
  case message = 1
  /// Time passed, and something became due by it.
  case tick = 2
  /// The wall clock was set.
  case clockStep = 3
  /// From here on other profiles, registry, tariffs or rules apply.
  case reference = 4
  /// The link to the broker came up or went down.
  case link = 5
  /// The broker reports that it dropped messages.
  case brokerDropped = 6
  /// The broker knew nothing of our session: packet identifiers begin anew.
  case newSession = 7
  /// Devices were named by something else than a message, such as an import of readings.
  case devices = 8
  /// A message of before, of which nothing could be used then, is decoded by the profiles that are
  /// in force now. The payload begins with the time of its receipt (8 bytes, Unix ms).
  case replayed = 9
}

/// Bits of an entry's flags; the two lowest are the QoS.
public enum EntryFlags {
  /// The broker delivered a retained copy.
  public static let retained: UInt8 = 4
}

/// One entry of a journal segment; its bytes belong to the segment.
public struct JournalEntry {
  /// What it is.
  public let kind: EntryKind
  /// QoS and marks; see ``EntryFlags``.
  public let flags: UInt8
  /// MQTT packet identifier of a message; 0 at QoS 0.
  public let packet: UInt16
  /// When it was received or happened, by the collector's clock.
  public let time: Timestamp
  /// Topic of a message, UTF-8 as sent.
  public let topic: UnsafeRawBufferPointer
  /// Payload of a message, or the content of a control entry.
  public let payload: UnsafeRawBufferPointer

  /// Reads an entry that this process wrote.
  init(unchecked bytes: UnsafeRawBufferPointer, at offset: Int) {
    let topicLength = Self.topicLength(bytes, offset)
    let start = offset + Batch.headerLength
    kind = EntryKind(rawValue: bytes[offset]) ?? .message
    flags = bytes[offset + 1]
    packet = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 2, as: UInt16.self))
    time = Timestamp(
      milliseconds: Int64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: Int64.self)))
    topic = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + topicLength)])
    let payloadStart = start + topicLength
    let end = payloadStart + Self.payloadLength(bytes, offset)
    payload = UnsafeRawBufferPointer(rebasing: bytes[payloadStart..<end])
  }

  /// Reads an entry from stored bytes, which may be damaged.
  public init(checking bytes: UnsafeRawBufferPointer, at offset: Int) throws(CorruptBytes) {
    guard offset >= 0, bytes.count - offset >= Batch.headerLength,
      EntryKind(rawValue: bytes[offset]) != nil
    else { throw CorruptBytes(offset: offset) }
    let length = Self.topicLength(bytes, offset) + Self.payloadLength(bytes, offset)
    guard bytes.count - offset - Batch.headerLength >= length else {
      throw CorruptBytes(offset: offset)
    }
    self.init(unchecked: bytes, at: offset)
  }

  /// True when the broker delivered a retained copy.
  public var isRetained: Bool { flags & EntryFlags.retained != 0 }

  /// The MQTT quality of service, 0…2.
  public var qos: UInt8 { flags & 3 }

  /// When the message was received: of a replayed one before ``time``.
  public var receivedAt: Timestamp {
    guard kind == .replayed, payload.count >= Self.receiptLength else { return time }
    return Timestamp(
      milliseconds: Int64(littleEndian: payload.loadUnaligned(fromByteOffset: 0, as: Int64.self)))
  }

  /// What the device sent; the payload without the time that a replayed one begins with.
  public var sent: UnsafeRawBufferPointer {
    guard kind == .replayed else { return payload }
    return UnsafeRawBufferPointer(rebasing: payload.dropFirst(Self.receiptLength))
  }

  /// Bytes before the payload of a replayed message.
  static let receiptLength = 8

  private static func topicLength(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
    Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt16.self)))
  }

  private static func payloadLength(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
    Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 14, as: UInt32.self)))
  }
}

/// An entry that does not come from a device. It is journaled like a message, so that a replay of
/// the journal makes the same decisions at the same instants.
public enum ControlEntry: Sendable, Equatable {
  /// Time passed.
  case tick
  /// The wall clock was set forward (positive) or back by so many milliseconds.
  case clockStep(milliseconds: Int64)
  /// From here on these stored reference files apply, by their row numbers.
  case reference(files: [Int64])
  /// The link to the broker came up (true) or went down.
  case link(up: Bool)
  /// The broker dropped so many messages since it was last asked.
  case brokerDropped(count: Int64)
  /// The broker knew nothing of our session: packet identifiers begin anew.
  case newSession
  /// These devices have numbers from here on, in this order, unless they had before.
  case devices(names: [String])

  /// The kind under which it is stored.
  public var kind: EntryKind {
    switch self {
    case .tick: .tick
    case .clockStep: .clockStep
    case .reference: .reference
    case .link: .link
    case .brokerDropped: .brokerDropped
    case .newSession: .newSession
    case .devices: .devices
    }
  }

  /// The control entry that `entry` holds; nil for a message, also a replayed one.
  public init?(_ entry: JournalEntry) throws(CorruptBytes) {
    var reader = ByteReader(entry.payload)
    switch entry.kind {
    case .message, .replayed: return nil
    case .tick: self = .tick
    case .newSession: self = .newSession
    case .clockStep: self = .clockStep(milliseconds: try reader.signed())
    case .link: self = .link(up: try reader.byte() == 1)
    case .brokerDropped: self = .brokerDropped(count: try reader.signed())
    case .reference:
      var files: [Int64] = []
      for _ in 0..<(try reader.count()) { files.append(try reader.signed()) }
      self = .reference(files: files)
    case .devices:
      var names: [String] = []
      for _ in 0..<(try reader.count()) { names.append(try reader.text()) }
      self = .devices(names: names)
    }
  }

  func write(to writer: inout ByteWriter) {
    switch self {
    case .tick, .newSession: break
    case .clockStep(let milliseconds): writer.signed(milliseconds)
    case .link(let up): writer.byte(up ? 1 : 0)
    case .brokerDropped(let count): writer.signed(count)
    case .reference(let files):
      writer.unsigned(UInt64(files.count))
      for file in files { writer.signed(file) }
    case .devices(let names):
      writer.unsigned(UInt64(names.count))
      for name in names { writer.text(name) }
    }
  }
}
