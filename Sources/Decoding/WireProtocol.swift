import SiteModel

/// What a profile's messages are written in.
enum WireProtocol: String, CaseIterable {
  /// Documents, whose fields the profile names by paths.
  case json
  case xml
  case cbor
  /// RFC 8428 packs, in JSON or CBOR.
  case senml
  /// Objects of OMA LightweightM2M, in JSON.
  case lwm2m
  /// Frames of electricity meters.
  case dlt645
  case dlt698
  case modbus
  /// Payloads of Sparkplug B edge nodes.
  case sparkplug

  /// True when fields are found by paths, false when values come with names of the protocol.
  var isDocument: Bool { self == .json || self == .xml || self == .cbor }

  /// A whole document of this format, for error messages.
  var expected: String {
    switch self {
    case .xml: "one XML document"
    case .cbor: "one CBOR map or list"
    default: "one JSON object or list"
    }
  }

  /// Reads `protocol`: a word, or a list of document formats of which the first byte that is not
  /// white space chooses.
  static func read(_ section: ConfigSection) -> [WireProtocol] {
    let words = section.texts("protocol")
    let found = words.compactMap { WireProtocol(rawValue: $0) }
    if found.count != words.count || Set(found).count != words.count {
      let known = allCases.map(\.rawValue).joined(separator: ", ")
      section.report("protocol", "found '\(words.joined(separator: ", "))', expected \(known)")
    } else if found.count > 1, !found.allSatisfy(\.isDocument) {
      section.report("protocol", "only json, xml and cbor may stand in a list")
    }
    return found.isEmpty ? [.json] : found
  }

  /// The format of a document by its beginning: `<` is XML, `{` and `[` are JSON, anything else is
  /// CBOR; the first of `formats` when it is none of them, so that its error is told.
  static func document(
    _ payload: UnsafeRawBufferPointer, of formats: [WireProtocol]
  ) -> WireProtocol {
    if formats.count == 1 { return formats[0] }
    let first = payload.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
    let guess: WireProtocol =
      switch first {
      case UInt8(ascii: "<"): .xml
      case UInt8(ascii: "{"), UInt8(ascii: "["): .json
      default: .cbor
      }
    return formats.contains(guess) ? guess : formats[0]
  }
}
