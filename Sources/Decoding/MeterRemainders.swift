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
  private var sweptAt = Timestamp(milliseconds: .min)

  init() {}

  /// Takes out what the last messages of a topic left.
  mutating func take(_ topic: UnsafeRawBufferPointer, _ now: Timestamp) -> MeterLine {
    if entries.isEmpty { return MeterLine() }
    guard let entry = entries.removeValue(forKey: String(decoding: topic, as: UTF8.self)),
      Self.isAlive(entry, now)
    else { return MeterLine() }
    return entry.line
  }

  /// Keeps what a message of a topic left; false when there is no room for it.
  mutating func put(
    _ line: MeterLine, _ topic: UnsafeRawBufferPointer, _ now: Timestamp
  ) -> Bool {
    if entries.count >= Self.limit { sweep(now) }
    guard entries.count < Self.limit else { return false }
    entries[String(decoding: topic, as: UTF8.self)] = Entry(line: line, receivedAt: now)
    return true
  }

  /// Drops what is too old, at most once a second.
  private mutating func sweep(_ now: Timestamp) {
    guard sweptAt > now || now.milliseconds - 1000 >= sweptAt.milliseconds else { return }
    sweptAt = now
    entries = entries.filter { Self.isAlive($0.value, now) }
  }

  private static func isAlive(_ entry: Entry, _ now: Timestamp) -> Bool {
    abs(now.since(entry.receivedAt)) <= lifetime_ms
  }

  func write(to writer: inout ByteWriter) {
    writer.signed(sweptAt.milliseconds)
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
    sweptAt = Timestamp(milliseconds: try reader.signed())
    for _ in 0..<(try reader.count(ofSize: 5)) {
      let topic = try reader.text()
      let receivedAt = try reader.time()
      var line = MeterLine()
      line.bytes = try Self.bytes(2 * MeterLine.limit + 1, from: &reader)
      if try reader.byte() == 1 { line.followUp = try Self.followUp(from: &reader) }
      if try reader.byte() == 1 { line.request = try Self.request(from: &reader) }
      entries[topic] = Entry(line: line, receivedAt: receivedAt)
    }
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
