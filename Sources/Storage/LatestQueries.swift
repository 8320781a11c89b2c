import GRDB
import Series
import SiteModel

/// The newest sample of one series.
public struct LatestSample: Sendable, Equatable {
  /// Whose series it is.
  public var device: DeviceIndex
  /// Of what.
  public var metric: Metric
  /// Its newest sample; of several at one instant the largest.
  public var sample: Sample
}

extension StoreReader {
  /// The newest sample of every series of one device, or of all, by device and metric.
  public func latest(of device: DeviceIndex? = nil) throws(StoreError) -> [LatestSample] {
    try read { db in
      var newest: [SeriesKey: Sample] = [:]
      let filter = device == nil ? "" : "WHERE device = ?"
      let rows = try Row.fetchCursor(
        db, sql: "SELECT * FROM latest \(filter)",
        arguments: device.map { [$0.position] } ?? [])
      while let row = try rows.next() {
        let text: String = row["value"]
        guard let value = ExactDecimal(stored: text) else {
          throw StoreError(.corrupt("latest: '\(text)' is not a number"), path: path)
        }
        let metric = Metric(number: UInt16(truncatingIfNeeded: row["metric"] as Int))
        newest[SeriesKey(DeviceIndex(row["device"]), metric)] = Sample(
          time: Timestamp(milliseconds: row["time_ms"]), value: value,
          quality: Quality(rawValue: row["quality"]) ?? .good)
      }
      let take = { (reading: Reading) in
        guard device == nil || reading.device == device else { return }
        let key = SeriesKey(reading.device, reading.metric)
        let sample = Sample(time: reading.time, value: reading.value, quality: reading.quality)
        guard let known = newest[key], (known.time, known.value) >= (sample.time, sample.value)
        else {
          newest[key] = sample
          return
        }
      }
      let bucket = device.map { $0.position / Pending.bucketDevices }
      try forEachWaiting(db, "pending", .min ..< .max, bucket, take)
      try forEachWaiting(db, "recent", .min ..< .max, nil, take)
      return newest.sorted { $0.key < $1.key }.map { key, sample in
        LatestSample(device: key.device, metric: key.metric, sample: sample)
      }
    }
  }
}

extension StoreReader {
  /// Those of the devices whose newest event of the link (`device.link`) says that they are gone,
  /// and since when; of Sparkplug devices, which tell when they are there again, also those that
  /// were not heard since the link to the broker was lost, and `max`, because whatever they sent
  /// came before.
  public func goneDevices(
    among devices: [DeviceIndex]
  ) throws(StoreError) -> [DeviceIndex: Timestamp] {
    try read { db in
      var gone: [DeviceIndex: Timestamp] = [:]
      let newest = try db.cachedStatement(
        sql: """
          SELECT id, state, code, time_ms FROM event WHERE device = ? AND alarm = 'device.link'
          ORDER BY time_ms DESC, id DESC LIMIT 1
          """)
      let lost =
        try Int64.fetchOne(
          db, sql: "SELECT value FROM counter WHERE name = ?", arguments: [Store.linkLoss]) ?? 0
      for device in devices {
        guard let row = try Row.fetchOne(newest, arguments: [device.position]) else { continue }
        if row["state"] == EventState.offline.rawValue {
          gone[device] = Timestamp(milliseconds: row["time_ms"])
        } else if row["id"] <= lost, Self.sparkplugWords.contains(row["code"]) {
          gone[device] = .max
        }
      }
      return gone
    }
  }

  /// Kinds of messages by which Sparkplug nodes and devices come and go.
  private static let sparkplugWords: Set<String> = [
    "NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA",
  ]
}

extension ExactDecimal {
  /// A number as ``description`` wrote it, with as many digits as can be held.
  init?(stored text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let digits = Int128(parts.joined()) else { return nil }
    self.init(significand: digits, exponent: parts.count == 2 ? -parts[1].utf8.count : 0)
  }
}
