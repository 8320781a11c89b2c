import Engine
import Setup
import SiteModel
import Storage

/// Lists the messages that an alert rests on, for the `alerts` command.
public struct EvidenceTool {
  private let reader: StoreReader
  private let engine: Engine
  private let names: [String]

  /// A tool on a configuration's database, which is opened read-only.
  public init(settings: Settings) throws { try self.init(path: settings.database) }

  /// A tool on a database.
  init(path: String) throws {
    reader = try Store.openReadOnly(path: path)
    names = try reader.deviceNames()
    engine = try Self.engine(reader, names)
  }

  /// One JSON object a line, oldest receipt first: journal row and entry, device, receipt, topic
  /// and payload (in hexadecimal digits where it is no UTF-8); nil when there is no such alert.
  public func json(ofAlert id: String) throws(StoreError) -> [String]? {
    try reader.evidence(ofAlert: id, engine: engine)?.map { message in
      var json = JSONText()
      json.add("journal", "\(message.seq)/\(message.entry)")
      json.add("device", names[Int(message.device.position)])
      json.add("received_at", message.receivedAt.description)
      json.add("topic", String(decoding: message.topic, as: UTF8.self))
      if let text = String(validating: message.payload, as: UTF8.self) {
        json.add("payload", text)
      } else {
        json.add("payload_hex", Digest.hex(message.payload))
      }
      return json.text
    }
  }

  /// An engine as of the newest saved state.
  private static func engine(_ reader: StoreReader, _ names: [String]) throws -> Engine {
    guard let saved = try reader.latestSnapshot() else {
      return Engine(reference: try Reference.compile([]))
    }
    let files = try Engine.activeFiles(of: saved.bytes)
    let engine = Engine(
      reference: try Reference.compile(try reader.knownFiles(files)), activeFiles: files)
    try engine.restore(saved.bytes, names: names, texts: try reader.texts().texts)
    return engine
  }
}
