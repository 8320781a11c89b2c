import SiteModel

/// Reads columns of a ``DeviceChunk`` by its directory; a time column is decoded once.
struct ChunkReader {
  let directory: ChunkDirectory
  private let bytes: UnsafeRawBufferPointer
  /// Where each column begins; the time columns, then the series', then the end.
  private var starts: [Int] = []
  private var times: [[Int64]?]
  /// Columns that were decoded, and so far: others may refer to them.
  private var numbers: [NumberBuffer?]

  /// Reads the directory.
  init(_ bytes: UnsafeRawBufferPointer) throws(CorruptBytes) {
    self.bytes = bytes
    var end = 0
    directory = try ChunkDirectory(bytes, end: &end)
    times = Array(repeating: nil, count: directory.times.count)
    numbers = Array(repeating: nil, count: directory.series.count)
    for length in directory.times.map(\.length) + directory.series.map(\.length) {
      starts.append(end)
      end += length
      // Lengths are below 2^32 and fewer than 2^17, but let nothing depend on it.
      guard end < Int.max >> 2 else { throw CorruptBytes(offset: 1) }
    }
    starts.append(end)
  }

  /// The columns must fill the bytes to their end.
  func requireEnd() throws(CorruptBytes) {
    guard starts.last == bytes.count else { throw CorruptBytes(offset: bytes.count) }
  }

  /// The series of a position in the directory.
  mutating func series(_ position: Int) throws(CorruptBytes) -> SeriesSamples {
    SeriesSamples(
      metric: directory.series[position].metric,
      samples: try samples(position, from: .min, to: nil))
  }

  /// Samples of a series with `from` <= time < `to`; nil: no end.
  mutating func samples(
    _ position: Int, from: Int64, to: Int64?
  ) throws(CorruptBytes) -> [Sample] {
    let entry = directory.series[position]
    let span = directory.times[entry.timeIndex]
    if span.last < from { return [] }
    if let to, span.first >= to { return [] }
    let list = try timeList(entry.timeIndex)
    let lower = list.partition { $0 < from }
    let upper = to.map { end in list.partition { $0 < end } } ?? list.count
    let samples = try samples(position, list, lower..<upper)
    if upper == list.count, let last = samples.last {
      let form = last.value.exponent
      guard last == entry.last, form == entry.last.value.exponent else {
        throw CorruptBytes(offset: starts[directory.times.count + position])
      }
    }
    return samples
  }

  private mutating func samples(
    _ position: Int, _ times: [Int64], _ wanted: Range<Int>
  ) throws(CorruptBytes) -> [Sample] {
    let bytes = try column(directory.times.count + position)
    if bytes.isEmpty {
      let last = directory.series[position].last
      return times[wanted].map {
        Sample(time: Timestamp(milliseconds: $0), value: last.value, quality: last.quality)
      }
    }
    let column = try ValueColumn(bytes)
    guard column.hasNumbers else { return Array(try column.plainSamples(times)[wanted]) }
    var others: [NumberBuffer] = []
    for other in column.references {
      others.append(try referred(other, by: position, upTo: wanted.upperBound))
    }
    let (buffer, forms) = column.numbers(upTo: wanted.upperBound, others: others)
    numbers[position] = buffer
    return column.samples(wanted, times: times, buffer, forms)
  }

  /// The numbers of a column that another refers to: one of the same times, and itself referring to
  /// none.
  private mutating func referred(
    _ position: Int, by other: Int, upTo end: Int
  ) throws(CorruptBytes) -> NumberBuffer {
    let offset = starts[directory.times.count + other]
    guard position < directory.series.count, position != other,
      directory.series[position].timeIndex == directory.series[other].timeIndex
    else { throw CorruptBytes(offset: offset) }
    if let known = numbers[position], known.count >= end { return known }
    let bytes = try column(directory.times.count + position)
    guard !bytes.isEmpty else { throw CorruptBytes(offset: offset) }
    let column = try ValueColumn(bytes)
    guard column.hasNumbers, column.references.isEmpty else { throw CorruptBytes(offset: offset) }
    let buffer = column.numbers(upTo: end, others: []).numbers
    numbers[position] = buffer
    return buffer
  }

  private mutating func timeList(_ index: Int) throws(CorruptBytes) -> [Int64] {
    if let known = times[index] { return known }
    let list = try TimeColumn.decode(try column(index), directory.times[index])
    times[index] = list
    return list
  }

  /// The content of a column, whose checksum must be right; empty when it has none.
  private func column(_ index: Int) throws(CorruptBytes) -> UnsafeRawBufferPointer {
    let (start, end) = (starts[index], starts[index + 1])
    guard end <= bytes.count else { throw CorruptBytes(offset: bytes.count) }
    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    return part.isEmpty ? part : try Checksum.open(part)
  }
}

extension [Int64] {
  /// How many at the front fulfil a condition that the rest does not.
  fileprivate func partition(_ isBefore: (Int64) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
