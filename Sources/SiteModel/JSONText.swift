/// Writes one JSON object (RFC 8259) key by key, in the order of the calls.
public struct JSONText: Sendable {
  private var body = ""

  /// An empty object.
  public init() {}

  /// The object's text, without line breaks.
  public var text: String { "{" + body + "}" }

  /// True while nothing was added.
  public var isEmpty: Bool { body.isEmpty }

  /// A text value.
  public mutating func add(_ key: String, _ value: String) { raw(key, Self.quoted(value)) }

  /// A text value; left out when nil.
  public mutating func add(_ key: String, _ value: String?) {
    if let value { add(key, value) }
  }

  /// A decimal, written as text so that no reader turns it into a binary fraction.
  public mutating func add(_ key: String, _ value: ExactDecimal) { add(key, value.description) }

  /// A whole number.
  public mutating func add(_ key: String, _ value: Int64) { raw(key, String(value)) }

  /// A truth value.
  public mutating func add(_ key: String, _ value: Bool) { raw(key, value ? "true" : "false") }

  /// `null`.
  public mutating func addNull(_ key: String) { raw(key, "null") }

  /// A value that is JSON text already.
  public mutating func raw(_ key: String, _ json: String) {
    if !body.isEmpty { body += "," }
    body += Self.quoted(key) + ":" + json
  }

  /// A JSON string: quotes, backslashes and control characters are escaped.
  public static func quoted(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }) {
      return "\"" + text + "\""
    }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          let hex = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  /// A JSON array of elements that are JSON text already.
  public static func array(_ elements: [String]) -> String {
    "[" + elements.joined(separator: ",") + "]"
  }
}
