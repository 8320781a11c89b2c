import Engine
import Foundation
import GRDB
import SiteModel

/// One row of the journal as it is stored, with what is needed to find messages in it.
struct JournalRow {
  /// A message that is about a device.
  struct Message {
    var entry: Int
    var device: Int32
    var received: Int64
    /// The span of its readings.
    var readings: ClosedRange<Int64>
    /// The entry.
    var bytes: Data
  }

  /// Number of the row.
  let seq: Int64
  /// Messages in it.
  let messages: Int
  /// Its hash.
  let hash: Data
  /// Span of the receipts.
  let times: ClosedRange<Int64>
  /// Which devices its messages are about; nil when nobody noted it,
  /// or the note is damaged.
  let mentions: [MentionCodec.Stored]?

  private let entries: Int
  private let codec: Int
  private let body: Data

  /// The next row after another one; nil at the end.
  static func fetch(_ db: Database, after seq: Int64) throws -> JournalRow? {
    let next = try db.cachedStatement(
      sql: """
        SELECT seq, entries, messages, first_ms, last_ms, hash, codec, devices, body FROM journal
        WHERE seq > ? ORDER BY seq LIMIT 1
        """)
    return try Row.fetchOne(next, arguments: [seq]).map { JournalRow($0) }
  }

  private init(_ row: Row) {
    (seq, entries, messages, hash) = (row[0], row[1], row[2], row[5])
    (codec, body) = (row[6], row[8])
    let (first, last): (Int64, Int64) = (row[3], row[4])
    times = min(first, last)...max(first, last)
    let count = entries
    mentions = (row[7] as Data?)?.withUnsafeBytes { bytes in
      try? MentionCodec.decode(bytes, entries: count)
    }
  }

  /// Earliest and latest instant that anything in the row may be about.
  var span: ClosedRange<Int64> {
    guard let mentions else { return .min...times.upperBound }
    return mentions.reduce(times) { span, mention in
      let first = times.lowerBound.subtracting(mention.age).subtracting(mention.span)
      let last = times.upperBound.subtracting(mention.age)
      return min(span.lowerBound, first)...max(span.upperBound, last)
    }
  }

  /// The messages that a watch asks for, each once for each device. `review` says for a row of
  /// which nobody noted it which devices the messages are about.
  func messages(
    for watch: EvidenceWatch, review: (Batch) -> [Mention]
  ) throws(CorruptBytes) -> [Message] {
    if let mentions, !mentions.contains(where: { watch.spans[$0.device] != nil }) { return [] }
    let plain = try RowCodec.unpack(codec, body)
    let batch = Batch(capacity: plain.count)
    let result = plain.withUnsafeBytes { bytes in
      Result { () throws(CorruptBytes) in
        try batch.load(bytes)
        return Self.messages(
          of: batch, mentions.map { Self.mentions($0, batch) } ?? review(batch), bytes, watch)
      }
    }
    return try result.get()
  }

  private static func mentions(_ stored: [MentionCodec.Stored], _ batch: Batch) -> [Mention] {
    stored.filter { $0.entry < batch.count }.map { mention in
      let last = batch.entry(at: mention.entry).time.milliseconds.subtracting(mention.age)
      return Mention(
        entry: mention.entry, device: DeviceIndex(mention.device),
        first: Timestamp(milliseconds: last.subtracting(mention.span)),
        last: Timestamp(milliseconds: last))
    }
  }

  private static func messages(
    of batch: Batch, _ mentions: [Mention], _ bytes: UnsafeRawBufferPointer, _ watch: EvidenceWatch
  ) -> [Message] {
    var messages: [Message] = []
    var seen: Set<[Int]> = []
    for mention in mentions {
      let entry = batch.entry(at: mention.entry)
      let (device, received) = (mention.device.position, entry.time.milliseconds)
      let readings = mention.first.milliseconds...mention.last.milliseconds
      guard watch.contains(device, received: received, readings),
        seen.insert([mention.entry, Int(device)]).inserted
      else { continue }
      let start = batch.offsets[mention.entry]
      let length = Batch.headerLength + entry.topic.count + entry.payload.count
      messages.append(
        Message(
          entry: mention.entry, device: device, received: received, readings: readings,
          bytes: Data(bytes[start..<(start + length)])))
    }
    return messages
  }
}
