import SiteModel

/// The directory of a ``DeviceChunk``: what it has, and where.
///
/// Layout: format (1 byte), length of the rest; count of time columns, each: samples, first time,
/// last less first, length of the column; count of series, each: metric (difference), its time
/// column, quality and exponent and significand of its last sample, length of the column; checksum.
/// The columns follow in this order. Time of the last sample and count are the time column's.
struct ChunkDirectory {
  /// One distinct list of times.
  struct Times {
    var count: Int
    var first: Int64
    var last: Int64
    /// Bytes of the column with its checksum; 0 when this entry says all.
    var length: Int
  }

  /// One series.
  struct Series {
    var metric: Metric
    var timeIndex: Int
    var last: Sample
    /// Bytes of the column with its checksum; 0 when this entry says all.
    var length: Int
  }

  private static let format: UInt8 = 2

  var times: [Times] = []
  var series: [Series] = []

  /// The directory as it is stored.
  var bytes: [UInt8] {
    var body = ByteWriter()
    body.unsigned(UInt64(times.count))
    for entry in times {
      body.unsigned(UInt64(entry.count))
      body.signed(entry.first)
      body.unsigned(UInt64(bitPattern: entry.last &- entry.first))
      body.unsigned(UInt64(entry.length))
    }
    body.unsigned(UInt64(series.count))
    var last: UInt16 = 0
    for entry in series {
      body.unsigned(UInt64(entry.metric.number - last))
      last = entry.metric.number
      body.unsigned(UInt64(entry.timeIndex))
      body.form(entry.last)
      body.unsigned(UInt64(entry.length))
    }
    var writer = ByteWriter()
    writer.byte(Self.format)
    writer.unsigned(UInt64(body.bytes.count))
    body.bytes.withUnsafeBytes { writer.raw($0) }
    Checksum.seal(&writer)
    return writer.bytes
  }

  init() {}

  /// Reads a directory from the front; `end` is set to where the columns begin.
  init(_ bytes: UnsafeRawBufferPointer, end: inout Int) throws(CorruptBytes) {
    var reader = ByteReader(bytes)
    guard try reader.byte() == Self.format else { throw CorruptBytes(offset: 0) }
    let length = try reader.count()
    end = reader.offset + length + Checksum.length
    guard end <= bytes.count else { throw CorruptBytes(offset: 1) }
    var body = ByteReader(try Checksum.open(UnsafeRawBufferPointer(rebasing: bytes[..<end])))
    _ = try body.raw(reader.offset)
    try readTimes(&body)
    try readSeries(&body)
    guard body.isAtEnd else { throw CorruptBytes(offset: body.offset) }
  }

  private mutating func readTimes(_ reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 4)) {
      let count = try reader.bounded(1...DeviceChunk.maximumSamples)
      let first = try reader.signed()
      let last = first &+ Int64(bitPattern: try reader.unsigned())
      guard last >= first else { throw CorruptBytes(offset: reader.offset) }
      let length = try reader.bounded(0...Int(UInt32.max))
      times.append(Times(count: count, first: first, last: last, length: length))
    }
  }

  private mutating func readSeries(_ reader: inout ByteReader) throws(CorruptBytes) {
    var number = 0
    var total = 0
    for _ in 0..<(try reader.count(ofSize: 5)) {
      let step = try reader.bounded((series.isEmpty ? 0 : 1)...Int(UInt16.max))
      number += step
      guard let metric = UInt16(exactly: number) else { throw CorruptBytes(offset: reader.offset) }
      let timeIndex = try reader.bounded(0...Int(UInt16.max))
      guard timeIndex < times.count else { throw CorruptBytes(offset: reader.offset) }
      total += times[timeIndex].count
      guard total <= DeviceChunk.maximumSamples else { throw CorruptBytes(offset: reader.offset) }
      let last = try reader.form(at: times[timeIndex].last)
      let length = try reader.bounded(0...Int(UInt32.max))
      series.append(
        Series(metric: Metric(number: metric), timeIndex: timeIndex, last: last, length: length))
    }
  }
}

extension ByteWriter {
  private static func zigzag(_ value: Int) -> UInt64 {
    UInt64(bitPattern: Int64((value << 1) ^ (value >> 63)))
  }

  /// Quality, exponent and significand of a sample.
  fileprivate mutating func form(_ sample: Sample) {
    let narrow = Int64(exactly: sample.value.significand)
    // Exponents of everyday values, and good quality, make a small number.
    unsigned(
      Self.zigzag(sample.value.exponent) << 3
        | UInt64(sample.quality.rawValue) << 1 | (narrow == nil ? 1 : 0))
    if let narrow { signed(narrow) } else { wide(sample.value.significand) }
  }
}

extension ByteReader {
  /// A number of the range.
  mutating func bounded(_ range: ClosedRange<Int>) throws(CorruptBytes) -> Int {
    let value = try unsigned()
    guard let number = Int(exactly: value), range.contains(number) else {
      throw CorruptBytes(offset: offset)
    }
    return number
  }

  /// A sample whose time is known.
  fileprivate mutating func form(at time: Int64) throws(CorruptBytes) -> Sample {
    let form = UInt64(try bounded(0...(2 * DeviceChunk.maximumExponent << 3 | 7)))
    guard let quality = Quality(rawValue: UInt8(form >> 1 & 3)) else {
      throw CorruptBytes(offset: offset)
    }
    let significand = form & 1 == 0 ? Int128(try signed()) : try wide()
    let exponent = Int(form >> 4) ^ (0 - Int(form >> 3 & 1))
    return Sample(
      time: Timestamp(milliseconds: time),
      value: ExactDecimal(significand: significand, exponent: exponent), quality: quality)
  }
}
