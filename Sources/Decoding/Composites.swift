import SiteModel

/// Readings that come in several messages: their parts wait here until the last one is there, or
/// until it has taken too long.
struct Composites: Sendable, Equatable {
  /// Most readings that wait at a time; the oldest gives way.
  static let openLimit = 1_000
  /// Most parts of one reading.
  static let partLimit = 64
  /// Most bytes of the parts of one reading.
  static let byteLimit = 256 * 1024
  /// Most bytes of all parts that wait.
  static let totalLimit = 8 * 1024 * 1024

  /// One message that waits.
  struct Part: Sendable, Equatable {
    let topic: [UInt8]
    let payload: [UInt8]
    let receivedAt: Timestamp

    var size: Int { topic.count + payload.count }
  }

  /// A reading whose parts are taken now.
  struct Finished: Sendable, Equatable {
    let parts: [Part]
    /// Why it is taken without its end mark; nil when that came.
    let fault: String?
  }

  private struct Waiting: Equatable {
    let key: [UInt8]
    let deadline: Timestamp
    var parts: [Part] = []
    var size = 0
  }

  /// In the order of their first parts.
  private var waiting: [Waiting] = []
  private var size = 0

  init() {}

  /// How many readings wait.
  var count: Int { waiting.count }

  /// Takes a part; what is finished by that comes back, oldest first.
  ///
  /// A part that is there already, as a broker may deliver it twice, changes nothing.
  mutating func add(
    _ part: Part, key: [UInt8], isLast: Bool, wait_ms: Int64
  ) -> [Finished] {
    var finished: [Finished] = []
    if let place = place(of: key), let fault = obstacle(to: part, at: place) {
      finished.append(remove(at: place, fault: fault))
    }
    if let place = place(of: key) {
      if !waiting[place].parts.contains(where: { $0.isSame(as: part) }) { append(part, at: place) }
      if isLast { finished.append(remove(at: place, fault: nil)) }
    } else if isLast {
      finished.append(Finished(parts: [part], fault: nil))
    } else {
      let deadline = part.receivedAt.advanced(byMilliseconds: wait_ms)
      waiting.append(Waiting(key: key, deadline: deadline))
      append(part, at: waiting.count - 1)
    }
    while waiting.count > Self.openLimit || size > Self.totalLimit {
      finished.append(remove(at: 0, fault: "too many readings that wait for their last part"))
    }
    return finished
  }

  /// True when a reading waits too long at this instant.
  func isDue(_ now: Timestamp) -> Bool { waiting.contains { $0.deadline < now } }

  /// Takes out what waits too long at this instant.
  mutating func takeDue(_ now: Timestamp) -> [Finished] {
    var finished: [Finished] = []
    while let place = waiting.firstIndex(where: { $0.deadline < now }) {
      finished.append(remove(at: place, fault: Self.lateText))
    }
    return finished
  }

  private static let lateText = "no last part in time"

  private func place(of key: [UInt8]) -> Int? { waiting.firstIndex { $0.key == key } }

  /// Why a reading cannot take another part.
  private func obstacle(to part: Part, at place: Int) -> String? {
    if waiting[place].deadline < part.receivedAt { return Self.lateText }
    if waiting[place].parts.count == Self.partLimit { return "more than \(Self.partLimit) parts" }
    return waiting[place].size + part.size > Self.byteLimit
      ? "more than \(Self.byteLimit) bytes" : nil
  }

  private mutating func append(_ part: Part, at place: Int) {
    waiting[place].parts.append(part)
    waiting[place].size += part.size
    size += part.size
  }

  private mutating func remove(at place: Int, fault: String?) -> Finished {
    let reading = waiting.remove(at: place)
    size -= reading.size
    return Finished(parts: reading.parts, fault: fault)
  }
}

extension Composites.Part {
  fileprivate func isSame(as other: Self) -> Bool {
    topic == other.topic && payload == other.payload
  }
}

// Part of the engine's saved state.
extension Composites {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(waiting.count))
    for reading in waiting {
      writer.bytes(reading.key)
      writer.time(reading.deadline)
      writer.unsigned(UInt64(reading.parts.count))
      for part in reading.parts {
        writer.bytes(part.topic)
        writer.bytes(part.payload)
        writer.time(part.receivedAt)
      }
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 3)) {
      let key = try reader.bytes()
      waiting.append(Waiting(key: key, deadline: try reader.time()))
      for _ in 0..<(try reader.count(ofSize: 3)) {
        let topic = try reader.bytes()
        let payload = try reader.bytes()
        let part = Part(topic: topic, payload: payload, receivedAt: try reader.time())
        append(part, at: waiting.count - 1)
      }
    }
  }
}

extension ByteWriter {
  /// Bytes with their length.
  fileprivate mutating func bytes(_ value: [UInt8]) {
    unsigned(UInt64(value.count))
    value.withUnsafeBytes { raw($0) }
  }
}

extension ByteReader {
  /// Bytes with their length.
  fileprivate mutating func bytes() throws(CorruptBytes) -> [UInt8] {
    let length = try count()
    return Array(try raw(length))
  }
}
