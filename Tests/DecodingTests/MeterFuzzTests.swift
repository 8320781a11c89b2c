import Decoding
import SiteModel
import TestSupport
import Testing

/// Hostile frames on topics of meters, through the whole decoder and with its memory: it never
/// stops, and what it remembers stays small. The long run is part of `make soak`.
@Suite struct MeterFuzzTests {
  @Test func hostileFramesNeverStopTheDecoder() throws {
    var registry = Registry()
    for (id, address) in [("M-1", "202409180007"), ("M-2", "1"), ("M-3", "2")] {
      registry.devices[id] = Device(
        id: id, site: "", hardware: .meter, role: .sub, address: address, gateway: "U",
        model: id == "M-3" ? "acrel-adw300" : "acrel-dtsd1352")
    }
    let bench = Bench(try Support.shipped(), registry: registry)
    let topics = ["dlt645/M/up", "dlt645/U/up", "dlt698/U/up", "modbus/U/up", "acrel-adw300/A/up"]
    let seeds: [[UInt8]] = [
      MeterTests.voltage + MeterFrames.dlt645(control: 0xD1, [4]),
      MeterFrames.dlt645(control: 0xB1, [0, 0xFF, 1, 2, 0x01, 0x22, 0x12]),
      MeterFrames.dlt698([0x85, 1, 0, 0, 0x10, 2, 0, 1, 1, 2, 6, 0, 0, 0, 9, 6, 0, 0, 0, 1, 0, 0]),
      MeterFrames.modbus([1, 3, 0, 0x0A, 0, 2]) + MeterFrames.modbus(registers: [0, 7]),
      MeterFrames.modbus(slave: 2, registers: [0, 2134]), Array("68 07 00 18".utf8),
    ]
    let fragments: [[UInt8]] = [
      [0x68], [0xFE, 0xFE, 0x68], [0x16], [0xFF, 0xFF], Array("68".utf8),
    ]
    var fuzz = PayloadFuzz(seeds: seeds, fragments: fragments, seed: 645)
    var (readings, rejections, number) = (0, 0, 0)
    for _ in 0..<PayloadFuzz.count {
      let input = fuzz.next()
      number += 1
      try bench.decode(topics[number % topics.count], input.bytes)
      readings += bench.batch.readings.count
      rejections += bench.batch.rejections.count
      bench.batch.removeAll()
    }
    #expect(readings > 5_000)
    #expect(rejections > 20_000)
    var writer = ByteWriter()
    bench.decoder.write(to: &writer)
    #expect(writer.bytes.count < 10_000)
  }

  /// Frames whose sum is right, of every identifier, with data that need not be.
  @Test func hostileDataOfEveryIdentifierNeverStopTheDecoder() throws {
    let bench = Bench(try Support.shipped())
    let codes = DLT645IdentifierTests.lines.map { Array(MeterFrames.bytes($0.code).reversed()) }
    let controls: [UInt8] = [0x91, 0x91, 0x91, 0xB1, 0x92, 0xB2]
    let counts = [1, 2, 3, 4, 5, 6, 7, 12, 20, 60]
    var random = SeededGenerator(seed: 2007)
    var (readings, events, rejections) = (0, 0, 0)
    for _ in 0..<PayloadFuzz.count {
      let code = codes[random.number(0...(codes.count - 1))]
      // Any bytes, digits, or digits that make dates.
      let most = [nil, 99, 12][random.number(0...2)]
      let data = (0..<counts[random.number(0...(counts.count - 1))]).map { _ in
        let number = random.number(0...(most ?? 255))
        return UInt8(most == nil ? number : number / 10 * 16 + number % 10)
      }
      let control = code.count == 2 ? 0x81 : controls[random.number(0...(controls.count - 1))]
      try bench.decode("dlt645/M-1/up", MeterFrames.dlt645(control: control, code + data))
      readings += bench.batch.readings.count
      events += bench.batch.events.count
      rejections += bench.batch.rejections.count
      bench.batch.removeAll()
    }
    #expect(readings > 10_000)
    #expect(events > 200)
    #expect(rejections > 10_000)
  }
}
