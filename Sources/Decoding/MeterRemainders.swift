import Protocols
import SiteModel

/// What the lines of meters left unfinished, by topic, until their next message.
struct MeterRemainders: Sendable {
  /// Most topics with something unfinished; what further ones leave is dropped, and told.
  static let limit = 10_000
  /// After this time of receipt nothing goes on any more.
  static let lifetime_ms: Int64 = 60_000

  private struct Entry: Sendable {
    var line: MeterLine
    var receivedAt: Timestamp
  }

  private var entries: [String: Entry] = [:]
  /// No entry is older than that; nil without any.
  private var oldest: Timestamp?

  init() {}

  /// How many bytes of unfinished frames are kept.
  var byteCount: Int { entries.values.reduce(0) { $0 + $1.line.bytes.count } }

  /// True when something waits too long at this instant.
  func isDue(_ now: Timestamp) -> Bool {
    guard let oldest, abs(now.since(oldest)) > Self.lifetime_ms else { return false }
    return entries.values.contains { !Self.isAlive($0, now) }
  }

  /// Takes out what waits too long; a fault for each frame that has no end, by topic.
  mutating func takeDue(_ now: Timestamp) -> [WireFault] {
    let due = entries.filter { !Self.isAlive($0.value, now) }.sorted { $0.key < $1.key }
    for (topic, _) in due { entries[topic] = nil }
    oldest = entries.values.map(\.receivedAt).min()
    return due.compactMap { topic, entry in
      let bytes = entry.line.bytes
      if bytes.isEmpty { return nil }
      let isText = bytes.withUnsafeBytes { HexText.isHex($0) }
      let shown =
        isText ? String(decoding: bytes.prefix(32), as: UTF8.self) : HexText.text(bytes)
      return WireFault(
        .incomplete, found: "\(bytes.count) bytes \(shown) on '\(topic)'",
        expected: "the rest of a frame within \(Self.lifetime_ms / 1000) s")
    }
  }

  /// Takes out what the last messages of a topic left.
  mutating func take(_ topic: UnsafeRawBufferPointer) -> MeterLine {
    if entries.isEmpty { return MeterLine() }
    return entries.removeValue(forKey: String(decoding: topic, as: UTF8.self))?.line ?? MeterLine()
  }

  /// Keeps what a message of a topic left; false when there is no room for it.
  mutating func put(
    _ line: MeterLine, _ topic: UnsafeRawBufferPointer, _ now: Timestamp
  ) -> Bool {
    guard entries.count < Self.limit else { return false }
    entries[String(decoding: topic, as: UTF8.self)] = Entry(line: line, receivedAt: now)
    oldest = min(oldest ?? now, now)
    return true
  }

  private static func isAlive(_ entry: Entry, _ now: Timestamp) -> Bool {
    abs(now.since(entry.receivedAt)) <= lifetime_ms
  }

  func write(to writer: inout ByteWriter) {
    // Snapshots of the same layout hold here when it was swept last.
    writer.signed(0)
    writer.unsigned(UInt64(entries.count))
    for (topic, entry) in entries.sorted(by: { $0.key < $1.key }) {
      writer.text(topic)
      writer.time(entry.receivedAt)
      Self.write(entry.line.bytes, to: &writer)
      writer.byte(entry.line.followUp == nil ? 0 : 1)
      if let followUp = entry.line.followUp {
        writer.unsigned(followUp.address)
        writer.unsigned(UInt64(followUp.code))
        writer.unsigned(UInt64(followUp.valueCount))
        Self.write(followUp.rest, to: &writer)
        writer.byte(followUp.number)
      }
      writer.byte(entry.line.request == nil ? 0 : 1)
      if let request = entry.line.request {
        writer.byte(request.slave)
        writer.byte(request.function)
        writer.unsigned(UInt64(request.start))
        writer.unsigned(UInt64(request.count))
      }
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    _ = try reader.signed()
    for _ in 0..<(try reader.count(ofSize: 5)) {
      let topic = try reader.text()
      let receivedAt = try reader.time()
      var line = MeterLine()
      line.bytes = try Self.bytes(2 * MeterLine.limit + 1, from: &reader)
      if try reader.byte() == 1 { line.followUp = try Self.followUp(from: &reader) }
      if try reader.byte() == 1 { line.request = try Self.request(from: &reader) }
      entries[topic] = Entry(line: line, receivedAt: receivedAt)
    }
    oldest = entries.values.map(\.receivedAt).min()
  }

  private static func followUp(
    from reader: inout ByteReader
  ) throws(CorruptBytes) -> DLT645FollowUp {
    DLT645FollowUp(
      address: try reader.unsigned(), code: UInt32(try number(UInt64(UInt32.max), from: &reader)),
      valueCount: Int(try number(UInt64(DLT645Table.valueLimit), from: &reader)),
      rest: try bytes(DLT645Format.byteLimit, from: &reader), number: try reader.byte())
  }

  private static func request(from reader: inout ByteReader) throws(CorruptBytes) -> ModbusRequest {
    ModbusRequest(
      slave: try reader.byte(), function: try reader.byte(),
      start: UInt16(try number(UInt64(UInt16.max), from: &reader)),
      count: Int(try number(125, from: &reader)))
  }

  private static func number(
    _ limit: UInt64, from reader: inout ByteReader
  ) throws(CorruptBytes) -> UInt64 {
    let value = try reader.unsigned()
    guard value <= limit else { throw CorruptBytes(offset: reader.offset) }
    return value
  }

  private static func bytes(
    _ limit: Int, from reader: inout ByteReader
  ) throws(CorruptBytes) -> [UInt8] {
    let count = try reader.count()
    guard count <= limit else { throw CorruptBytes(offset: reader.offset) }
    return Array(try reader.raw(count))
  }

  private static func write(_ bytes: [UInt8], to writer: inout ByteWriter) {
    writer.unsigned(UInt64(bytes.count))
    bytes.withUnsafeBytes { writer.raw($0) }
  }
}
