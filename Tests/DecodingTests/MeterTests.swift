import Decoding
import SiteModel
import TestSupport
import Testing

/// Frames of meters on their way through the decoder: who speaks, what goes on in the next message,
/// and what the decoder remembers of it.
@Suite struct MeterTests {
  static let address: [UInt8] = [0x07, 0x00, 0x18, 0x09, 0x24, 0x20]
  static let voltage = MeterFrames.dlt645(control: 0x91, [0, 1, 1, 2, 0x13, 0x22])

  private func registry(_ devices: [Device]) -> Registry {
    var registry = Registry()
    for device in devices { registry.devices[device.id] = device }
    return registry
  }

  private func meter(
    _ id: String, address: String = "", gateway: String = "", model: String = ""
  ) -> Device {
    Device(
      id: id, site: "", hardware: .meter, role: .sub, address: address, gateway: gateway,
      model: model)
  }

  /// `device metric value` of each reading, and `reason` of each rejection, since the last call.
  private func results(_ bench: Bench) -> [String] {
    defer { bench.batch.removeAll() }
    return bench.batch.objects(bench.devices, Registry()).map { object in
      object["reason"]
        ?? ["device", "metric", "value"].compactMap { object[$0] }
        .joined(separator: " ")
    }
  }

  @Test func aMeterSpeaksForItself() throws {
    let own = registry([meter("M-1", address: "202409180007")])
    let foreign = registry([meter("M-1", address: "202409180008")])
    let behind = registry([
      meter("U-1"), meter("M-1", address: "2024 0918 0007", gateway: "U-1"),
    ])
    let unit = registry([
      meter("U-1", address: "000000000161"), meter("M-1", address: "202409180007", gateway: "U-1"),
    ])
    let other = MeterFrames.dlt645(
      address: [0x61, 1, 0, 0, 0, 0], control: 0x91, [0, 1, 1, 2, 0x13, 0x22])
    let scenes: [(Registry, String, [UInt8], [String])] = [
      (Registry(), "M-1", Self.voltage, ["M-1 voltage.a 221.3"]),
      (own, "M-1", Self.voltage, ["M-1 voltage.a 221.3"]),
      (foreign, "M-1", Self.voltage, ["wrong_speaker"]),
      (behind, "U-1", Self.voltage, ["M-1 voltage.a 221.3"]),
      (behind, "U-1", other + Self.voltage, ["M-1 voltage.a 221.3", "wrong_speaker"]),
      (unit, "U-1", other + Self.voltage, ["U-1 voltage.a 221.3", "M-1 voltage.a 221.3"]),
    ]
    for (registry, topic, payload, expected) in scenes {
      let bench = Bench(try Support.shipped(), registry: registry)
      try bench.decode("dlt645/\(topic)/up", payload)
      #expect(results(bench) == expected)
    }
  }

  @Test func aMeterBehindAUnitIsSeen() throws {
    let registry = registry([
      meter("U-1"), meter("M-1", address: "202409180007", gateway: "U-1"),
      meter("M-2", address: "161", gateway: "U-1"),
    ])
    let other = MeterFrames.dlt645(
      address: [0x61, 1, 0, 0, 0, 0], control: 0x91, [0, 1, 1, 2, 0x13, 0x22])
    let bench = Bench(try Support.shipped(), registry: registry)
    try bench.decode("dlt645/U-1/up", Self.voltage)
    let seen = bench.batch.sightings.map { bench.devices.name(of: $0.device) }
    #expect(seen == ["U-1", "M-1"])
    bench.batch.removeAll()
    // A commit that failed takes new devices out of the table again.
    bench.devices = DeviceTable(names: ["U-1"])
    try bench.decode("dlt645/U-1/up", Self.voltage + other)
    #expect(results(bench) == ["M-1 voltage.a 221.3", "M-2 voltage.a 221.3"])
    bench.devices = DeviceTable()
    try bench.decode("dlt645/U-1/up", Self.voltage)
    #expect(results(bench) == ["M-1 voltage.a 221.3"])
  }

  @Test func aFrameGoesOnInTheNextMessageOfItsTopic() throws {
    let bench = Bench(try Support.shipped())
    let (first, second) = (Array(Self.voltage.prefix(9)), Array(Self.voltage.dropFirst(9)))
    try bench.decode("dlt645/M-1/up", first)
    try bench.decode("dlt645/M-2/up", first)
    try bench.decode("dlt645/M-1/up", second, at: "2026-03-01T08:00:59Z")
    #expect(results(bench) == ["M-1 voltage.a 221.3"])
    try bench.decode("dlt645/M-2/up", second, at: "2026-03-01T08:01:01Z")
    #expect(results(bench) == ["incomplete", "no_frame"])
  }

  @Test func aFrameThatNeverGoesOnIsTold() throws {
    let bench = Bench(try Support.shipped())
    let receipt = Timestamp(milliseconds: 1_772_352_000_000)
    try bench.decode("dlt645/M-1/up", Array(Self.voltage.prefix(9)))
    try bench.decode("dlt645/M-2/up", Array("hello".utf8), at: "2026-03-01T08:00:01Z")
    #expect(bench.decoder.unfinishedByteCount == 14)
    #expect(!bench.decoder.isDue(receipt.advanced(byMilliseconds: 60_000)))
    let later = receipt.advanced(byMilliseconds: 60_001)
    #expect(bench.decoder.isDue(later))
    bench.batch.removeAll()
    bench.decoder.tick(later, devices: &bench.devices, into: &bench.batch)
    #expect(
      bench.batch.rejections.map(\.text) == [
        "found 9 bytes 68 07 00 18 09 24 20 68 91 on 'dlt645/M-1/up', "
          + "expected the rest of a frame within 60 s"
      ])
    #expect(!bench.decoder.isDue(later))
    #expect(bench.decoder.unfinishedByteCount == 5)
  }

  @Test func whatIsUnfinishedSurvivesARestartAndNewProfiles() throws {
    let first = Bench(try Support.shipped())
    try first.decode("dlt645/M-1/up", Array(Self.voltage.prefix(9)))
    try first.decode(
      "dlt645/M-2/up", MeterFrames.dlt645(control: 0xB1, [0, 0xFF, 1, 2, 0x01, 0x22, 0x12]))
    try first.decode("modbus/M-3/up", MeterFrames.modbus([1, 3, 0, 0x0A, 0, 2]))
    #expect(results(first) == ["M-2 voltage.a 220.1"])
    var writer = ByteWriter()
    first.decoder.write(to: &writer)
    let registry = registry([meter("M-3", model: "acrel-dtsd1352")])
    let restored = Bench(try Support.shipped(), registry: registry)
    try writer.bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      try restored.decoder.restore(from: &reader)
      #expect(reader.isAtEnd)
    }
    let second = Bench(try Support.shipped(), registry: registry)
    second.decoder.inherit(from: restored.decoder)
    try second.decode("dlt645/M-1/up", Array(Self.voltage.dropFirst(9)))
    try second.decode(
      "dlt645/M-2/up", MeterFrames.dlt645(control: 0x92, [0, 0xFF, 1, 2, 0x22, 0x99, 0x21, 1]))
    try second.decode("modbus/M-3/up", MeterFrames.modbus(registers: [0x49, 0x9870]))
    #expect(
      results(second) == [
        "M-1 voltage.a 221.3", "M-2 voltage.b 221.2", "M-2 voltage.c 219.9",
        "M-3 energy.active.import.total 48231.52",
      ])
    // Whatever a damaged state holds, it is refused or read, and never stops the program.
    var random = SeededGenerator(seed: 4)
    for _ in 0..<2_000 {
      var damaged = writer.bytes
      damaged[random.number(0...(damaged.count - 1))] = UInt8(random.number(0...255))
      if random.number(0...3) == 0 { damaged.removeLast(random.number(1...damaged.count)) }
      damaged.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        try? restored.decoder.restore(from: &reader)
      }
    }
  }

  @Test func noMoreThanTenThousandTopicsAreUnfinished() throws {
    let bench = Bench(try Support.shipped())
    let first = Array(Self.voltage.prefix(9))
    for number in 0..<10_000 { try bench.decode("dlt645/M-\(number)/up", first) }
    #expect(results(bench) == [])
    try bench.decode("dlt645/M-X/up", first)
    #expect(results(bench) == ["incomplete"])
    try bench.decode("dlt645/M-Y/up", first, at: "2026-03-01T08:02:00Z")
    #expect(bench.batch.suppressedRejectionCount == 10_000 - DecodedBatch.rejectionLimit)
    #expect(results(bench).count == DecodedBatch.rejectionLimit)
    try bench.decode(
      "dlt645/M-Y/up", Array(Self.voltage.dropFirst(9)), at: "2026-03-01T08:02:01Z")
    #expect(results(bench) == ["M-Y voltage.a 221.3"])
  }

  @Test func modelsBehindAUnitHaveTheirOwnRegisters() throws {
    let registry = registry([
      meter("U-1"), meter("M-1", address: "1", gateway: "U-1", model: "acrel-dtsd1352"),
      meter("M-2", address: "2", gateway: "U-1", model: "acrel-adw300"),
      meter("M-3", address: "3", gateway: "U-1"),
    ])
    let bench = Bench(try Support.shipped(), registry: registry)
    try bench.decode(
      "modbus/U-1/up",
      MeterFrames.modbus(slave: 2, registers: [0, 2134])
        + MeterFrames.modbus(slave: 1, registers: [2298, 2301, 2295, 1, 2, 3])
        + MeterFrames.modbus(slave: 3, registers: [1]))
    #expect(
      results(bench) == [
        "M-2 power.active.total 2.134", "M-1 voltage.a 229.8", "M-1 voltage.b 230.1",
        "M-1 voltage.c 229.5", "M-1 current.a 0.01", "M-1 current.b 0.02", "M-1 current.c 0.03",
        "nothing_mapped",
      ])
    try bench.decode("modbus/U-1/up", MeterFrames.modbus(slave: 4, registers: [1]))
    #expect(results(bench) == ["nothing_mapped"])
  }

  @Test func messagesWithoutValuesAreNoFault() throws {
    let bench = Bench(try Support.shipped())
    try bench.decode("dlt645/M-1/up", MeterFrames.dlt645(control: 0x11, [0, 1, 1, 2]))
    try bench.decode("dlt645/M-1/up", [0xFE, 0xFE, 0xFE, 0xFE])
    #expect(results(bench) == [])
    try bench.decode("dlt645/M-1/up", [])
    #expect(results(bench) == ["no_frame"])
    try bench.decode("dlt645/M-1/up", MeterFrames.dlt645(control: 0x91, [9, 9, 9, 9, 1]))
    #expect(results(bench) == ["nothing_mapped"])
    #expect(bench.batch.ignoredCount == 0)
  }
}
