import Protocols
import SiteModel
import TestSupport
import Testing

/// Whatever a Sparkplug payload is made of, it is taken apart or refused, within the limits.
@Suite struct SparkplugFuzzTests {
  @Test func hostilePayloadsAreTakenOrRefused() {
    var fuzz = PayloadFuzz(
      seeds: Self.seeds(),
      fragments: [
        [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], [0x0A, 0x00], [0x92, 0x01], [0x8A, 0x01],
      ],
      seed: 0x5BAC)
    var (taken, refused, list) = (0, 0, PointList())
    fuzz.forEach { _, payload in
      list.removeAll()
      guard let message = SparkplugMessage(payload) else {
        refused += 1
        return
      }
      for position in 0..<message.count {
        _ = message.addPoints(
          at: position, name: Array((message.name(at: position) ?? "x").utf8)[...],
          type: message.type(at: position), to: &list)
      }
      taken += list.points.count
      for point in list.points { precondition(point.name.upperBound <= list.bytes.count) }
    }
    #expect(taken > PayloadFuzz.count / 10)
    #expect(refused > PayloadFuzz.count / 10)
  }

  private static func seeds() -> [[UInt8]] {
    typealias Metric = SparkplugPayload.Metric
    var birth = SparkplugPayload(time_ms: 1_772_352_000_000, sequence: 0)
    birth.add(Metric("bdSeq", type: 4, .long(3)))
    birth.add(Metric("voltage.a", alias: 1, type: 9, .float(230.1)))
    birth.add(Metric("text", alias: 2, type: 12, .string("2.4.1")))
    var old = Metric("energy", alias: 3, type: 10, time_ms: 5, .double(48_231.52))
    (old.isHistorical, old.quality) = (true, 192)
    birth.add(old)
    var data = SparkplugPayload(time_ms: 1_772_352_000_000, sequence: 7)
    for alias in 0..<10 { data.add(Metric(alias: UInt64(alias), type: 9, .float(1.5))) }
    var composed = SparkplugPayload(sequence: 1)
    let table = SparkplugPayload.table(
      [("u", 9), ("n", 12)], [[.float(1.5), .string("a")], [.float(2.5), .string("b")]])
    let inner = SparkplugPayload.structure([Metric("t", type: 16, table)])
    composed.add(Metric("m", type: 19, inner))
    for type in UInt32(22)...34 {
      composed.add(Metric("a", type: type, .bytes([1, 0, 0, 0, 0, 0, 0xF0, 0x3F])))
    }
    return [birth.bytes, data.bytes, composed.bytes]
  }
}
