import Protocols
import TestSupport
import Testing

@Suite("Modbus RTU")
struct ModbusTests {
  static let map = ModbusMap(
    blocks: [
      ModbusBlock(function: 3, start: 0x61, count: 3),
      ModbusBlock(function: 3, start: 0x164, count: 8),
      ModbusBlock(function: 4, start: 0x10, count: 8),
      ModbusBlock(function: 4, start: 0x40, count: 8),
    ],
    rows: [
      row("0x0061", .u16), row("0x0062", .i16), row("0x0063", .bcd), row("0x0164", .i32),
      row("0x0166", .f32), row("0x0168", .u64),
    ])

  static func row(
    _ name: String, _ type: ModbusType, function: UInt8 = 3, order: ModbusOrder = .highFirst
  ) -> ModbusRow {
    ModbusRow(
      name: name, function: function, register: UInt16(name.dropFirst(2), radix: 16) ?? 0,
      type: type, order: order)
  }

  private func bench(_ map: ModbusMap = ModbusTests.map) -> MeterBench {
    var bench = MeterBench(.modbus)
    bench.map = map
    return bench
  }

  @Test("replies are known by their length")
  func lengths() {
    var bench = bench()
    bench.read(MeterFrames.modbus(registers: [2298, 0xFFFE, 0x1234]))
    bench.read(
      MeterFrames.modbus(registers: [0xFFFF, 0xFFFE, 0x4049, 0x0FDB, 0, 0, 1, 2]))
    #expect(
      bench.points == [
        "0x0061=2298", "0x0062=-2", "0x0063=1234", "0x0164=-2", "0x0166=3.1415927",
        "0x0168=65538",
      ])
    #expect(Set(bench.sources) == ["1"])
    #expect(bench.faults == [])
  }

  @Test("a request before the reply decides, in the same message or the one before")
  func requests() {
    let request = MeterFrames.modbus([1, 3, 0x01, 0x64, 0, 2])
    let reply = MeterFrames.modbus(registers: [0, 7])
    var bench = bench()
    bench.read(request + reply)
    bench.read(request)
    bench.read(reply)
    #expect(bench.points == ["0x0164=7", "0x0164=7"])
    bench.read(reply)
    #expect(bench.reasons == ["nothing_mapped"])
    bench.read(request + MeterFrames.modbus(registers: [1, 2, 3]))
    #expect(bench.reasons == ["nothing_mapped", "out_of_order"])
  }

  @Test("orders of bytes")
  func orders() {
    let registers: [(ModbusOrder, [UInt16])] = [
      (.highFirst, [0x0102, 0x0304]), (.lowRegisterFirst, [0x0304, 0x0102]),
      (.lowByteFirst, [0x0201, 0x0403]), (.lowFirst, [0x0403, 0x0201]),
    ]
    for (order, values) in registers {
      var bench = bench(
        ModbusMap(
          blocks: [ModbusBlock(function: 3, start: 0, count: 2)],
          rows: [Self.row("0x0000", .u32, order: order)]))
      bench.read(MeterFrames.modbus(registers: values))
      #expect(bench.points == ["0x0000=16909060"])
    }
  }

  @Test("refusals, wrong checks and what nobody expects are named")
  func faults() {
    var broken = MeterFrames.modbus(registers: [2298, 0, 0])
    broken[4] ^= 1
    let scenes: [([UInt8], String, String)] = [
      (
        MeterFrames.modbus([7, 0x83, 2]), "device_error",
        "frame[0]: found exception 2: illegal data address of slave 7, function 03"
      ),
      (broken, "bad_checksum", "frame[0]: found CRC "),
      (
        MeterFrames.modbus(registers: [1]), "nothing_mapped",
        "frame[0]: found 2 bytes of registers, expected 6 or 16, as the profile's blocks have"
      ),
      (
        MeterFrames.modbus(function: 4, registers: [1, 2, 3, 4, 5, 6, 7, 8]), "ambiguous",
        "frame[0]: found 16 bytes of registers and no request"
      ),
      (
        MeterFrames.modbus(registers: [0, 0, 0x12A4]), "bad_number",
        "frame[0].0x0063: found 12 A4, expected decimal digits"
      ),
      (Array("hello".utf8), "no_frame", "found the text 'hello', expected a Modbus RTU"),
    ]
    for (payload, reason, text) in scenes {
      var bench = bench()
      bench.read(payload)
      #expect(bench.reasons == [reason])
      #expect(bench.faults.first?.hasPrefix(text) == true, "\(bench.faults)")
    }
  }

  @Test("a slave that the profile does not have")
  func foreignSlave() {
    var map = Self.map
    map.slave = 9
    var bench = bench(map)
    bench.read(MeterFrames.modbus(registers: [2298, 0, 0]))
    #expect(bench.reasons == ["wrong_speaker"] && bench.points == [])
  }
}
