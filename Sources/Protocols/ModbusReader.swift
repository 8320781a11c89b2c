/// A request whose reply is still to come; the reply itself does not say which registers it holds.
public struct ModbusRequest: Sendable, Equatable {
  /// The device on the bus.
  public var slave: UInt8
  /// 3 for holding registers, 4 for input registers.
  public var function: UInt8
  /// The first register.
  public var start: UInt16
  /// How many.
  public var count: Int

  /// A request from its parts.
  public init(slave: UInt8, function: UInt8, start: UInt16, count: Int) {
    (self.slave, self.function, self.start, self.count) = (slave, function, start, count)
  }
}

/// Turns replies of Modbus into points; the name of a point is that of its row, its source the
/// decimal number of the device on the bus.
public enum ModbusReader {
  /// Adds what a frame says, by the map of the device. `request` is the last request of the same
  /// line that was not answered.
  public static func take(
    _ frame: ModbusFrame, map: ModbusMap, request: inout ModbusRequest?, into list: inout PointList
  ) {
    switch frame.content {
    case .request(let start, let count):
      request = ModbusRequest(
        slave: frame.slave, function: frame.function, start: start, count: count)
    case .exception(let code):
      request = nil
      list.add(deviceError(frame, code))
    case .reply(let data):
      let asked = request
      request = nil
      if map.rows.isEmpty { return list.add(noModel(frame)) }
      if let slave = map.slave, slave != frame.slave {
        return list.add(foreignSlave(frame, slave))
      }
      do throws(WireFault) {
        let start = try start(of: data, frame, map, asked)
        add(data, from: start, frame, map, &list)
      } catch {
        list.add(error)
      }
    }
  }

  /// The first register of a reply: by the request before it, else by the one block that has its
  /// length.
  private static func start(
    of data: UnsafeRawBufferPointer, _ frame: ModbusFrame, _ map: ModbusMap,
    _ request: ModbusRequest?
  ) throws(WireFault) -> UInt16 {
    let part = "frame[\(frame.index)]"
    if let request, request.slave == frame.slave, request.function == frame.function {
      if request.count * 2 == data.count { return request.start }
      throw WireFault(
        .outOfOrder, part: part, found: "\(data.count) bytes of registers",
        expected: "\(request.count * 2), as the request before asked for")
    }
    var fitting: ModbusBlock?
    for block in map.blocks where block.function == frame.function {
      guard block.count * 2 == data.count else { continue }
      if let first = fitting {
        throw WireFault(
          .ambiguous, part: part, found: "\(data.count) bytes of registers and no request",
          expected: "a length that only one block of the profile has, not "
            + "\(name(first.start)) and \(name(block.start))")
      }
      fitting = block
    }
    if let fitting { return fitting.start }
    let lengths = map.blocks.filter { $0.function == frame.function }.map { "\($0.count * 2)" }
    throw WireFault(
      .nothingMapped, part: part, found: "\(data.count) bytes of registers",
      expected: lengths.isEmpty
        ? "a function of the profile's blocks, not 0\(frame.function)"
        : "\(lengths.joined(separator: " or ")), as the profile's blocks have")
  }

  private static func add(
    _ data: UnsafeRawBufferPointer, from start: UInt16, _ frame: ModbusFrame, _ map: ModbusMap,
    _ list: inout PointList
  ) {
    let source = list.keep(String(frame.slave).utf8)
    for row in map.rows where row.function == frame.function && row.register >= start {
      let place = Int(row.register - start) * 2
      guard place + row.type.registerCount * 2 <= data.count else { continue }
      guard let value = row.value(data, at: place) else {
        let bytes = data[place..<(place + row.type.registerCount * 2)]
        list.add(
          WireFault(
            .badNumber, part: "frame[\(frame.index)].\(row.name)", found: HexText.text(bytes),
            expected: "decimal digits"))
        continue
      }
      let name = list.keep(row.name.utf8)
      list.add(Point(source: source, name: name, value: value))
    }
  }

  private static func name(_ register: UInt16) -> String {
    "0x" + HexText.digits(UInt64(register), count: 4)
  }

  private static func foreignSlave(_ frame: ModbusFrame, _ expected: UInt8) -> WireFault {
    WireFault(
      .wrongSpeaker, part: "frame[\(frame.index)]", found: "slave \(frame.slave)",
      expected: "slave \(expected) of the profile")
  }

  private static func noModel(_ frame: ModbusFrame) -> WireFault {
    WireFault(
      .nothingMapped, part: "frame[\(frame.index)]",
      found: "registers of slave \(frame.slave)",
      expected: "a model in the registry whose profile says what they mean")
  }

  private static let exceptionNames: [UInt8: String] = [
    1: "illegal function", 2: "illegal data address", 3: "illegal data value",
    4: "device failure", 5: "acknowledge", 6: "device busy", 8: "memory parity error",
    10: "gateway path unavailable", 11: "gateway target did not respond",
  ]

  private static func deviceError(_ frame: ModbusFrame, _ code: UInt8) -> WireFault {
    let name = exceptionNames[code].map { ": \($0)" } ?? ""
    return WireFault(
      .deviceError, part: "frame[\(frame.index)]",
      found: "exception \(code)\(name) of slave \(frame.slave), function 0\(frame.function)",
      expected: "a value")
  }
}
