import SiteModel

/// One value of a series at one instant.
public struct Sample: Sendable, Equatable {
  /// When it was measured.
  public var time: Timestamp
  /// The exact value in the catalogue's unit, with the decimals it was written with.
  public var value: ExactDecimal
  /// Whether it may be judged.
  public var quality: Quality

  /// A sample from its parts.
  public init(time: Timestamp, value: ExactDecimal, quality: Quality = .good) {
    self.time = time
    self.value = value
    self.quality = quality
  }
}

/// Orders samples and removes repeats. A series is a set: the order of arrival, and how often a
/// sample came, make no difference to what is read back. Two different values at one instant both
/// stay.
public enum Samples {
  /// Sorts by time, then value, and keeps one of each time and numerically equal value: the one
  /// written with the most decimals, then the one of the best quality.
  public static func normalize(_ samples: inout [Sample]) {
    if isStrictlyRising(samples) { return }
    samples.sort(by: precedes)
    removeRepeats(&samples)
  }

  /// The union of two normalized lists, normalized.
  public static func merge(_ left: [Sample], _ right: [Sample]) -> [Sample] {
    if left.isEmpty { return right }
    if right.isEmpty { return left }
    if let end = left.last, let start = right.first, end.time < start.time { return left + right }
    var merged: [Sample] = []
    merged.reserveCapacity(left.count + right.count)
    var (l, r) = (0, 0)
    while l < left.count, r < right.count {
      if precedes(right[r], left[l]) {
        merged.append(right[r])
        r += 1
      } else {
        merged.append(left[l])
        l += 1
      }
    }
    merged.append(contentsOf: left[l...])
    merged.append(contentsOf: right[r...])
    removeRepeats(&merged)
    return merged
  }

  /// Marks good samples of one instant that contradict each other, in a normalized list. A sample
  /// that is not good contradicts none.
  public static func markConflicts(_ samples: inout [Sample]) {
    guard var time = samples.first?.time else { return }
    var good = samples[0].quality == .good ? 0 : nil
    for position in samples.indices.dropFirst() {
      let isGood = samples[position].quality == .good
      if samples[position].time != time {
        time = samples[position].time
        good = isGood ? position : nil
      } else if isGood, let first = good {
        samples[first].quality = .conflict
        samples[position].quality = .conflict
      } else if isGood {
        good = position
      }
    }
  }

  private static func isStrictlyRising(_ samples: [Sample]) -> Bool {
    guard var last = samples.first?.time else { return true }
    for sample in samples.dropFirst() {
      if sample.time <= last { return false }
      last = sample.time
    }
    return true
  }

  private static func precedes(_ left: Sample, _ right: Sample) -> Bool {
    if left.time != right.time { return left.time < right.time }
    if left.value != right.value { return left.value < right.value }
    if left.value.exponent != right.value.exponent {
      return left.value.exponent < right.value.exponent
    }
    return left.quality.rawValue < right.quality.rawValue
  }

  private static func removeRepeats(_ samples: inout [Sample]) {
    guard samples.count > 1 else { return }
    var kept = 1
    for position in 1..<samples.count {
      let (sample, last) = (samples[position], samples[kept - 1])
      if sample.time == last.time && sample.value == last.value { continue }
      samples[kept] = sample
      kept += 1
    }
    samples.removeLast(samples.count - kept)
  }
}
