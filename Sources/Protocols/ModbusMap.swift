import SiteModel

/// How the registers of a value are to be read.
public enum ModbusType: String, Sendable, CaseIterable {
  /// One register without a sign.
  case u16
  /// One register in two's complement.
  case i16
  /// Two registers without a sign.
  case u32
  /// Two registers in two's complement.
  case i32
  /// Four registers without a sign.
  case u64
  /// Four registers in two's complement.
  case i64
  /// Two registers, a binary fraction of IEEE 754.
  case f32
  /// One register of four decimal digits.
  case bcd
  /// Two registers of eight decimal digits.
  case bcd32

  /// Registers that it takes.
  public var registerCount: Int {
    switch self {
    case .u16, .i16, .bcd: 1
    case .u32, .i32, .f32, .bcd32: 2
    case .u64, .i64: 4
    }
  }
}

/// In which order the bytes of a value stand; `ABCD` is the standard's, highest first.
public enum ModbusOrder: String, Sendable, CaseIterable {
  /// Highest byte first.
  case highFirst = "ABCD"
  /// Lowest register first, highest byte first within each.
  case lowRegisterFirst = "CDAB"
  /// Highest register first, lowest byte first within each.
  case lowByteFirst = "BADC"
  /// Lowest byte first.
  case lowFirst = "DCBA"

  var hasLowRegisterFirst: Bool { self == .lowRegisterFirst || self == .lowFirst }
  var hasLowByteFirst: Bool { self == .lowByteFirst || self == .lowFirst }
}

/// One value of a device's registers.
public struct ModbusRow: Sendable, Equatable {
  /// Its name in the profile: the first register as it is written there.
  public var name: String
  /// 3 for holding registers, 4 for input registers.
  public var function: UInt8
  /// The first register.
  public var register: UInt16
  /// How its registers are read.
  public var type: ModbusType
  /// In which order its bytes stand.
  public var order: ModbusOrder

  /// A row from its parts.
  public init(
    name: String, function: UInt8, register: UInt16, type: ModbusType, order: ModbusOrder
  ) {
    (self.name, self.function, self.register) = (name, function, register)
    (self.type, self.order) = (type, order)
  }
}

/// Registers that a transmission unit reads at once.
public struct ModbusBlock: Sendable, Equatable {
  /// 3 for holding registers, 4 for input registers.
  public var function: UInt8
  /// The first register.
  public var start: UInt16
  /// How many, 1…125.
  public var count: Int

  /// A block from its parts.
  public init(function: UInt8, start: UInt16, count: Int) {
    (self.function, self.start, self.count) = (function, start, count)
  }
}

/// What the registers of one model mean, and which replies are to be expected of it. Data, not
/// code: a profile fills it.
public struct ModbusMap: Sendable, Equatable {
  /// The device's number on the bus; nil for any.
  public var slave: UInt8?
  /// The replies that there are.
  public var blocks: [ModbusBlock]
  /// The values within them.
  public var rows: [ModbusRow]

  /// A map from its parts.
  public init(slave: UInt8? = nil, blocks: [ModbusBlock], rows: [ModbusRow]) {
    (self.slave, self.blocks, self.rows) = (slave, blocks, rows)
  }
}

extension ModbusRow {
  /// The value in the bytes of a reply that begin at `start`; nil when a digit is none.
  func value(_ data: UnsafeRawBufferPointer, at start: Int) -> PointValue? {
    let count = type.registerCount
    var raw: UInt64 = 0
    for position in 0..<count {
      let register = order.hasLowRegisterFirst ? count - 1 - position : position
      let (first, second) = (data[start + register * 2], data[start + register * 2 + 1])
      let (high, low) = order.hasLowByteFirst ? (second, first) : (first, second)
      raw = raw << 16 | UInt64(high) << 8 | UInt64(low)
    }
    switch type {
    case .u16, .u32, .u64: return .number(ExactDecimal(significand: Int128(raw), exponent: 0))
    case .i16: return .number(ExactDecimal(Int(Int16(truncatingIfNeeded: raw))))
    case .i32: return .number(ExactDecimal(Int(Int32(truncatingIfNeeded: raw))))
    case .i64: return .number(ExactDecimal(Int(Int64(bitPattern: raw))))
    case .f32:
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: raw))
      return FloatText.decimal(Double(value), single: true).map { .number($0) } ?? .missing
    case .bcd, .bcd32: return Self.decimal(raw, digits: count * 4)
    }
  }

  private static func decimal(_ raw: UInt64, digits: Int) -> PointValue? {
    var value = 0
    for position in (0..<digits).reversed() {
      let digit = Int(raw >> UInt64(position * 4) & 0x0F)
      if digit > 9 { return nil }
      value = value * 10 + digit
    }
    return .number(ExactDecimal(value))
  }
}
