import GRDB
import Series
import SiteModel

/// Samples of some series that are not in chunks yet: all of `recent`, and one bucket of `pending`
/// at a time.
struct WaitingSamples {
  private let reader: (Database, String, Int32?, (Reading) -> Void) throws -> Void
  private let devices: Set<DeviceIndex>
  private let metrics: Set<Metric>
  private let range: Range<Int64>
  private var recent: [SeriesKey: [Sample]] = [:]
  private var pending: [SeriesKey: [Sample]] = [:]
  private var bucket: Int32 = -1

  /// Reads what `recent` has of these series in a range.
  init(
    _ db: Database, _ reader: StoreReader, _ devices: Set<DeviceIndex>, _ metrics: Set<Metric>,
    _ range: Range<Int64>, _ damage: DamageLog
  ) throws {
    (self.devices, self.metrics, self.range) = (devices, metrics, range)
    self.reader = { db, table, bucket, body in
      try reader.forEachWaiting(db, table, range, bucket, noting: damage, body)
    }
    recent = try collect(db, "recent", nil)
  }

  /// Reads the bucket of a device, unless it was read last.
  mutating func load(_ db: Database, bucketOf device: DeviceIndex) throws {
    let next = device.position / Pending.bucketDevices
    guard next != bucket else { return }
    bucket = next
    pending = try collect(db, "pending", next)
  }

  /// What waits of a series, normalized; its bucket must be loaded.
  func samples(_ device: DeviceIndex, _ metric: Metric) -> [Sample] {
    let key = SeriesKey(device, metric)
    guard var samples = pending[key] else {
      guard var samples = recent[key] else { return [] }
      Samples.normalize(&samples)
      return samples
    }
    samples += recent[key] ?? []
    Samples.normalize(&samples)
    return samples
  }

  private func collect(
    _ db: Database, _ table: String, _ bucket: Int32?
  ) throws -> [SeriesKey: [Sample]] {
    var found: [SeriesKey: [Sample]] = [:]
    try reader(db, table, bucket) { reading in
      guard range.contains(reading.time.milliseconds), metrics.contains(reading.metric),
        devices.contains(reading.device)
      else { return }
      found[SeriesKey(reading.device, reading.metric), default: []].append(
        Sample(time: reading.time, value: reading.value, quality: reading.quality))
    }
    return found
  }
}
