import SiteModel

// How one supply is kept in a snapshot of the engine's state.

extension MainsSubject {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(sources.count))
    for source in sources {
      writer.signed(Int64(source.device.position))
      let flags: [Bool] = [source.isVoltage, source.isLost, source.isSilent]
      writer.byte(flags.reversed().reduce(0) { $0 << 1 | ($1 ? 1 : 0) })
      writer.time(source.since)
      writer.time(source.latest)
      if !source.isVoltage { writer.time(source.readAt) }
    }
    writer.optional(former?.begin)
    if let former { writer.time(former.end) }
    switch phase {
    case .present: writer.byte(0)
    case .losing(let since, let received):
      writer.byte(1)
      writer.time(since)
      writer.time(received)
    case .lost(let since):
      writer.byte(2)
      writer.time(since)
    case .recovering(let since, let recovered, let received):
      writer.byte(3)
      writer.time(since)
      writer.time(recovered)
      writer.time(received)
    }
  }

  /// A supply as it was written; `hasAlarms` is false for what a release wrote that kept no history
  /// of alarms.
  init(from reader: inout ByteReader, hasAlarms: Bool) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 4)) {
      let device = DeviceIndex(Int32(truncatingIfNeeded: try reader.signed()))
      let flags = try reader.byte()
      let since = try reader.time()
      let latest = try reader.time()
      let isVoltage = flags & 1 != 0
      sources.append(
        Source(
          device: device, isVoltage: isVoltage, isLost: flags & 2 != 0, since: since,
          latest: latest, readAt: hasAlarms && !isVoltage ? try reader.time() : latest,
          isSilent: flags & 4 != 0))
    }
    if hasAlarms, let begin = try reader.optionalTime() {
      former = Former(begin: begin, end: try reader.time())
    }
    switch try reader.byte() {
    case 0: phase = .present
    case 1: phase = .losing(since: try reader.time(), received: try reader.time())
    case 2: phase = .lost(since: try reader.time())
    case 3:
      phase = .recovering(
        since: try reader.time(), recovered: try reader.time(), received: try reader.time())
    default: throw CorruptBytes(offset: reader.offset)
    }
  }
}
