import SiteModel

/// The values and qualities of a column.
enum ValueColumn {
  private static let mixedExponents: UInt8 = 1
  private static let marked: UInt8 = 2
  private static let wide: UInt8 = 4

  static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

  static func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  static func encode(_ samples: [Sample]) -> [UInt8] {
    guard let first = samples.first else { return [] }
    var flags: UInt8 = 0
    var isConstant = true
    for sample in samples {
      let exponent = sample.value.exponent
      let isStorable = abs(exponent) <= DeviceChunk.maximumExponent
      precondition(isStorable, "exponent \(exponent) cannot be stored")
      precondition(sample.quality != .conflict, "conflicts are not stored")
      if exponent != first.value.exponent { flags |= mixedExponents }
      if sample.quality != .good { flags |= marked }
      if Int64(exactly: sample.value.significand) == nil { flags |= wide }
      if sample.quality != first.quality || exponent != first.value.exponent
        || sample.value.significand != first.value.significand
      {
        isConstant = false
      }
    }
    if isConstant { return [] }
    var writer = ByteWriter()
    writer.byte(flags)
    if flags & mixedExponents == 0 {
      writer.signed(Int64(first.value.exponent))
    } else {
      DeltaColumn.write(samples.lazy.map { Int64($0.value.exponent) }, to: &writer)
    }
    if flags & marked != 0 {
      DeltaColumn.write(samples.lazy.map { Int64($0.quality.rawValue) }, to: &writer)
    }
    if flags & wide != 0 {
      for sample in samples { writer.wide(sample.value.significand) }
    } else {
      DeltaColumn.write(
        samples.lazy.map { Int64(truncatingIfNeeded: $0.value.significand) }, to: &writer)
    }
    return writer.bytes
  }

  static func decode(
    _ bytes: UnsafeRawBufferPointer, times: [Int64], _ wanted: Range<Int>, last: Sample
  ) throws(CorruptBytes) -> [Sample] {
    if bytes.isEmpty {
      return times[wanted].map {
        Sample(time: Timestamp(milliseconds: $0), value: last.value, quality: last.quality)
      }
    }
    var reader = ByteReader(bytes)
    let flags = try reader.byte()
    guard flags <= 7 else { throw CorruptBytes(offset: 0) }
    let count = times.count
    let exponents =
      flags & mixedExponents != 0
      ? try DeltaColumn.read(count, &reader)
      : [Int64](repeating: try reader.signed(), count: count)
    let qualities = flags & marked != 0 ? try DeltaColumn.read(count, &reader) : nil
    var significands: [Int128] = []
    if flags & wide != 0 {
      for _ in 0..<count { significands.append(try reader.wide()) }
    } else {
      significands = try DeltaColumn.read(count, &reader).map { Int128($0) }
    }
    var samples: [Sample] = []
    for position in 0..<count {
      let mark = UInt8(exactly: qualities?[position] ?? 0)
      guard let quality = mark.flatMap(Quality.init(rawValue:)), quality != .conflict,
        exponents[position].magnitude <= DeviceChunk.maximumExponent
      else { throw CorruptBytes(offset: reader.offset) }
      samples.append(
        Sample(
          time: Timestamp(milliseconds: times[position]),
          value: ExactDecimal(
            significand: significands[position], exponent: Int(exponents[position])),
          quality: quality))
    }
    guard reader.isAtEnd, samples.last == last else { throw CorruptBytes(offset: reader.offset) }
    return Array(samples[wanted])
  }
}
