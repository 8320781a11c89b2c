import Protocols
import TestSupport
import Testing

/// Hostile bytes never stop the decoders of meters, and what is kept of a line stays small.
@Suite("hostile meters")
struct MeterFuzzTests {
  @Test("random, cut, flipped and spliced", arguments: [MeterProtocol.dlt645, .dlt698, .modbus])
  func hostile(_ wire: MeterProtocol) {
    var random = SeededGenerator(seed: 1)
    var seeds = (0..<12).map { _ in MeterStreamTests.frame(wire, &random) }
    seeds += [
      MeterFrames.dlt645(control: 0xB1, [0, 0xFF, 1, 2, 0x01, 0x22, 0x12]),
      MeterFrames.dlt645(control: 0x92, [0, 0xFF, 1, 2, 0x22, 0x99, 0x21, 1]),
      MeterFrames.dlt698([0x85, 2, 0, 2, 0x20, 0, 2, 0, 1, 1, 1, 18, 8, 0xFC, 0, 0]),
      MeterFrames.modbus([1, 3, 0x01, 0x64, 0, 2]), Array("68 61 01 00".utf8),
    ]
    let fragments: [[UInt8]] = [[0x68], [0x16], [0xFE, 0xFE], [0xFF, 0xFF], Array("68".utf8)]
    var fuzz = PayloadFuzz(seeds: seeds, fragments: fragments, seed: 2)
    var bench = MeterStreamTests.bench(wire)
    var (points, faults) = (0, 0)
    fuzz.forEach { _, payload in
      bench.read(Array(payload))
      points += bench.list.points.count
      faults += bench.list.faults.count
      bench.list.removeAll()
      precondition(bench.line.bytes.count <= 2 * MeterLine.limit + 1, "a line keeps too much")
    }
    #expect(points > 2_000)
    #expect(faults > 10_000)
  }
}
