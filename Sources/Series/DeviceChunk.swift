import SiteModel

/// All samples of one metric of a device.
public struct SeriesSamples: Sendable, Equatable {
  /// Which quantity.
  public var metric: Metric
  /// In order of time; see ``Samples/normalize(_:)``.
  public var samples: [Sample]

  /// The samples of a metric.
  public init(metric: Metric, samples: [Sample]) {
    self.metric = metric
    self.samples = samples
  }
}

/// What a chunk's directory says of one series.
public struct SeriesSummary: Sendable, Equatable {
  /// Which quantity.
  public var metric: Metric
  /// How many samples the chunk has of it, at least one.
  public var count: Int
  /// Time of the earliest sample.
  public var first: Timestamp
  /// The latest sample.
  public var last: Sample
}

/// The bytes of one chunk: all series of one device over a stretch of time.
///
/// Layout: a directory (``ChunkDirectory``) with a checksum of its own, the distinct time columns
/// (metrics of one message share theirs), the value columns. Each column carries its checksum, so
/// that damage costs the series it hits, and those that were coded by what they have in common with
/// it (``ReferenceSearch``), and no other.
public enum DeviceChunk {
  /// Most samples of a chunk, of all its series; bounds what damaged bytes can make a reader
  /// allocate.
  public static let maximumSamples = 131_072
  /// Largest magnitude of a stored exponent.
  public static let maximumExponent = 100

  /// The chunk of series that are in order of metric, none empty, each normalized
  /// (``Samples/normalize(_:)``), with exponents within ±``maximumExponent`` and no quality
  /// `conflict`.
  public static func encode(_ series: [SeriesSamples]) -> [UInt8] {
    check(series)
    return ChunkWriter(series).encode()
  }

  /// All series of a chunk. Bytes that ``encode(_:)`` did not write are refused.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CorruptBytes) -> [SeriesSamples] {
    var reader = try ChunkReader(bytes)
    try reader.requireEnd()
    var series: [SeriesSamples] = []
    series.reserveCapacity(reader.directory.series.count)
    for position in reader.directory.series.indices {
      series.append(try reader.series(position))
    }
    return series
  }

  /// This metric's samples with `from` <= time < `to`; none when the chunk has none. Only the
  /// columns of the metric are read, and these not beyond `to`.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, _ metric: Metric, from: Timestamp, to: Timestamp
  ) throws(CorruptBytes) -> [Sample] {
    var reader = try ChunkReader(bytes)
    let found = reader.directory.series.firstIndex { $0.metric == metric }
    guard let position = found, from < to else { return [] }
    return try reader.samples(position, from: from.milliseconds, to: to.milliseconds)
  }

  /// What the directory says, without decoding a column.
  public static func summaries(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CorruptBytes) -> [SeriesSummary] {
    let directory = try ChunkReader(bytes).directory
    return directory.series.map { entry in
      let times = directory.times[entry.timeIndex]
      return SeriesSummary(
        metric: entry.metric, count: times.count, first: Timestamp(milliseconds: times.first),
        last: entry.last)
    }
  }

  /// Like ``decode(_:)``, but a damaged series is left out and named. A nil among the damaged
  /// stands for damage that no series can be named for.
  public static func salvage(
    _ bytes: UnsafeRawBufferPointer
  ) -> (series: [SeriesSamples], damaged: [Metric?]) {
    guard var reader = try? ChunkReader(bytes) else { return ([], [nil]) }
    var series: [SeriesSamples] = []
    var damaged: [Metric?] = []
    for position in reader.directory.series.indices {
      do throws(CorruptBytes) {
        series.append(try reader.series(position))
      } catch {
        damaged.append(reader.directory.series[position].metric)
      }
    }
    let isComplete = (try? reader.requireEnd()) != nil
    if damaged.isEmpty && !isComplete { damaged.append(nil) }
    return (series, damaged)
  }

  private static func check(_ series: [SeriesSamples]) {
    var total = 0
    var last: Metric?
    for one in series {
      precondition(last.map { $0 < one.metric } ?? true, "series must be in order of metric")
      precondition(!one.samples.isEmpty, "a series of a chunk has a sample")
      last = one.metric
      total += one.samples.count
    }
    precondition(total <= maximumSamples, "\(total) samples are too many for a chunk")
  }
}
