// What is said of replies of DL/T 645 that give no value.
extension DLT645Reader {
  /// Bits of the error byte, in the words of DL/T 645-2007.
  static let errorNames = [
    "another error", "no such data", "wrong password or not authorised",
    "the baud rate cannot be changed", "too many year zones", "too many day periods",
    "too many rates", "a reserved bit",
  ]

  static func part(_ frame: DLT645Frame, _ code: UInt32, digits: Int) -> String {
    "frame[\(frame.index)].DI \(HexText.digits(UInt64(code), count: digits))"
  }

  static func deviceError(_ frame: DLT645Frame) -> WireFault {
    let control = HexText.text([frame.control])
    guard frame.count > 0 else {
      return WireFault(
        .deviceError, part: "frame[\(frame.index)]", found: "an error reply (C=\(control))",
        expected: "a value")
    }
    let bits = frame[0]
    let names = errorNames.enumerated().filter { bits >> UInt8($0.offset) & 1 == 1 }
    let text = names.isEmpty ? "" : ": " + names.map(\.element).joined(separator: ", ")
    return WireFault(
      .deviceError, part: "frame[\(frame.index)]",
      found: "error \(HexText.text([bits]))\(text) (C=\(control))", expected: "a value")
  }

  static func oldFault(_ frame: DLT645Frame) -> WireFault {
    let code =
      frame.count >= 2
      ? ", DI \(HexText.digits(UInt64(frame.identifier(bytes: 2)), count: 4))" : ""
    return WireFault(
      .otherProtocol, part: "frame[\(frame.index)]",
      found: "a reply of DL/T 645-1997 (C=\(HexText.text([frame.control]))\(code))",
      expected: "DL/T 645-2007, or an identifier of 1997 that the profile lists")
  }

  static func shortFault(_ frame: DLT645Frame, _ least: Int) -> WireFault {
    WireFault(
      .incomplete, part: "frame[\(frame.index)]", found: "\(frame.count) data bytes",
      expected: "at least \(least)")
  }

  static func unfinishedFault(_ frame: DLT645Frame, _ open: DLT645FollowUp) -> WireFault {
    WireFault(
      .incomplete, part: "frame[\(frame.index)]",
      found: "a new reply while DI \(HexText.digits(UInt64(open.code), count: 8)) was unfinished",
      expected: "its part \(open.number)")
  }

  static func lengthFault(
    _ values: Range<Int>, of table: DLT645Table, _ data: DLT645Data, _ code: UInt32,
    _ digits: Int
  ) -> WireFault {
    let sizes = values.map { table.fields[$0].format.byteCount }
    let whole = sizes.reduce(0, +)
    return WireFault(
      .incomplete, part: part(data.frame, code, digits: digits),
      found: "\(data.count) bytes of value",
      expected: sizes.count > 1 ? "whole values, \(whole) bytes in all" : "\(whole)")
  }

  static func digitFault(
    _ field: DLT645Table.Field, _ data: DLT645Data, _ place: Int, _ code: UInt32, _ digits: Int
  ) -> WireFault {
    let bytes = (place..<(place + field.format.byteCount)).reversed().map { data[$0] }
    return WireFault(
      .badNumber, part: part(data.frame, code, digits: digits),
      found: HexText.text(bytes),
      expected: field.format.form.isTime ? field.format.form.rawValue : "decimal digits")
  }
}
