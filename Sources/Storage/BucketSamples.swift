import Series
import SiteModel

/// Collects the readings of one bucket by series. A table with a place for every possible series of
/// the bucket spares the hot path a hash.
struct BucketSamples {
  /// The catalogue's numbers stay below this.
  private static let metrics = 1_024

  private var places = [Int32](
    repeating: -1, count: Int(Pending.bucketDevices) * BucketSamples.metrics)
  private var keys: [SeriesKey] = []
  private var samples: [[Sample]] = []

  /// Adds a reading of the bucket.
  mutating func add(_ reading: Reading) {
    let sample = Sample(time: reading.time, value: reading.value, quality: reading.quality)
    let device = Int(reading.device.position % Pending.bucketDevices)
    precondition(reading.metric.number < Self.metrics, "no metric has such a number")
    let place = device * Self.metrics + Int(reading.metric.number)
    if places[place] < 0 {
      places[place] = Int32(samples.count)
      keys.append(SeriesKey(reading.device, reading.metric))
      samples.append([])
    }
    samples[Int(places[place])].append(sample)
  }

  /// Gives each device's series, in order of their metrics, normalized.
  mutating func forEachDevice(_ body: (DeviceIndex, [SeriesSamples]) throws -> Void) throws {
    var device: [SeriesSamples] = []
    var current: DeviceIndex?
    for place in keys.indices.sorted(by: { keys[$0] < keys[$1] }) {
      let key = keys[place]
      if let current, current != key.device {
        try body(current, device)
        device.removeAll(keepingCapacity: true)
      }
      current = key.device
      Samples.normalize(&samples[place])
      device.append(SeriesSamples(metric: key.metric, samples: samples[place]))
    }
    if let current { try body(current, device) }
  }
}
