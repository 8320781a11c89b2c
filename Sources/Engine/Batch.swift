import SiteModel

/// A commit group in the making: received messages and control entries, laid out one after the
/// other exactly as the journal stores them. A payload is copied once, from the network library
/// into here; decoding reads it in place and the journal writes the same bytes.
///
/// Layout of an entry, little-endian: kind (1 byte), flags (1), packet identifier (2), received at
/// in Unix milliseconds (8), topic length (2), payload length (4), topic, payload.
public final class Batch {
  /// Bytes of an entry before its topic.
  public static let headerLength = 18
  /// Bytes after the last entry that may be read (and mean nothing), for the JSON parser.
  public static let padding = 64

  private var storage: UnsafeMutableRawBufferPointer
  /// Bytes used.
  public private(set) var byteCount = 0
  /// Where each entry begins.
  public private(set) var offsets: [Int] = []
  /// How many of the entries are messages.
  public private(set) var messageCount = 0

  /// An empty batch that starts with room for `capacity` bytes.
  public init(capacity: Int = 1 << 20) {
    storage = .allocate(byteCount: max(capacity, Self.padding), alignment: 16)
  }

  deinit { storage.deallocate() }

  /// True when nothing was added.
  public var isEmpty: Bool { offsets.isEmpty }

  /// How many entries there are.
  public var count: Int { offsets.count }

  /// The entries as the journal stores them; valid until the next change.
  public var body: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage)[0..<byteCount])
  }

  /// Forgets all entries and keeps the memory.
  public func removeAll() {
    byteCount = 0
    messageCount = 0
    offsets.removeAll(keepingCapacity: true)
  }

  /// Adds a received message. The topic is cut to 65 535 bytes, which MQTT never exceeds.
  public func append(
    topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, packet: UInt16, qos: UInt8,
    retained: Bool, receivedAt: Timestamp
  ) {
    let flags = (qos & 3) | (retained ? EntryFlags.retained : 0)
    add(.message, flags, packet, receivedAt, topic, payload)
    messageCount += 1
  }

  /// Adds a message of before that is to be decoded again, with the time of its receipt.
  public func append(
    replayed topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, retained: Bool,
    receivedAt: Timestamp, at now: Timestamp
  ) {
    let flags = retained ? EntryFlags.retained : 0
    var content = ByteWriter()
    content.reserve(JournalEntry.receiptLength + payload.count)
    withUnsafeBytes(of: receivedAt.milliseconds.littleEndian) { content.raw($0) }
    content.raw(payload)
    content.bytes.withUnsafeBytes { add(.replayed, flags, 0, now, topic, $0) }
  }

  /// Adds an entry of another batch as it is.
  public func append(_ entry: JournalEntry) {
    add(entry.kind, entry.flags, entry.packet, entry.time, entry.topic, entry.payload)
    if entry.kind == .message { messageCount += 1 }
  }

  /// Adds a control entry with its content.
  public func append(_ control: ControlEntry, at now: Timestamp) {
    var content = ByteWriter()
    control.write(to: &content)
    content.bytes.withUnsafeBytes { bytes in
      add(control.kind, 0, 0, now, UnsafeRawBufferPointer(start: nil, count: 0), bytes)
    }
  }

  /// The entry at a position; its pointers are valid until the next change.
  public func entry(at position: Int) -> JournalEntry {
    JournalEntry(unchecked: UnsafeRawBufferPointer(storage), at: offsets[position])
  }

  /// Fills the batch with a stored journal body, for a replay; it is empty when that is damaged.
  public func load(_ body: UnsafeRawBufferPointer) throws(CorruptBytes) {
    removeAll()
    reserve(body.count)
    storage.copyMemory(from: body)
    do { try index(body) } catch {
      removeAll()
      throw error
    }
    byteCount = body.count
  }

  private func index(_ body: UnsafeRawBufferPointer) throws(CorruptBytes) {
    var offset = 0
    while offset < body.count {
      let entry = try JournalEntry(checking: body, at: offset)
      offsets.append(offset)
      if entry.kind == .message { messageCount += 1 }
      offset += Self.headerLength + entry.topic.count + entry.payload.count
    }
  }

  private func add(
    _ kind: EntryKind, _ flags: UInt8, _ packet: UInt16, _ time: Timestamp,
    _ topic: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
  ) {
    let topicLength = min(topic.count, Int(UInt16.max))
    reserve(Self.headerLength + topicLength + payload.count)
    let at = byteCount
    storage[at] = kind.rawValue
    storage[at + 1] = flags
    storage.storeBytes(of: packet.littleEndian, toByteOffset: at + 2, as: UInt16.self)
    storage.storeBytes(of: time.milliseconds.littleEndian, toByteOffset: at + 4, as: Int64.self)
    storage.storeBytes(of: UInt16(topicLength).littleEndian, toByteOffset: at + 12, as: UInt16.self)
    storage.storeBytes(
      of: UInt32(payload.count).littleEndian, toByteOffset: at + 14, as: UInt32.self)
    let start = at + Self.headerLength
    copy(UnsafeRawBufferPointer(rebasing: topic[0..<topicLength]), to: start)
    copy(payload, to: start + topicLength)
    offsets.append(at)
    byteCount = start + topicLength + payload.count
  }

  private func copy(_ bytes: UnsafeRawBufferPointer, to offset: Int) {
    UnsafeMutableRawBufferPointer(rebasing: storage[offset...]).copyMemory(from: bytes)
  }

  private func reserve(_ count: Int) {
    let needed = byteCount + count + Self.padding
    guard needed > storage.count else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(needed, storage.count * 2), alignment: 16)
    larger.copyMemory(from: body)
    storage.deallocate()
    storage = larger
  }
}
