import Foundation
import GRDB
import Series
import SiteModel

/// Which samples one scan of the `samples` table gives.
struct SampleFilter {
  /// Name of the one device; nil for all.
  var device: String?
  /// The one metric; nil for all.
  var metric: Metric?
  /// First and last millisecond, both included.
  var times: ClosedRange<Int64>
}

/// Walks samples one at a time: device by device in the order of their numbers, of each device
/// stretch by stretch of time, in each metric by metric. Of one series that is the order of time.
/// No more than one stretch of one device is in memory.
final class SampleScan {
  private let source: SampleSource
  private let filter: SampleFilter
  private var device: (index: DeviceIndex, name: String)?
  private var stretches: [SampleSource.Stretch] = []
  private var nextStretch = 0
  /// What waits for compaction, and is not given yet.
  private var waiting: [Metric: [Sample]] = [:]
  private var batches: [(metric: Metric, samples: [Sample])] = []
  private var batch = 0
  private var position = 0

  /// A scan that stands before its first sample.
  init(_ source: SampleSource, _ filter: SampleFilter) {
    self.source = source
    self.filter = filter
  }

  /// The sample that it stands on; nil before the first and after the last.
  var current: (device: String, metric: Metric, sample: Sample)? {
    guard let device, batch < batches.count else { return nil }
    return (device.name, batches[batch].metric, batches[batch].samples[position])
  }

  /// The text that a value of a text metric stands for; nil when the file does not have it.
  func text(of value: ExactDecimal) -> String? { source.texts.text(of: value) }

  /// Goes to the next sample; false when there is none.
  func advance() throws -> Bool {
    position += 1
    if batch < batches.count, position < batches[batch].samples.count { return true }
    (batch, position) = (batch + 1, 0)
    while batch >= batches.count {
      if nextStretch > stretches.count || device == nil {
        guard try enterNextDevice() else {
          (device, batches) = (nil, [])
          return false
        }
      }
      try loadStretch()
    }
    return true
  }

  private func enterNextDevice() throws -> Bool {
    if filter.device != nil, device != nil { return false }
    device =
      if let name = filter.device {
        try source.device(named: name)
      } else {
        try source.device(after: device?.index)
      }
    guard let device else { return false }
    stretches = try source.stretches(of: device.index, filter.times)
    waiting = try source.waiting(of: device.index, filter)
    nextStretch = 0
    return true
  }

  /// Reads the next stretch, or what waits behind the last one.
  private func loadStretch() throws {
    var series: [Metric: [Sample]] = [:]
    if nextStretch < stretches.count {
      let stretch = stretches[nextStretch]
      for chunk in stretch.chunks { try source.read(chunk, filter, into: &series) }
      for (metric, samples) in waiting {
        let due = samples.prefix { $0.ms <= stretch.lastMs }
        series[metric] = Samples.merge(series[metric] ?? [], Array(due))
        waiting[metric] = Array(samples.dropFirst(due.count))
      }
    } else {
      series = waiting
    }
    nextStretch += 1
    (batch, position) = (0, 0)
    batches = series.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { series in
      var samples = series.value
      Samples.markConflicts(&samples)
      return (series.key, samples)
    }
  }
}
