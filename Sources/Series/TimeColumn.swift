import SiteModel

/// The times of a column, given their count, first and last: nothing when they are evenly spaced,
/// differences of differences otherwise.
enum TimeColumn {
  /// True when the samples have just these times.
  static func isSame(_ times: [Int64], _ samples: [Sample]) -> Bool {
    guard times.count == samples.count else { return false }
    return zip(times, samples).allSatisfy { $0 == $1.time.milliseconds }
  }

  static func encode(_ times: [Int64]) -> [UInt8] {
    let step = times.count > 1 ? times[1] &- times[0] : 0
    var writer = ByteWriter()
    var runs = RunWriter()
    var (last, lastStep) = (times[0], step)
    var isEven = true
    for time in times.dropFirst() {
      let next = time &- last
      if next != step { isEven = false }
      runs.put(next &- lastStep, to: &writer)
      (last, lastStep) = (time, next)
    }
    if isEven { return [] }
    runs.finish(&writer)
    var whole = ByteWriter()
    whole.signed(step)
    writer.bytes.withUnsafeBytes { whole.raw($0) }
    return whole.bytes
  }

  static func decode(
    _ bytes: UnsafeRawBufferPointer, _ entry: ChunkDirectory.Times
  ) throws(CorruptBytes) -> [Int64] {
    if bytes.isEmpty { return try even(entry) }
    var reader = ByteReader(bytes)
    var step = try reader.signed()
    var last = entry.first
    var times = [last]
    times.reserveCapacity(entry.count)
    var runs = RunReader()
    for _ in 1..<entry.count {
      step &+= try runs.next(&reader)
      let next = last &+ step
      guard next >= last else { throw CorruptBytes(offset: reader.offset) }
      times.append(next)
      last = next
    }
    try runs.finish(reader)
    guard reader.isAtEnd, last == entry.last else { throw CorruptBytes(offset: reader.offset) }
    return times
  }

  private static func even(_ entry: ChunkDirectory.Times) throws(CorruptBytes) -> [Int64] {
    let steps = UInt64(max(1, entry.count - 1))
    let (step, rest) = UInt64(bitPattern: entry.last &- entry.first)
      .quotientAndRemainder(dividingBy: steps)
    guard rest == 0, entry.count > 1 || step == 0 else { throw CorruptBytes(offset: 0) }
    var time = entry.first &- Int64(bitPattern: step)
    return (0..<entry.count).map { _ in
      time &+= Int64(bitPattern: step)
      return time
    }
  }
}
