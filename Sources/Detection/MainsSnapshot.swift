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
    }
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

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 4)) {
      let device = DeviceIndex(Int32(truncatingIfNeeded: try reader.signed()))
      let flags = try reader.byte()
      let since = try reader.time()
      let latest = try reader.time()
      sources.append(
        Source(
          device: device, isVoltage: flags & 1 != 0, isLost: flags & 2 != 0, since: since,
          latest: latest, isSilent: flags & 4 != 0))
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
