import Protocols
import SiteModel
import TestSupport
import Testing

/// A line that is cut anywhere says the same as one message with all of it.
@Suite("lines of meters")
struct MeterStreamTests {
  @Test("any cut gives the same points", arguments: [MeterProtocol.dlt645, .dlt698, .modbus])
  func anyCut(_ wire: MeterProtocol) {
    var random = SeededGenerator(seed: 645)
    for round in 0..<500 {
      let frames = (0...random.number(0...4)).flatMap { _ in Self.frame(wire, &random) }
      let isHex = random.number(0...2) == 0
      let payload = isHex ? Self.hex(frames, &random) : frames
      var whole = Self.bench(wire)
      whole.read(payload)
      var cut = Self.bench(wire)
      var rest = payload[...]
      while !rest.isEmpty {
        let piece = rest.prefix(random.number(1...max(1, payload.count)))
        cut.read(Array(piece))
        rest = rest.dropFirst(piece.count)
      }
      #expect(cut.points == whole.points, "seed 645, round \(round)")
      #expect(cut.faults == [], "seed 645, round \(round)")
      #expect(whole.faults == [], "seed 645, round \(round)")
      #expect(!whole.points.isEmpty, "seed 645, round \(round)")
      #expect(cut.line.isEmpty, "seed 645, round \(round)")
    }
  }

  @Test("a beginning without its rest is told when the next frame comes")
  func lostRest() {
    let frame = MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x13, 0x22])
    var bench = MeterBench.dlt645()
    bench.read(Array(frame.prefix(12)))
    #expect(bench.faults == [] && bench.line.bytes.count == 12)
    bench.read(frame)
    #expect(bench.points == ["02010100=221.3"])
    #expect(
      bench.faults == [
        "found the beginning of a frame in the message before, expected the rest of it"
      ])
    #expect(bench.line.isEmpty)
  }

  @Test("digits after bytes, bytes after digits, and a stray digit")
  func changesOfForm() {
    let frame = MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x13, 0x22])
    let text = Array(HexText.text(frame, limit: 99).utf8)
    var bench = MeterBench.dlt645()
    bench.read(Array(frame.prefix(5)))
    bench.read(text)
    bench.read(Array(text.prefix(20)))
    bench.read(frame)
    bench.read(text + [UInt8(ascii: "F")])
    bench.read(text)
    #expect(bench.points == Array(repeating: "02010100=221.3", count: 4))
    #expect(bench.reasons == ["incomplete"])
    #expect(bench.line.isEmpty)
  }

  @Test("what never ends is dropped")
  func endless() {
    var bench = MeterBench(.dlt698)
    let unit = [UInt8](repeating: 0, count: 2_000)
    let frame = MeterFrames.dlt698([0x85, 1, 0, 0, 0x10, 2, 0, 1, 9, 0x82, 0x07, 0xD0] + unit)
    bench.read(Array(frame.prefix(600)))
    #expect(bench.line.isEmpty)
    #expect(bench.faults == ["found 600 bytes of a frame without its end, expected at most 512"])
    bench.read(frame)
    #expect(bench.points.count == 1)
  }

  static func bench(_ wire: MeterProtocol) -> MeterBench {
    guard wire == .modbus else { return wire == .dlt645 ? .dlt645() : MeterBench(wire) }
    var bench = MeterBench(.modbus)
    bench.map = ModbusTests.map
    bench.map.rows.removeAll { $0.type == .bcd }
    return bench
  }

  static func frame(_ wire: MeterProtocol, _ random: inout SeededGenerator) -> [UInt8] {
    var digits: [UInt8] { (0..<4).map { _ in UInt8(random.number(0...9)) } }
    switch wire {
    case .dlt645:
      let noise = [UInt8](repeating: 0xFE, count: random.number(0...4))
      let codes: [[UInt8]] = [[0, 0, 1, 0], [0, 0, 0, 0], [0, 2, 0x90, 0]]
      let code = codes[random.number(0...2)]
      return noise
        + MeterFrames.dlt645(address: random.bytes(6), control: 0x91, code + digits)
    case .dlt698:
      let unit = [0x85, 1, 0, 0, 0x10, 2, 0, 1, 1, 1, 6] + random.bytes(4) + [0, 0]
      return MeterFrames.dlt698(address: random.bytes(6), unit)
    case .modbus:
      let registers = random.bytes(3).map { UInt16($0) * 256 + 3 }
      return MeterFrames.modbus(slave: UInt8(random.number(1...247)), registers: registers)
    }
  }

  private static func hex(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    let text = HexText.text(bytes, limit: bytes.count)
    let form = random.number(0...2)
    let plain = form == 0 ? text : text.filter { $0 != " " }
    return Array((form == 2 ? plain.lowercased() : plain).utf8)
  }
}
