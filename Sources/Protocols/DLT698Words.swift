// Names of DL/T 698.45 for people: results of access, and application layer units.
extension DLT698Reader {
  /// The results of access (DAR) that are errors.
  static let errorNames: [UInt8: String] = [
    1: "hardware failure", 2: "temporary failure", 3: "reading or writing refused",
    4: "object not defined", 5: "wrong interface class of the object", 6: "no such object",
    7: "type does not match", 8: "out of range", 9: "data block not available",
    10: "transfer of segments was cancelled", 11: "no transfer of segments",
    12: "block writing was cancelled", 13: "no block writing", 14: "wrong number of a block",
    15: "wrong password or not authorised", 16: "the baud rate cannot be changed",
    17: "too many year zones", 18: "too many day periods", 19: "too many rates",
    20: "security does not match", 21: "paid in twice", 22: "ESAM check failed",
    23: "security check failed", 24: "wrong customer number", 25: "wrong count of payments",
    26: "more bought than may be stored", 27: "odd address", 28: "symmetric decryption failed",
    29: "asymmetric decryption failed", 30: "wrong signature", 31: "the meter is suspended",
    32: "time tag not valid", 33: "request timed out", 255: "another error",
  ]

  /// An application layer unit by its first byte.
  static func name(ofUnit unit: UInt8) -> String {
    let names: [UInt8: String] = [
      0x81: "LINK-Response", 0x82: "CONNECT-Response", 0x83: "RELEASE-Response",
      0x84: "RELEASE-Notification", 0x86: "SET-Response", 0x87: "ACTION-Response",
      0x89: "PROXY-Response", 0x90: "SECURITY-Response", 0x10: "SECURITY-Request",
      0xEE: "ERROR-Response",
    ]
    let code = HexText.text([unit])
    return names[unit].map { "\($0) (\(code))" } ?? "an unknown unit (\(code))"
  }
}
