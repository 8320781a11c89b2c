import Decoding
import Documents
import SiteModel
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Files, profiles and messages for the tests of this room.
enum Support {
  /// The folder of the repository.
  static let root = String(#filePath.split(separator: "/").dropLast(3).joined(separator: "/"))

  /// Bytes of a file; nil when it cannot be read.
  static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen("/" + path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return bytes }
      bytes += buffer.prefix(count)
    }
  }

  /// Writes a file.
  static func write(_ text: String, to path: String) {
    guard let file = fopen("/" + path, "wb") else { return }
    fputs(text, file)
    fclose(file)
  }

  /// Names in a folder, sorted, without hidden ones.
  static func names(in folder: String) -> [String] {
    guard let handle = opendir("/" + folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// All profiles of `devices/`.
  static func shipped() throws -> [DeviceProfile] { try compiled.get() }

  private static let compiled = Result { try compile() }

  private static func compile() throws -> [DeviceProfile] {
    let names = names(in: root + "/devices").filter { $0.hasSuffix(".yaml") }
    let log = ProblemLog()
    var tables = SharedTables()
    let nodes = try names.compactMap { name in
      let bytes = try #require(read(root + "/devices/" + name))
      let node = try YAMLDocument.parse(bytes, file: "devices/" + name)
      return tables.take(node, log: log) ? nil : node
    }
    let profiles = nodes.map { DeviceProfile($0, tables: tables, log: log) }
    try log.throwIfAny()
    return profiles
  }

  /// YAML as a node.
  static func node(_ text: String, file: String) throws -> ConfigNode {
    try YAMLDocument.parse(Array(text.utf8), file: file)
  }

  /// A profile from YAML; throws its problems.
  static func profile(_ yaml: [UInt8], file: String = "p.yaml") throws -> DeviceProfile {
    let log = ProblemLog()
    let node = try YAMLDocument.parse(yaml, file: file)
    let profile = DeviceProfile(node, log: log)
    try log.throwIfAny()
    return profile
  }
}

/// A decoder with its table of devices.
final class Bench {
  let decoder: Decoder
  var devices = DeviceTable()
  var batch = DecodedBatch()

  init(_ profiles: [DeviceProfile], registry: Registry = Registry(), payloadLimit: Int? = nil) {
    decoder = Decoder(
      profiles: profiles, registry: registry,
      payloadLimit: payloadLimit ?? Decoder.defaultPayloadLimit)
  }

  /// Decodes one more message into ``batch``.
  @discardableResult
  func decode(
    _ topic: String, _ payload: [UInt8], at receivedAt: String = "2026-03-01T08:00:00Z",
    retained: Bool = false
  ) throws -> Int? {
    let time = try #require(Timestamp(parsing: receivedAt, offsetSeconds: 0))
    // Bytes after the payload must not matter: these would turn a number into another one.
    let padded = payload + [UInt8](repeating: UInt8(ascii: "7"), count: Decoder.padding)
    return Array(topic.utf8).withUnsafeBytes { topic in
      padded.withUnsafeBytes { bytes in
        decoder.decode(
          topic: topic, payload: UnsafeRawBufferPointer(rebasing: bytes[0..<payload.count]),
          receivedAt: time, retained: retained, devices: &devices, into: &batch)
      }
    }
  }

  /// What came out since the last call, one JSON object a line.
  func lines() -> [String] {
    defer { batch.removeAll() }
    return batch.objects(devices, Registry()).map(\.json)
  }
}
