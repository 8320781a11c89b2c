import Protocols
import SiteModel

/// The name of a shape: 48 bits that follow from what it is, written as twelve hexadecimal digits.
public struct ShapeID: Sendable, Hashable, CustomStringConvertible {
  /// The bits.
  public let number: Int64

  /// A name from its bits.
  public init(number: Int64) { self.number = number }

  /// A name as it is written; nil when `text` is none.
  public init?(_ text: String) {
    guard text.utf8.count == 12, let number = Int64(text, radix: 16), number >= 0 else {
      return nil
    }
    self.number = number
  }

  init(of identity: String) {
    number = Digest.sha256(Array(identity.utf8)).prefix(6).reduce(0) { $0 << 8 | Int64($1) }
  }

  /// Twelve hexadecimal digits.
  public var description: String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
  }
}

/// What many unusable messages have in common: the pattern of their topics and what their payloads
/// are built like. Messages of one shape want the same profile.
public struct FoundShape: Sendable, Equatable {
  /// Follows from the other two alone.
  public var id: ShapeID
  /// The topics as a pattern of a profile.
  public var topic: String
  /// What the payloads are built like, one line for people.
  public var payload: String
}

/// Finds the shapes of messages. It keeps a parser's memory; one reader serves one thread.
public final class ShapeFinder {
  private let jsonParser = JSONParser()
  private let xmlParser = XMLParser()
  private let cborParser = CBORParser()

  /// A reader.
  public init() {}

  /// The shape of a message. Another 64 bytes after `payload` must be readable.
  public func shape(
    topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
  ) -> FoundShape {
    let pattern = TopicShape.pattern(topic)
    let built = self.payload(payload, of: topic)
    return FoundShape(
      id: ShapeID(of: pattern + "\n" + built.identity), topic: pattern,
      payload: built.description)
  }

  /// What the payload of a message is built like.
  public func payload(_ bytes: [UInt8], topic: [UInt8] = []) -> PayloadShape {
    let padded = bytes + [UInt8](repeating: 0, count: Batch.padding)
    return padded.withUnsafeBytes { buffer in
      topic.withUnsafeBytes { topic in
        payload(UnsafeRawBufferPointer(rebasing: buffer[0..<bytes.count]), of: topic)
      }
    }
  }

  private func payload(
    _ bytes: UnsafeRawBufferPointer, of topic: UnsafeRawBufferPointer
  ) -> PayloadShape {
    guard bytes.count <= PayloadShape.lengthLimit else { return PayloadShape(kind: .large) }
    if isBirth(topic), let birth = SparkplugMessage(bytes) { return PayloadShape(birth: birth) }
    let blank: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
    guard let first = bytes.first(where: { !blank.contains($0) }) else {
      return PayloadShape(kind: .empty)
    }
    switch first {
    case UInt8(ascii: "{"), UInt8(ascii: "["): return json(bytes)
    case UInt8(ascii: "<"): return xml(bytes)
    default: break
    }
    if let frame = PayloadSniff.bytes(ofHex: bytes) {
      let format = frame.withUnsafeBytes { PayloadSniff.format($0) }
      return PayloadShape(kind: .hex, detail: format.rawValue)
    }
    if let text = String(validating: bytes, as: UTF8.self), isReadable(bytes) {
      return PayloadShape(kind: .text, detail: Self.pattern(text))
    }
    // Maps and lists only; a parser of CBOR finds something in most bytes.
    if (0x80...0xBF).contains(bytes[0]), let nodes = try? cborParser.parse(bytes) {
      return PayloadShape(kind: .cbor, of: nodes)
    }
    return PayloadShape(kind: .binary, detail: PayloadSniff.format(bytes).rawValue)
  }

  /// Whether a topic is that of a Sparkplug birth: `spBv1.0/group/NBIRTH/edge` or the like.
  private func isBirth(_ topic: UnsafeRawBufferPointer) -> Bool {
    let levels = topic.split(separator: UInt8(ascii: "/"), maxSplits: 3)
    return levels.count == 4 && levels[0].elementsEqual("spBv1.0".utf8)
      && ["NBIRTH", "DBIRTH"].contains { levels[2].elementsEqual($0.utf8) }
  }

  private func json(_ bytes: UnsafeRawBufferPointer) -> PayloadShape {
    do { return PayloadShape(kind: .json, of: try jsonParser.parse(bytes)) } catch {
      return PayloadShape(kind: .brokenJSON, detail: error.reason.rawValue)
    }
  }

  private func xml(_ bytes: UnsafeRawBufferPointer) -> PayloadShape {
    do { return PayloadShape(kind: .xml, of: try xmlParser.parse(bytes)) } catch {
      return PayloadShape(kind: .brokenXML, detail: error.reason.rawValue)
    }
  }

  private func isReadable(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || [0x09, 0x0A, 0x0D].contains($0) }
  }

  /// A text with every run of digits as `0`, cut.
  private static func pattern(_ text: String) -> String {
    var pattern = ""
    var isInDigits = false
    for character in text.unicodeScalars.prefix(400) {
      let isDigit = ("0"..."9").contains(character)
      if !isDigit || !isInDigits { pattern.unicodeScalars.append(isDigit ? "0" : character) }
      isInDigits = isDigit
      if pattern.utf8.count >= 80 { break }
    }
    return pattern.split(whereSeparator: \.isNewline).joined(separator: "⏎")
  }
}
