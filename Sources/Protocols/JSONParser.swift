import CSimdjson

/// One value of a parsed document; see `CSimdjson.h`.
public typealias JSONNode = sitewatt_json_node

/// Owns the memory of the JSON parser and turns one payload after the other into nodes.
public final class JSONParser {
  private let handle: OpaquePointer

  /// A parser without a document.
  public init() {
    guard let handle = sitewatt_json_create() else {
      preconditionFailure("there is no memory for a JSON parser")
    }
    self.handle = handle
  }

  deinit { sitewatt_json_destroy(handle) }

  /// The nodes of the document in `input`, the root first; valid until the next call. Another 64
  /// bytes after `input` must be readable.
  public func parse(_ input: UnsafeRawBufferPointer) throws(JSONFault) -> UnsafeBufferPointer<
    JSONNode
  > {
    guard let start = input.baseAddress, input.count > 0 else { throw JSONFault(.empty) }
    if Self.isUTF16(input) { throw JSONFault(.notUTF8, "UTF-16") }
    var nodes: UnsafePointer<JSONNode>?
    var count: UInt32 = 0
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    let status = sitewatt_json_parse(handle, bytes, input.count, &nodes, &count)
    guard status == sitewatt_json_ok else { throw JSONFault(status) }
    return UnsafeBufferPointer(start: nodes, count: Int(count))
  }

  /// True for a byte order mark of UTF-16, or a document that can only be UTF-16: one of its first
  /// two bytes is zero and the other is none.
  private static func isUTF16(_ input: UnsafeRawBufferPointer) -> Bool {
    guard input.count > 1 else { return false }
    switch (input[0], input[1]) {
    case (0xFF, 0xFE), (0xFE, 0xFF): return true
    case (0, let second): return second != 0
    case (_, let second): return second == 0
    }
  }
}

/// Why a payload is not a JSON document that can be read.
public struct JSONFault: Error {
  /// The word for it.
  public let reason: RejectionReason
  /// What was found instead of a document.
  public let found: String

  fileprivate enum Own { case empty }

  fileprivate init(_ own: Own) { (reason, found) = (.malformed, "nothing") }

  fileprivate init(_ status: sitewatt_json_status) {
    switch status {
    case sitewatt_json_empty: (reason, found) = (.malformed, "nothing but white space")
    case sitewatt_json_not_utf8: (reason, found) = (.notUTF8, "bytes that are not UTF-8")
    case sitewatt_json_bad_string:
      (reason, found) = (.malformed, "a text with a wrong escape or a bare control character")
    case sitewatt_json_bad_number: (reason, found) = (.malformed, "a number that is not JSON's")
    case sitewatt_json_bad_literal:
      (reason, found) = (.malformed, "a word that is not true, false or null")
    case sitewatt_json_unfinished: (reason, found) = (.malformed, "a document that is cut off")
    case sitewatt_json_trailing_content:
      (reason, found) = (.malformed, "something after the end of the document")
    case sitewatt_json_not_a_container: (reason, found) = (.malformed, "a single value")
    case sitewatt_json_too_deep:
      (reason, found) = (.tooDeep, "more than \(sitewatt_json_depth_limit) levels of nesting")
    case sitewatt_json_too_many_nodes:
      (reason, found) = (.tooManyValues, "more than \(sitewatt_json_node_limit) values")
    case sitewatt_json_too_large, sitewatt_json_out_of_memory:
      (reason, found) = (.tooLarge, "more than the parser's memory can hold")
    default: (reason, found) = (.malformed, "a comma, colon or bracket out of place")
    }
  }
}

extension JSONNode {
  /// The text of a string, the digits of a number, or `true` and `false`; nil for the rest.
  public var word: UnsafeRawBufferPointer? {
    switch Kind(kind) {
    case .text, .number: textBytes
    case .yes: Self.bytes(of: "true")
    case .no: Self.bytes(of: "false")
    default: nil
    }
  }

  /// The unescaped text of a string, or the digits of a number.
  public var textBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text, count: Int(text_length))
  }

  /// The unescaped key, empty for an element of a list.
  public var keyBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: key, count: Int(key_length))
  }

  /// Position of the first node behind it and all that it contains.
  public var end: Int { Int(next) }

  /// What kind of value it is.
  public var type: Kind { Kind(kind) }

  /// The kinds of JSON values.
  public enum Kind: UInt8 {
    /// `{ … }`
    case object = 0
    /// `[ … ]`
    case list
    /// A string.
    case text
    /// A number, as it is written.
    case number
    /// `true`
    case yes
    /// `false`
    case no
    /// `null`
    case null

    init(_ code: UInt8) { self = Kind(rawValue: code) ?? .null }
  }

  /// What stands there, for error messages.
  public var found: String {
    switch type {
    case .object: "an object"
    case .list: "a list"
    case .null: "null"
    case .yes: "true"
    case .no: "false"
    case .text: "'\(Self.shortened(textBytes))'"
    case .number: "the number \(Self.shortened(textBytes))"
    }
  }

  private static func bytes(of text: StaticString) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  private static func shortened(_ bytes: UnsafeRawBufferPointer) -> String {
    let limit = 60
    let text = String(decoding: bytes.prefix(limit * 4), as: UTF8.self)
    return bytes.count > limit ? text.prefix(limit) + "…" : text
  }
}
