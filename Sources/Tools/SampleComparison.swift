import SiteModel
import Storage

/// Compares which samples a part of the devices has with which follow from the journal. Repeats
/// make no difference, and a value counts as a number, because a repeat may be written with other
/// decimals.
struct SampleComparison {
  /// A series.
  struct Key: Hashable, Comparable {
    var device: DeviceIndex
    var metric: Metric

    static func < (left: Key, right: Key) -> Bool {
      (left.device, left.metric) < (right.device, right.metric)
    }
  }

  /// How far a series is off.
  struct Difference {
    var series: Key
    /// Samples that follow, but are not stored.
    var missing = 0
    /// Samples that are stored, but do not follow.
    var extra = 0
  }

  private let pass: Int
  private let passes: Int
  private let floors: [DeviceIndex: Timestamp]
  private var damaged: [DeviceIndex: [DamagedSamples]] = [:]
  private var damagedAnywhere: [DamagedSamples] = []
  private var stored: [Key: [Int]] = [:]
  private var recomputed: [Key: [Int]] = [:]

  /// A comparison of every `passes`-th device. What is older than a device's floor was removed and
  /// is left out.
  init(pass: Int, passes: Int, floors: [DeviceIndex: Timestamp]) {
    (self.pass, self.passes, self.floors) = (pass, passes, floors)
  }

  /// Takes what the file has; to be called before `add`.
  mutating func load(_ reader: StoreReader) throws(StoreError) {
    let (pass, passes, floors) = (pass, passes, floors)
    var stored: [Key: [Int]] = [:]
    let isAsked = { (device: DeviceIndex) in Int(device.position) % passes == pass }
    let found = try reader.forEachReadableSample(isAsked) { reading in
      if let floor = floors[reading.device], reading.time < floor { return }
      stored[Key(device: reading.device, metric: reading.metric), default: []]
        .append(Self.hash(reading))
    }
    self.stored = stored
    for part in found {
      if let device = part.device {
        damaged[device, default: []].append(part)
      } else {
        damagedAnywhere.append(part)
      }
    }
  }

  /// Takes a reading that follows from the journal.
  mutating func add(_ reading: Reading) {
    guard Int(reading.device.position) % passes == pass else { return }
    if let floor = floors[reading.device], reading.time < floor { return }
    recomputed[Key(device: reading.device, metric: reading.metric), default: []]
      .append(isLost(reading) ? Self.hash(reading) ^ 1 : Self.hash(reading))
  }

  /// Every series that is off. What may lie in damaged bytes is not missed.
  mutating func differences() -> [Difference] {
    var differences: [Difference] = []
    for series in Set(stored.keys).union(recomputed.keys).sorted(by: <) {
      let (left, right) = (Set(stored[series] ?? []), Set(recomputed[series] ?? []))
      // The lowest bit marks what may be in damaged bytes.
      let expected = Set(right.map { $0 & ~1 })
      let missing = right.count { $0 & 1 == 0 && !left.contains($0) }
      let extra = left.count { !expected.contains($0) }
      guard missing > 0 || extra > 0 else { continue }
      differences.append(Difference(series: series, missing: missing, extra: extra))
    }
    return differences
  }

  private func isLost(_ reading: Reading) -> Bool {
    damaged[reading.device]?.contains { $0.mayHold(reading) } == true
      || damagedAnywhere.contains { $0.mayHold(reading) }
  }

  /// A hash whose lowest bit is 0.
  private static func hash(_ reading: Reading) -> Int {
    var hasher = Hasher()
    hasher.combine(reading.time)
    hasher.combine(reading.value)
    return hasher.finalize() & ~1
  }
}
