import SiteModel

public struct SeriesSamples: Sendable, Equatable {
  public var metric: Metric
  public var samples: [Sample]
  public init(metric: Metric, samples: [Sample]) { (self.metric, self.samples) = (metric, samples) }
}
public struct SeriesSummary: Sendable {
  public var metric: Metric
  public var count: Int
  public var first: Timestamp
  public var last: Sample
}
public enum DeviceChunk {
  public static let maximumSamples = 131_072
  public static func encode(_ series: [SeriesSamples]) -> [UInt8] {
    RecentCodec.encode(series.flatMap { s in s.samples.map { Reading(device: DeviceIndex(0), metric: s.metric, time: $0.time, value: $0.value, quality: $0.quality) } })
  }
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(CorruptBytes) -> [SeriesSamples] {
    var all: [SeriesSamples] = []
    try RecentCodec.decode(bytes) { r in
      if all.last?.metric != r.metric { all.append(SeriesSamples(metric: r.metric, samples: [])) }
      all[all.count - 1].samples.append(Sample(time: r.time, value: r.value, quality: r.quality))
    }
    return all
  }
  public static func decode(_ bytes: UnsafeRawBufferPointer, _ metric: Metric, from: Timestamp, to: Timestamp) throws(CorruptBytes) -> [Sample] {
    try decode(bytes).first { $0.metric == metric }?.samples.filter { $0.time >= from && $0.time < to } ?? []
  }
}
public enum OldChunk {
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(CorruptBytes) -> [Sample] { try ChunkCodec.decode(bytes) }
}
extension Samples {
  public static func markConflicts(_ samples: inout [Sample]) {
    guard samples.count > 1 else { return }
    var start = 0
    for end in 1...samples.count where end == samples.count || samples[end].time != samples[start].time {
      if end - start > 1 {
        let good = (start..<end).filter { samples[$0].quality == .good }
        if good.count > 1 { for g in good { samples[g].quality = .conflict } }
      }
      start = end
    }
  }
}
