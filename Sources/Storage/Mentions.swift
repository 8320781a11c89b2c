import Engine
import SiteModel

/// Which devices the messages of a journal row are about, in few bytes. For each: a number whose
/// bit 0 says that it is not of the entry after the one before (then the distance follows), bit 1
/// that its readings are not of the hour before receipt (then follows how long before the receipt
/// the last one was, signed, and how long before that the first), and whose rest is the distance
/// of its device to the one before, zigzag.
enum MentionCodec {
  /// Readings so much older than their receipt are worth telling.
  static let lag_ms: Int64 = 3_600_000

  /// The bytes for a row.
  static func encode(_ mentions: [Mention], _ batch: Batch) -> [UInt8] {
    var writer = ByteWriter()
    writer.reserve(mentions.count * 3)
    var (entry, device) = (-1, Int64(0))
    for mention in mentions {
      let received = batch.entry(at: mention.entry).time
      let isLate = received.since(mention.first) > lag_ms || mention.last.since(received) > lag_ms
      let position = Int64(mention.device.position)
      let distance = position - device
      let zigzag = UInt64(bitPattern: (distance << 1) ^ (distance >> 63))
      let isNext = mention.entry == entry + 1
      writer.unsigned(zigzag << 2 | (isLate ? 2 : 0) | (isNext ? 0 : 1))
      if !isNext { writer.unsigned(UInt64(mention.entry - max(entry, 0))) }
      if isLate {
        writer.signed(received.since(mention.last))
        writer.unsigned(UInt64(mention.last.since(mention.first)))
      }
      (entry, device) = (mention.entry, position)
    }
    return writer.bytes
  }

  /// A mention as it is stored.
  struct Stored: Equatable {
    var entry: Int
    var device: Int32
    /// How long before its receipt the last reading was, in ms; 0 for less than an hour.
    var age: Int64
    /// How long before that the first one was, in ms.
    var span: Int64
  }

  /// The mentions of a row of so many entries.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, entries: Int
  ) throws(CorruptBytes) -> [Stored] {
    var reader = ByteReader(bytes)
    var mentions: [Stored] = []
    var (entry, device) = (-1, Int64(0))
    while !reader.isAtEnd {
      let head = try reader.unsigned()
      let distance = Int64(head >> 3) ^ -Int64(head >> 2 & 1)
      let step = try head & 1 == 0 ? 1 : reader.unsigned()
      let from = head & 1 == 0 ? entry : max(entry, 0)
      let (age, span) = try head & 2 == 0 ? (0, 0) : (reader.signed(), reader.unsigned())
      device += distance
      guard step <= UInt64(entries), let position = Int32(exactly: device), position >= 0,
        let span = Int64(exactly: span)
      else { throw CorruptBytes(offset: reader.offset) }
      entry = from + Int(step)
      guard entry < entries else { throw CorruptBytes(offset: reader.offset) }
      mentions.append(Stored(entry: entry, device: position, age: age, span: span))
    }
    return mentions
  }
}
