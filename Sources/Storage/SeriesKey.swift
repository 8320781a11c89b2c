import GRDB
import SiteModel

/// Names one series: device and metric in one number, which hashes and sorts fast.
struct SeriesKey: Hashable, Comparable {
  private let number: Int64

  init(_ device: DeviceIndex, _ metric: Metric) {
    number = Int64(device.position) << 16 | Int64(metric.number)
  }

  /// Whose series it is.
  var device: DeviceIndex { DeviceIndex(Int32(truncatingIfNeeded: number >> 16)) }
  /// Of what.
  var metric: Metric { Metric(number: UInt16(truncatingIfNeeded: number)) }

  static func < (left: SeriesKey, right: SeriesKey) -> Bool { left.number < right.number }

  /// Device and metric as the tables hold them.
  var arguments: StatementArguments { [number >> 16, number & 0xFFFF] }
}
