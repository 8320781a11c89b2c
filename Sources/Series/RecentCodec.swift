import SiteModel

/// The bytes of one batch's readings in their order of arrival: cheap to write while messages wait
/// for their commit, and turned into chunks later. Each reading says only what differs from the one
/// before; six values of one message share device and time.
///
/// Layout: format (1 byte), count, readings, checksum. A reading: flags (1 byte; quality in the
/// high half), then what the flags announce: device, time and exponent as differences, and always
/// metric (difference) and significand.
public enum RecentCodec {
  private static let format: UInt8 = 1
  private static let newDevice: UInt8 = 1
  private static let newTime: UInt8 = 2
  private static let newExponent: UInt8 = 4
  private static let wide: UInt8 = 8

  /// Most bytes of a reading: flags 1, device 5, metric 3, time 10, exponent 2, significand 20.
  private static let longest = 41

  /// The readings of a batch, whose exponents are within ±``DeviceChunk/maximumExponent`` and none
  /// of whose qualities is `conflict`.
  public static func encode(_ readings: [Reading]) -> [UInt8] {
    let room = 16 + readings.count * longest
    var bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      guard let start = buffer.baseAddress else { preconditionFailure("there is room for a byte") }
      var writer = PointerWriter(next: start)
      writer.byte(format)
      writer.unsigned(UInt64(readings.count))
      write(readings, to: &writer)
      count = writer.next - start
    }
    Checksum.append(&bytes)
    return bytes
  }

  private static func write(_ readings: [Reading], to writer: inout PointerWriter) {
    var (device, metric, time, exponent) = (Int32(0), UInt16(0), Int64(0), 0)
    for reading in readings {
      let value = reading.value
      precondition(reading.quality != .conflict, "conflicts are not stored")
      let narrow = Int64(exactly: value.significand)
      var flags = reading.quality.rawValue << 4
      if reading.device.position != device { flags |= newDevice }
      if reading.time.milliseconds != time { flags |= newTime }
      if value.exponent != exponent { flags |= newExponent }
      if narrow == nil { flags |= wide }
      writer.byte(flags)
      if flags & newDevice != 0 { writer.signed(Int64(reading.device.position) - Int64(device)) }
      writer.signed(Int64(reading.metric.number) - Int64(metric))
      if flags & newTime != 0 { writer.signed(reading.time.milliseconds &- time) }
      if flags & newExponent != 0 {
        let isStorable = abs(value.exponent) <= DeviceChunk.maximumExponent
        precondition(isStorable, "exponent \(value.exponent) cannot be stored")
        writer.signed(Int64(value.exponent - exponent))
      }
      if let narrow { writer.signed(narrow) } else { writer.wide(value.significand) }
      (device, metric) = (reading.device.position, reading.metric.number)
      (time, exponent) = (reading.time.milliseconds, value.exponent)
    }
  }

  /// Calls `body` with each reading in order of arrival. Bytes that ``encode(_:)`` did not write
  /// are refused, possibly after some readings were given.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, _ body: (Reading) -> Void
  ) throws(CorruptBytes) {
    var reader = ByteReader(try Checksum.open(bytes))
    guard try reader.byte() == format else { throw CorruptBytes(offset: 0) }
    // A reading takes at least three bytes.
    let count = try reader.count(ofSize: 3)
    var (device, metric, time, exponent) = (Int64(0), Int64(0), Int64(0), Int64(0))
    for _ in 0..<count {
      let flags = try reader.byte()
      if flags & newDevice != 0 { device &+= try reader.signed() }
      metric &+= try reader.signed()
      if flags & newTime != 0 { time &+= try reader.signed() }
      if flags & newExponent != 0 { exponent &+= try reader.signed() }
      let significand = flags & wide != 0 ? try reader.wide() : Int128(try reader.signed())
      guard let position = Int32(exactly: device), let number = UInt16(exactly: metric),
        let quality = Quality(rawValue: flags >> 4), quality != .conflict,
        exponent.magnitude <= DeviceChunk.maximumExponent
      else { throw CorruptBytes(offset: reader.offset) }
      body(
        Reading(
          device: DeviceIndex(position), metric: Metric(number: number),
          time: Timestamp(milliseconds: time),
          value: ExactDecimal(significand: significand, exponent: Int(exponent)),
          quality: quality))
    }
    guard reader.isAtEnd else { throw CorruptBytes(offset: reader.offset) }
  }
}

/// Writes what a ``ByteWriter`` would to memory that is known to suffice.
private struct PointerWriter {
  var next: UnsafeMutablePointer<UInt8>

  mutating func byte(_ value: UInt8) {
    next.initialize(to: value)
    next += 1
  }

  mutating func unsigned(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  mutating func signed(_ value: Int64) {
    unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  mutating func wide(_ value: Int128) {
    unsigned(UInt64(truncatingIfNeeded: value))
    signed(Int64(truncatingIfNeeded: value >> 64))
  }
}
