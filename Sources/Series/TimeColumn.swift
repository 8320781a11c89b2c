import SiteModel

/// The times of a column, given their count, first and last: nothing when they are evenly spaced;
/// otherwise the usual step, the divisor of what differs from it, the coding, and range-coded by
/// how much each time is off from even steps.
enum TimeColumn {
  /// True when the samples have just these times.
  static func isSame(_ times: [Int64], _ samples: [Sample]) -> Bool {
    guard times.count == samples.count else { return false }
    return zip(times, samples).allSatisfy { $0 == $1.time.milliseconds }
  }

  static func encode(_ times: [Int64]) -> [UInt8] {
    let usual = usualStep(times)
    let buffer = NumberBuffer(count: times.count)
    for position in times.indices {
      buffer.start[position] = times[position] &- times[0] &- usual &* Int64(position)
    }
    // Steps beyond 2^61 (times of a broken file) would not fit; even steps fit always.
    var step: Int64 = 1
    if buffer.numbers.allSatisfy({ $0.magnitude < 1 << 61 }) { step = buffer.reduce().step }
    if step == 0 { return [] }
    var choice = CodingChoice(buffer)
    if let predictor = PredictorFit.predictor(of: buffer) { choice.consider(predictor) }
    let coding = choice.finish()
    var writer = ByteWriter()
    writer.signed(usual)
    writer.signed(step)
    coding.write(to: &writer)
    var coder = RangeEncoder(room: times.count + 64)
    coding.run(buffer, count: times.count, others: [], &coder) { _, _ in }
    coder.finish().withUnsafeBytes { writer.raw($0) }
    return writer.bytes
  }

  /// The middle one of the steps; of evenly spaced times their step.
  private static func usualStep(_ times: [Int64]) -> Int64 {
    var steps = zip(times.dropFirst(), times).map { $0 &- $1 }
    if steps.isEmpty { return 0 }
    if steps.allSatisfy({ $0 == steps[0] }) { return steps[0] }
    steps.sort()
    return steps[steps.count / 2]
  }

  static func decode(
    _ bytes: UnsafeRawBufferPointer, _ entry: ChunkDirectory.Times
  ) throws(CorruptBytes) -> [Int64] {
    if bytes.isEmpty { return try even(entry) }
    var reader = ByteReader(bytes)
    let usual = try reader.signed()
    let step = try reader.signed()
    let coding = try NumberCoding(&reader)
    guard coding.predictor?.references.isEmpty ?? true else {
      throw CorruptBytes(offset: reader.offset)
    }
    let buffer = NumberBuffer(count: entry.count)
    var coder = RangeDecoder(UnsafeRawBufferPointer(rebasing: bytes[reader.offset...]))
    coding.run(buffer, count: entry.count, others: [], &coder) { _, _ in }
    var times: [Int64] = []
    times.reserveCapacity(entry.count)
    var last = entry.first
    for position in 0..<entry.count {
      let time = entry.first &+ usual &* Int64(position) &+ step &* buffer.start[position]
      guard time >= last else { throw CorruptBytes(offset: reader.offset) }
      times.append(time)
      last = time
    }
    guard times[0] == entry.first, last == entry.last else { throw CorruptBytes(offset: 0) }
    return times
  }

  private static func even(_ entry: ChunkDirectory.Times) throws(CorruptBytes) -> [Int64] {
    let steps = UInt64(max(1, entry.count - 1))
    let (step, rest) = UInt64(bitPattern: entry.last &- entry.first)
      .quotientAndRemainder(dividingBy: steps)
    guard rest == 0, entry.count > 1 || step == 0 else { throw CorruptBytes(offset: 0) }
    return (0..<entry.count).map { entry.first &+ Int64(bitPattern: step) &* Int64($0) }
  }
}
