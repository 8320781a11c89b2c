import Foundation
import SiteModel
import Testing

@testable import Simulator

/// What a fleet publishes: the same bytes for a seed, in order, with the stated shares.
@Suite struct FleetTests {
  /// Changes only with what the simulator publishes; a new value must be explained.
  private static let golden: UInt64 = 10_382_868_337_333_823_006

  /// FNV-1a over everything that a broker would see.
  private func hash(_ options: FleetOptions) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for message in Fleet(options).messages() {
      message.topic.utf8.forEach(take)
      message.payload.forEach(take)
      String(message.publishAt.milliseconds).utf8.forEach(take)
    }
    return hash
  }

  @Test func theSameSeedGivesTheSameBytes() {
    var options = Sample.options()
    options.sites = 10
    options.outages = 2
    options.silentDevices = 2
    #expect(hash(options) == Self.golden)
    options.seed = 8
    #expect(hash(options) != Self.golden)
  }

  @Test func messagesComeInOrderAndRepetitionsAreTheSameMessage() {
    var stream = Fleet(Sample.options()).messages()
    var latest = Timestamp(milliseconds: 0)
    var seen: [UInt64: SimulatedMessage] = [:]
    var (repeated, disorders) = (0, 0)
    while let message = stream.next() {
      if message.publishAt < latest { disorders += 1 }
      latest = message.publishAt
      if let first = seen[message.id] {
        repeated += 1
        if first.payload != message.payload || first.topic != message.topic { disorders += 1 }
      }
      seen[message.id] = message
    }
    #expect(disorders == 0)
    let totals = stream.totals
    #expect(totals.messages == seen.count)
    #expect(totals.publications == seen.count + repeated)
    // 5 permille each of 12 500 messages, ± 5 standard deviations.
    #expect((20...105).contains(repeated))
    #expect((20...105).contains(totals.late))
  }

  @Test func everyShapeIsPublishedAsValidJSON() throws {
    let options = Sample.options()
    let plan = Plan(options)
    let shapes = Dictionary(uniqueKeysWithValues: plan.sources.map { ($0.topic, $0.shape) })
    var seen: [Shape: Int] = [:]
    for message in Fleet(options).messages() {
      let shape = try #require(shapes[message.topic])
      seen[shape, default: 0] += 1
      if seen[shape, default: 0] <= 50 {
        #expect(message.payload.count <= 2048)
        _ = try JSONSerialization.jsonObject(with: Data(message.payload))
      }
    }
    #expect(seen.count == Shape.allCases.count)
  }

  @Test func theMetricsOfEveryShapeAreInTheCatalogue() {
    for shape in Shape.allCases {
      for metric in shape.metrics { #expect(MetricCatalogue.metric(named: metric) != nil) }
    }
  }

  @Test func aStoppedFleetOnlyHandsOutWhatIsLateAlready() {
    var options = Sample.options()
    options.latePermille = 500
    var stream = Fleet(options).messages()
    var last = options.start
    for _ in 0..<2_000 { last = stream.next()?.publishAt ?? last }
    let made = stream.totals.messages
    stream.stop()
    var rest = 0
    while stream.next() != nil { rest += 1 }
    #expect(rest > 0)
    #expect(stream.totals.messages == made)
    #expect(stream.truth.allSatisfy { $0.kind != "device.silent" || $0.begin <= last })
  }

  @Test func compressedTimeIsPublishedFaster() throws {
    var options = Sample.options()
    options.timeCompression = 60
    let fleet = Fleet(options)
    let stream = fleet.messages()
    let message = try #require(stream.first { $0.publishAt.since(options.start) >= 600_000 })
    let delay = fleet.publishDelayMilliseconds(of: message)
    #expect(delay == message.publishAt.since(options.start) / 60)
    #expect(fleet.registry.devices.contains(",1,5\n"))
  }

  @Test func tenThousandSitesBeginAtOnce() {
    var options = FleetOptions()
    options.sites = 10_000
    options.outages = 100
    options.silentDevices = 100
    let fleet = Fleet(options)
    #expect((20_000...40_000).contains(fleet.deviceCount))
    #expect(fleet.messages().prefix(1_000).reduce(0) { sum, _ in sum + 1 } == 1_000)
  }
}
