import SiteModel

/// How the database file is kept.
public struct StoreOptions: Sendable, Equatable {
  /// When a commit counts as durable.
  public enum Synchronous: String, Sendable, CaseIterable {
    /// Every commit waits for the disk: a power cut loses nothing that was acknowledged.
    case full
    /// Commits reach the disk with the next checkpoint: a killed process loses nothing, a power cut
    /// may lose the last seconds.
    case normal
  }

  /// Default: ``Synchronous/full``.
  public var synchronous = Synchronous.full
  /// Largest size of the database file in MB (2^20 bytes, 1…1 000 000 000), the write-ahead log
  /// not counted; nil, the default, for no limit but the disk's.
  public var maximumSizeMB: Int?
  /// Seconds to wait for another process's write, 0…600; 10 by default.
  public var busyTimeoutSeconds = 10
  /// Samples that wait as they were committed before ``Store/compactIfNeeded(force:now:)`` files
  /// them by bucket, 1…100 000 000; 250 000 by default.
  public var recentSamplesLimit = 250_000
  /// Batches that may wait so, 1…100 000; 1 000 by default.
  public var recentBatchesLimit = 1_000
  /// Samples of a bucket of 128 devices that wait before they are taken into chunks,
  /// 1…100 000 000; 200 000 by default.
  public var bucketSamplesLimit = 200_000
  /// Milliseconds after which they are taken in all the same, 1…10^9; two hours by default.
  public var bucketAgeMilliseconds: Int64 = 7_200_000
  /// Samples after which one step takes no further row of a bucket, 1…100 000 000; 400 000 by
  /// default.
  public var compactionStepSamples = 400_000
  /// Samples of a full chunk, of all series of its device, 2…65 536, which is the default.
  public var chunkSamples = 65_536
  /// Samples of one series in a full chunk, 2…65 536; 4 096 by default.
  public var chunkSeriesSamples = 4_096
  /// Chunks of a device that are merged with what is added once so many are not much larger than
  /// it, 1…32; 3 by default.
  public var chunksMerged = 3
  /// Newest quarantined messages whose text is kept, 0…10 000 000; 10 000 by default. Counts per
  /// reason are kept for ever, and the journal has every byte.
  public var quarantineRowsLimit = 10_000
  /// Shapes of unusable messages that are told apart, 1…1 000 000; 10 000 by default. Those that
  /// were not seen for longest give way.
  public var unknownShapesLimit = 10_000
  /// Messages of which nothing could be used that are kept, 0…100 000 000; 1 000 000 by default.
  /// The oldest give way.
  public var heldMessagesLimit = 1_000_000
  /// Bytes of their topics and payloads, 0…2^40; 256 MiB by default.
  public var heldBytesLimit = 256 << 20
  /// Newest notification numbers whose rows are kept once delivered or failed, 0…10 000 000;
  /// 100 000 by default. Pending ones are never removed.
  public var outboxRowsLimit = 100_000

  /// Newest histories of device alarms that are kept once they are finished, 0…100 000 000;
  /// 1 000 000 by default. Those that go on are never removed, and the journal has what all of them
  /// rest on.
  public var alarmRowsLimit = 1_000_000

  /// Days that raw samples are kept, 0…36 500; 0, the default, for ever.
  public var rawRetentionDays = 0
  /// Days that hourly roll-ups are kept, 0…36 500; 0, the default, for ever.
  public var hourlyRetentionDays = 0
  /// Days that daily roll-ups are kept, 0…36 500; 0, the default, for ever.
  public var dailyRetentionDays = 0
  /// Days that the journal is kept, 0…36 500; 0, the default, for ever.
  public var journalRetentionDays = 0
  /// Metrics with hourly roll-ups; registers of energy by default.
  public var rollupHour = MetricPatterns.energy
  /// Metrics with daily roll-ups; all by default.
  public var rollupDay = MetricPatterns.all

  /// The defaults.
  public init() {}

  /// Everything that is out of range; `file` is where the options were written.
  public func validate(file: String) -> [Problem] {
    let ranges: [(String, Int, ClosedRange<Int>)] = [
      ("maximum_size_mb", maximumSizeMB ?? 1, 1...1_000_000_000),
      ("busy_timeout_seconds", busyTimeoutSeconds, 0...600),
      ("recent_samples_limit", recentSamplesLimit, 1...100_000_000),
      ("recent_batches_limit", recentBatchesLimit, 1...100_000),
      ("bucket_samples_limit", bucketSamplesLimit, 1...100_000_000),
      ("bucket_age_ms", Int(bucketAgeMilliseconds), 1...1_000_000_000),
      ("compaction_step_samples", compactionStepSamples, 1...100_000_000),
      ("chunk_samples", chunkSamples, 2...65_536),
      ("chunks_merged", chunksMerged, 1...32),
      ("chunk_series_samples", chunkSeriesSamples, 2...65_536),
      ("quarantine_rows_limit", quarantineRowsLimit, 0...10_000_000),
      ("unknown_shapes_limit", unknownShapesLimit, 1...1_000_000),
      ("held_messages_limit", heldMessagesLimit, 0...100_000_000),
      ("held_bytes_limit", heldBytesLimit, 0...1 << 40),
      ("outbox_rows_limit", outboxRowsLimit, 0...10_000_000),
      ("alarm_rows_limit", alarmRowsLimit, 0...100_000_000),
      ("raw_retention_days", rawRetentionDays, 0...36_500),
      ("hourly_retention_days", hourlyRetentionDays, 0...36_500),
      ("daily_retention_days", dailyRetentionDays, 0...36_500),
      ("journal_retention_days", journalRetentionDays, 0...36_500),
    ]
    return ranges.filter { !$0.2.contains($0.1) }.map { name, value, range in
      let text = "\(name): found \(value), expected \(range.lowerBound) to \(range.upperBound)"
      return Problem(file: file, line: 0, text: text)
    }
  }
}
