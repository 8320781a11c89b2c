import SiteModel

// How alarms are kept in a snapshot of the engine's state.

extension AlarmEpisode {
  func write(to writer: inout ByteWriter) {
    for time in [firstSeen, described] { writer.time(time) }
    for part in [key, alarm, code, object, text] { writer.text(part) }
    writer.text(severity.rawValue)
    writer.text(highestSeverity.rawValue)
    for time in [begin, end] { writer.optional(time) }
    acknowledged.write(to: &writer)
    writer.text(endedBy?.rawValue ?? "")
    writer.unsigned(UInt64(laterEnds.count))
    for time in laterEnds { writer.time(time) }
    writer.unsigned(UInt64(statements.count))
    for statement in statements {
      writer.time(statement.time)
      writer.byte(statement.isChange ? 1 : 0)
    }
    for number in [Int64(repeats), Int64(changes), message, order] { writer.signed(number) }
    writer.byte(flags.rawValue)
    writer.byte((isQuiet ? 1 : 0) | (hasForgotten ? 2 : 0))
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    (firstSeen, described) = (try reader.time(), try reader.time())
    (key, alarm, code) = (try reader.text(), try reader.text(), try reader.text())
    (object, text) = (try reader.text(), try reader.text())
    severity = Severity(rawValue: try reader.text()) ?? .info
    highestSeverity = Severity(rawValue: try reader.text()) ?? .info
    (begin, end) = (try reader.optionalTime(), try reader.optionalTime())
    acknowledged = try AlarmAcknowledgements(from: &reader)
    endedBy = AlarmEnd(rawValue: try reader.text())
    for _ in 0..<(try reader.count()) { laterEnds.append(try reader.time()) }
    for _ in 0..<(try reader.count(ofSize: 2)) {
      let time = try reader.time()
      statements.append(Statement(time: time, isChange: try reader.byte() == 1))
    }
    repeats = Int(truncatingIfNeeded: try reader.signed())
    changes = Int(truncatingIfNeeded: try reader.signed())
    (message, order) = (try reader.signed(), try reader.signed())
    flags = AlarmFlags(rawValue: try reader.byte())
    let bits = try reader.byte()
    (isQuiet, hasForgotten, isChanged) = (bits & 1 != 0, bits & 2 != 0, false)
  }
}

extension AlarmSlot {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(names.count))
    for name in names {
      writer.signed(Int64(name.device))
      for part in [name.key, name.object, name.code] { writer.text(part) }
    }
    writer.text(alarm)
    writer.unsigned(UInt64(episodes.count))
    for episode in episodes { episode.write(to: &writer) }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    names = []
    for _ in 0..<(try reader.count(ofSize: 4)) {
      let device = Int32(truncatingIfNeeded: try reader.signed())
      let key = try reader.text()
      let object = try reader.text()
      names.append(AlarmName(device: device, key: key, object: object, code: try reader.text()))
    }
    alarm = try reader.text()
    for _ in 0..<(try reader.count(ofSize: 20)) {
      episodes.append(try AlarmEpisode(from: &reader))
    }
    guard !names.isEmpty, !episodes.isEmpty else { throw CorruptBytes(offset: reader.offset) }
  }
}

extension ByteWriter {
  /// An instant, or none.
  mutating func optional(_ time: Timestamp?) {
    byte(time == nil ? 0 : 1)
    if let time { self.time(time) }
  }
}

extension ByteReader {
  /// An instant, or none.
  mutating func optionalTime() throws(CorruptBytes) -> Timestamp? {
    try byte() == 0 ? nil : try time()
  }
}
