import Series
import SiteModel
import TestSupport
import Testing

/// A series is a set: order of arrival and repeats make no difference.
@Suite struct SamplesTests {
  @Test func twoValuesAtOneInstantBothStay() {
    var samples = [sample(5, "2.0"), sample(5, "1.0"), sample(5, "2.0"), sample(1, "9")]
    Samples.normalize(&samples)
    #expect(samples == [sample(1, "9"), sample(5, "1.0"), sample(5, "2.0")])
  }

  @Test func ofEqualNumbersTheOneWithMostDecimalsStays() {
    for order in [["0.5", "0.50"], ["0.50", "0.5"]] as [[ExactDecimal]] {
      var samples = order.map { sample(1, $0) }
      Samples.normalize(&samples)
      #expect(samples.map(\.value.description) == ["0.50"])
    }
  }

  @Test func ofRepeatsTheBestQualityStays() {
    var samples = [sample(1, "3", .retained), sample(1, "3", .good)]
    Samples.normalize(&samples)
    #expect(samples == [sample(1, "3", .good)])
  }

  /// Against a plain model: whatever the split and order, merging gives what normalizing all gives.
  @Test(arguments: UInt64(0)..<200) func mergeAgreesWithTheModel(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let all = (0..<80).map { _ in
      sample(
        Int64.random(in: 0..<30, using: &generator),
        ExactDecimal(
          significand: Int128(Int.random(in: 0...2, using: &generator) * 10),
          exponent: Int.random(in: -2 ... -1, using: &generator)),
        generator.quality())
    }
    var model: [Sample] = []
    for candidate in all.sorted(by: isBetter) {
      let isKnown = model.contains { $0.time == candidate.time && $0.value == candidate.value }
      if !isKnown { model.append(candidate) }
    }
    model.sort { ($0.time, $0.value) < ($1.time, $1.value) }
    let cut = Int.random(in: 0...all.count, using: &generator)
    var (left, right) = (Array(all[..<cut].shuffled(using: &generator)), Array(all[cut...]))
    Samples.normalize(&left)
    Samples.normalize(&right)
    #expect(areIdentical(Samples.merge(left, right), model))
    #expect(areIdentical(Samples.merge(right, left), model))
    #expect(areIdentical(Samples.merge(model, left), model))
  }

  @Test func goodValuesOfOneInstantContradictEachOther() {
    var samples = [
      sample(1, "1"), sample(2, "1"), sample(2, "2", .retained), sample(2, "3"), sample(2, "4"),
      sample(3, "1", .outOfRange), sample(3, "2"), sample(4, "1"),
    ]
    Samples.markConflicts(&samples)
    #expect(
      samples.map(\.quality) == [
        .good, .conflict, .retained, .conflict, .conflict, .outOfRange, .good, .good,
      ])
    var none: [Sample] = []
    Samples.markConflicts(&none)
    #expect(none.isEmpty)
  }

  /// Against a plain model: a good sample is marked when another good one has its time.
  @Test(arguments: UInt64(0)..<100) func conflictsAgreeWithTheModel(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var samples = (0..<40).map { _ in
      sample(
        Int64(generator.number(0...25)), ExactDecimal(generator.number(0...3)), generator.quality())
    }
    Samples.normalize(&samples)
    let good = samples.filter { $0.quality == .good }.map(\.time)
    let expected = samples.map { sample in
      let isContradicted = good.filter { $0 == sample.time }.count > 1
      return sample.quality == .good && isContradicted ? .conflict : sample.quality
    }
    Samples.markConflicts(&samples)
    #expect(samples.map(\.quality) == expected)
  }

  @Test func aConflictIsNeverStored() async {
    await #expect(processExitsWith: .failure) {
      _ = RecentCodec.encode([
        Reading(
          device: DeviceIndex(0), metric: Metric(number: 1), time: Timestamp(milliseconds: 0),
          value: .zero, quality: .conflict)
      ])
    }
    await #expect(processExitsWith: .failure) {
      let sample = Sample(time: Timestamp(milliseconds: 0), value: .zero, quality: .conflict)
      _ = DeviceChunk.encode([SeriesSamples(metric: Metric(number: 1), samples: [sample])])
    }
  }

  private func isBetter(_ left: Sample, _ right: Sample) -> Bool {
    (left.value.exponent, left.quality.rawValue) < (right.value.exponent, right.quality.rawValue)
  }

  private func sample(
    _ time: Int64, _ value: ExactDecimal, _ quality: Quality = .good
  ) -> Sample {
    Sample(time: Timestamp(milliseconds: time), value: value, quality: quality)
  }
}
