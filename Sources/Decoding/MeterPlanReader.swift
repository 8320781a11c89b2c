import Protocols
import SiteModel

/// Reads what a profile says of the frames of meters: how the values of identifiers are written,
/// which identifiers are blocks of others, which registers there are.
struct MeterPlanReader {
  private let wire: WireProtocol
  /// DL/T 645: the formats by the names of the rows, in the order of the profile.
  private var formats: [(name: String, format: DLT645Format)] = []
  private var rows: [ModbusRow] = []

  init(_ wire: WireProtocol) { self.wire = wire }

  /// Reads the keys of a row that are about its frame.
  mutating func readRow(_ code: String, _ row: ConfigSection) {
    switch wire {
    case .dlt645:
      let text = row.text("format")
      let isSigned = row.flag("signed", default: false)
      guard let format = DLT645Format(text, isSigned: isSigned) else {
        let expected =
          "X, H or N for each digit, an even number up to \(DLT645Format.digitLimit), such as "
          + "XXXXXX.XX, or a time such as YYMMDDhhmm"
        return text.isEmpty ? () : row.report("format", "found '\(text)', expected \(expected)")
      }
      formats.append((code, format))
    case .modbus: readRegister(code, row)
    default: break
    }
  }

  /// An identifier that holds a begin and an end, in a record of `bytes` bytes.
  mutating func readPeriod(_ code: String, _ row: ConfigSection) {
    let limits = DLT645Format.periodBytes
    let bytes = row.integer("bytes", default: limits.lowerBound, in: limits)
    formats.append((code, .period(bytes: bytes)))
  }

  private mutating func readRegister(_ code: String, _ row: ConfigSection) {
    let types = ModbusType.allCases.map(\.rawValue)
    let orders = ModbusOrder.allCases.map(\.rawValue)
    let type = ModbusType(rawValue: row.choice("type", of: types))
    let order = ModbusOrder(rawValue: row.choice("order", of: orders, default: "ABCD"))
    let function = row.integer("function", default: 3, in: 3...4)
    guard let register = Self.register(code) else {
      return row.report("type", "'\(code)' is no register, expected one such as 0x0061 or 97")
    }
    guard let type, let order else { return }
    rows.append(
      ModbusRow(
        name: code, function: UInt8(function), register: register, type: type, order: order))
  }

  /// What the rows and the keys `blocks` of `values` and `registers` of the profile say together.
  func plan(
    _ section: ConfigSection, _ values: ConfigSection, zoneSeconds: Int
  ) -> MeterPlan? {
    switch wire {
    case .dlt645: .dlt645(identifiers(values, zoneSeconds: zoneSeconds))
    case .dlt698: .dlt698(DLT698Reader(zoneSeconds: zoneSeconds))
    case .modbus: .modbus(map(section))
    default: nil
    }
  }

  private func identifiers(_ values: ConfigSection, zoneSeconds: Int) -> DLT645Reader {
    var reader = DLT645Reader(zoneSeconds: zoneSeconds)
    let blocks = values.section("blocks")
    let known = Dictionary(formats.map { ($0.name, $0.format) }, uniquingKeysWith: { $1 })
    for code in blocks?.keys ?? [] {
      let names = blocks?.texts(code) ?? []
      let members = names.compactMap { name in known[name].map { (name: name, format: $0) } }
      if members.count < names.count {
        let missing = names.first { known[$0] == nil } ?? ""
        blocks?.report(code, "'\(missing)' is not in the table")
      } else if !Self.insert(code, members, isBlock: true, &reader) {
        blocks?.report(code, Self.codeText(code))
      }
    }
    // A name with a slash is a member of a block and no identifier of its own.
    for row in formats
    where !row.name.contains("/") && !Self.insert(row.name, [row], isBlock: false, &reader) {
      values.report("table", Self.codeText(row.name))
    }
    return reader
  }

  private static func codeText(_ code: String) -> String {
    "'\(code)' is no identifier of eight (or, for the edition of 1997, four) hexadecimal digits, "
      + "stands there twice, or has no values or more than \(DLT645Table.valueLimit)"
  }

  private static func insert(
    _ code: String, _ values: [(name: String, format: DLT645Format)], isBlock: Bool,
    _ reader: inout DLT645Reader
  ) -> Bool {
    guard let number = UInt32(code, radix: 16) else { return false }
    switch code.utf8.count {
    case 8: return reader.table.insert(number, values, isBlock: isBlock)
    case 4: return reader.oldTable.insert(number, values, isBlock: isBlock)
    default: return false
    }
  }

  private func map(_ section: ConfigSection) -> ModbusMap {
    guard let registers = section.section("registers") else {
      section.report("registers", "is missing, expected { blocks: [{ function, start, count }] }")
      return ModbusMap(blocks: [], rows: [])
    }
    let slave = registers.integer("slave", default: 0, in: 0...255)
    let blocks = registers.sections("blocks").map { block in
      let function = block.integer("function", default: 3, in: 3...4)
      let start = Self.register(block.text("start"))
      let count = block.integer("count", default: nil, in: 1...125)
      if start == nil { block.report("start", "expected a register such as 0x0061 or 97") }
      block.finish()
      return ModbusBlock(function: UInt8(function), start: start ?? 0, count: count)
    }
    registers.finish()
    return ModbusMap(slave: slave == 0 ? nil : UInt8(slave), blocks: blocks, rows: rows)
  }

  /// A register as `0x0061` or `97`.
  private static func register(_ text: String) -> UInt16? {
    text.hasPrefix("0x") ? UInt16(text.dropFirst(2), radix: 16) : UInt16(text)
  }
}
