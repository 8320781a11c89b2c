import Decoding
import Detection
import Engine
import Setup
import SiteModel

/// Decodes one payload as the service would, for a person who looks at a device.
public struct DecodeTool {
  private let decoder: Decoder
  private let registry: Registry

  /// A tool with the profiles and registry of a configuration.
  public init(settings: Settings) throws(Problems) {
    let reference = try settings.reference()
    registry = reference.context.registry
    decoder = Decoder(
      profiles: reference.profiles, registry: registry,
      payloadLimit: settings.storage.payloadLimit)
  }

  /// One JSON object a line: readings, events, what was rejected, and what has no end yet.
  public func lines(topic: String, payload: [UInt8], receivedAt: Timestamp) -> [String] {
    var devices = DeviceTable()
    var decoded = DecodedBatch()
    let padded = payload + [UInt8](repeating: 0, count: Decoder.padding)
    padded.withUnsafeBytes { bytes in
      Array(topic.utf8).withUnsafeBytes { topic in
        _ = decoder.decode(
          topic: topic, payload: UnsafeRawBufferPointer(rebasing: bytes[0..<payload.count]),
          receivedAt: receivedAt, retained: false, devices: &devices, into: &decoded)
      }
    }
    var lines = decoded.objects(devices, registry).map(\.json)
    let waiting = decoder.unfinishedByteCount
    if waiting > 0 {
      var line = JSONText()
      line.add("kind", "unfinished")
      line.add("text", "\(waiting) bytes of the payload wait for the rest of a frame")
      lines.append(line.text)
    }
    return lines
  }

  /// The bytes that hexadecimal digits stand for, spaces and line ends allowed; nil when it is not
  /// hex.
  public static func bytes(hex: [UInt8]) -> [UInt8]? {
    var digits: [UInt8] = []
    for byte in hex where ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
      guard let value = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      digits.append(UInt8(value))
    }
    guard digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
