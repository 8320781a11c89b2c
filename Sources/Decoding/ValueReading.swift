import Protocols
import SiteModel

/// Why a value cannot become a reading.
struct ValueFault: Error {
  let reason: RejectionReason
  let expected: String
}

extension DeviceProfile {
  /// The value of a node in its catalogue unit, by the rule at a position.
  func value(
    of node: JSONNode, by rule: Int, ratios: DeviceDirectory.Ratios
  ) throws(ValueFault) -> ExactDecimal {
    if plan.rules[rule].words >= 0 { return try meaning(of: node, in: plan.rules[rule].words) }
    let number: ExactDecimal
    switch node.type {
    case .number, .text: number = try Self.number(node.textBytes)
    case .yes, .no:
      guard plan.rules[rule].takesTruth else { throw Self.wrongType }
      return ExactDecimal(node.type == .yes ? 1 : 0)
    case .object, .list, .null: throw Self.wrongType
    }
    return try scaled(number, by: rule, ratios)
  }

  /// The text of a node: a JSON text, or a number as it is written.
  static func text(of node: JSONNode) throws(ValueFault) -> String {
    guard node.type == .text || node.type == .number else {
      throw ValueFault(reason: .wrongType, expected: textExpected)
    }
    return try text(node.textBytes)
  }

  /// A text that can be kept as a value.
  static func text(_ bytes: UnsafeRawBufferPointer) throws(ValueFault) -> String {
    guard bytes.count <= TextTable.lengthLimit, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
      let text = String(validating: bytes, as: UTF8.self)
    else { throw ValueFault(reason: .badText, expected: textExpected) }
    return text
  }

  private static let textExpected =
    "a text of at most \(TextTable.lengthLimit) bytes without control characters"

  /// The value of a code in a table; -1 without one.
  func find(_ sent: UnsafeRawBufferPointer, in table: CodeTable) -> Int {
    let code = UnsafeRawBufferPointer(
      start: sent.baseAddress, count: max(0, sent.count - table.withoutLast))
    switch table.match {
    case .exact: return Int(plan.words.find(code, in: table.words))
    case .suffix:
      for length in table.lengths where length <= code.count {
        let value = find(code, (code.count - length)..<code.count, in: table)
        if value >= 0, Self.beginsWord(code, code.count - length) { return value }
      }
    case .contains:
      for length in table.lengths where length <= code.count {
        for start in 0...(code.count - length) {
          let value = find(code, start..<(start + length), in: table)
          if value >= 0, !Self.cutsNumber(code, start..<(start + length)) { return value }
        }
      }
    }
    return -1
  }

  private func find(
    _ code: UnsafeRawBufferPointer, _ part: Range<Int>, in table: CodeTable
  ) -> Int {
    Int(plan.words.find(UnsafeRawBufferPointer(rebasing: code[part]), in: table.words))
  }

  /// True when the ending of a code from `start` on is a word of its own: all of the code, digits,
  /// or what follows a separator of levels. After `_`, `-` and `.` names go on: `battery_voltage`.
  private static func beginsWord(_ code: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    if start == 0 || code[start - 1] == UInt8(ascii: "/") || code[start - 1] == UInt8(ascii: ":") {
      return true
    }
    return code[start...].allSatisfy { (48...57).contains($0) }
  }

  /// True when a digit at an edge of the part goes on outside of it: 8098 is not in 198098465.
  private static func cutsNumber(_ code: UnsafeRawBufferPointer, _ part: Range<Int>) -> Bool {
    func isDigit(_ place: Int) -> Bool {
      code.indices.contains(place) && (48...57).contains(code[place])
    }
    return isDigit(part.lowerBound) && isDigit(part.lowerBound - 1)
      || isDigit(part.upperBound - 1) && isDigit(part.upperBound)
  }

  /// The words of a list, for error messages.
  func expectedWords(_ scope: Int32) -> String {
    let all = plan.words.keys(in: scope)
    let listed = all.prefix(12).joined(separator: ", ")
    return "one of \(listed)" + (all.count > 12 ? ", …" : "")
  }

  private func meaning(of node: JSONNode, in scope: Int32) throws(ValueFault) -> ExactDecimal {
    guard let word = node.word else {
      throw ValueFault(reason: .wrongType, expected: expectedWords(scope))
    }
    let value = plan.words.find(word, in: scope)
    guard value >= 0 else {
      throw ValueFault(reason: .unknownWord, expected: expectedWords(scope))
    }
    return plan.values[Int(value)]
  }

  /// A number in its catalogue unit; `factor` stands for the row's where it is given.
  func scaled(
    _ number: ExactDecimal, by rule: Int, _ ratios: DeviceDirectory.Ratios,
    factor: ExactDecimal? = nil
  ) throws(ValueFault) -> ExactDecimal {
    if factor == nil, !plan.rules[rule].isScaled, plan.rules[rule].ratio == .none {
      return number
    }
    do throws(DecimalError) {
      var value = try number.multiplied(by: factor ?? plan.rules[rule].factor)
      let ratio = plan.rules[rule].ratio
      if ratio == .pt || ratio == .both { value = try value.multiplied(by: ratios.pt) }
      if ratio == .ct || ratio == .both { value = try value.multiplied(by: ratios.ct) }
      guard Self.isKept(value) else { throw .tooManyDigits }
      return value
    } catch {
      throw Self.tooLong
    }
  }

  /// The number that a text stands for.
  static func number(_ text: UnsafeRawBufferPointer) throws(ValueFault) -> ExactDecimal {
    do throws(DecimalError) {
      return try ExactDecimal(parsing: text)
    } catch {
      throw error == .malformed
        ? ValueFault(reason: .badNumber, expected: "a decimal number") : tooLong
    }
  }

  /// True when a scaled value has no more digits than a parsed one may have.
  private static func isKept(_ value: ExactDecimal) -> Bool {
    let limit: UInt128 = 1_000_000_000_000_000_000
    if value.significand.magnitude < limit { return true }
    return value.normalized.significand.magnitude < limit
  }

  private static let wrongType = ValueFault(reason: .wrongType, expected: "a decimal number")

  static let tooLong = ValueFault(
    reason: .numberTooLong,
    expected: "a number of at most \(ExactDecimal.maximumDigits) digits, scaled or not")
}
