import SiteModel

// What a Sparkplug host remembers, as bytes of the engine's saved state.
extension SparkplugHost {
  func write(to writer: inout ByteWriter) {
    writer.time(earliest)
    writer.time(requestSecond)
    writer.unsigned(UInt64(requestCount))
    writer.unsigned(UInt64(edges.count))
    for edge in edges { edge.write(to: &writer) }
    // Their order is that of the requests.
    writer.unsigned(UInt64(waiting.count))
    for edge in waiting { writer.unsigned(UInt64(edge)) }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    let earliest = try reader.time()
    requestSecond = try reader.time()
    requestCount = Int(truncatingIfNeeded: try reader.unsigned())
    var restored: [SparkplugEdge] = []
    for _ in 0..<(try reader.count(ofSize: 12)) {
      restored.append(try SparkplugEdge(from: &reader))
    }
    var order: [Int] = []
    for _ in 0..<(try reader.count()) {
      guard let edge = Int(exactly: try reader.unsigned()), edge < restored.count else {
        throw CorruptBytes(offset: reader.offset)
      }
      order.append(edge)
    }
    for edge in restored { _ = add(edge) }
    guard resume(order, earliest: earliest) else { throw CorruptBytes(offset: reader.offset) }
  }
}

extension SparkplugEdge {
  private enum Flag {
    static let hasConnection: UInt8 = 1
    static let hasEarlierConnection: UInt8 = 2
    static let isUnsure: UInt8 = 4
    static let hasMarkTime: UInt8 = 8
    static let isSuspect: UInt8 = 16
    static let awaitsBirths: UInt8 = 32
  }

  func write(to writer: inout ByteWriter) {
    var flags: UInt8 = isUnsure ? Flag.isUnsure : 0
    if connection != nil { flags |= Flag.hasConnection }
    if earlierConnection != nil { flags |= Flag.hasEarlierConnection }
    if lastMark.time != nil { flags |= Flag.hasMarkTime }
    if suspicion != nil { flags |= Flag.isSuspect }
    if birthsDue != nil { flags |= Flag.awaitsBirths }
    writer.byte(flags)
    writer.text(commandTopic)
    if let connection { writer.unsigned(connection) }
    if let earlierConnection { writer.unsigned(earlierConnection) }
    writer.byte(last)
    writer.byte(unnumbered)
    writer.signed(Int64(lastMark.length))
    if let time = lastMark.time { writer.time(time) }
    suspicion?.write(to: &writer)
    if let birthsDue { writer.time(birthsDue) }
    request.write(to: &writer)
    writer.unsigned(UInt64(owners.count))
    for owner in owners { owner.write(to: &writer) }
    writer.unsigned(UInt64(held.count))
    if !held.isEmpty { writer.time(heldSince) }
    for message in held { message.write(to: &writer) }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    let flags = try reader.byte()
    commandTopic = try reader.text()
    connection = flags & Flag.hasConnection != 0 ? try reader.unsigned() : nil
    earlierConnection = flags & Flag.hasEarlierConnection != 0 ? try reader.unsigned() : nil
    last = try reader.byte()
    unnumbered = try reader.byte()
    lastMark.length = Int(try reader.signed())
    if flags & Flag.hasMarkTime != 0 { lastMark.time = try reader.time() }
    isUnsure = flags & Flag.isUnsure != 0
    if flags & Flag.isSuspect != 0 { suspicion = try Suspicion(from: &reader) }
    if flags & Flag.awaitsBirths != 0 { birthsDue = try reader.time() }
    request = try SparkplugRequest(from: &reader)
    owners = []
    for _ in 0..<(try reader.count(ofSize: 4)) { owners.append(try Owner(from: &reader)) }
    guard !owners.isEmpty else { throw CorruptBytes(offset: reader.offset) }
    let count = try reader.count(ofSize: 5)
    if count > 0 { heldSince = try reader.time() }
    for _ in 0..<count {
      let message = try Held(from: &reader)
      guard message.owner < owners.count else { throw CorruptBytes(offset: reader.offset) }
      held.append(message)
    }
  }
}

extension SparkplugEdge.Suspicion {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.byte((isAsked ? 1 : 0) | (dueAt == nil ? 0 : 2))
    writer.time(since)
    if let dueAt { writer.time(dueAt) }
  }

  fileprivate init(from reader: inout ByteReader) throws(CorruptBytes) {
    let flags = try reader.byte()
    since = try reader.time()
    dueAt = flags & 2 != 0 ? try reader.time() : nil
    isAsked = flags & 1 != 0
  }
}

extension SparkplugEdge.Owner {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.text(name)
    writer.byte(link.rawValue << 1 | (isBorn ? 1 : 0))
    writer.time(changedAt)
    birth.write(to: &writer)
  }

  fileprivate init(from reader: inout ByteReader) throws(CorruptBytes) {
    name = try reader.text()
    let flags = try reader.byte()
    guard let link = SparkplugEdge.Link(rawValue: flags >> 1) else {
      throw CorruptBytes(offset: reader.offset)
    }
    (self.link, isBorn) = (link, flags & 1 != 0)
    changedAt = try reader.time()
    birth = try SparkplugBirth(from: &reader)
  }
}

extension SparkplugEdge.Held {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.byte(kind.rawValue)
    writer.unsigned(UInt64(owner))
    writer.byte(sequence)
    writer.time(receivedAt)
    writer.unsigned(UInt64(payload.count))
    payload.withUnsafeBytes { writer.raw($0) }
  }

  fileprivate init(from reader: inout ByteReader) throws(CorruptBytes) {
    guard let kind = SparkplugTopic.Kind(rawValue: try reader.byte()),
      let owner = Int(exactly: try reader.unsigned())
    else { throw CorruptBytes(offset: reader.offset) }
    (self.kind, self.owner) = (kind, owner)
    sequence = try reader.byte()
    receivedAt = try reader.time()
    payload = Array(try reader.raw(try reader.count()))
  }
}
