import Engine
import Setup
import SiteModel
import Storage

/// Lists what cannot be used, grouped by shape, for the `devices unknown` command, and suggests a
/// profile for a shape.
public struct DeviceUnknownTool {
  private let reader: StoreReader

  /// A tool on a configuration's database, which is opened read-only.
  public init(settings: Settings) throws(StoreError) {
    try self.init(path: settings.database)
  }

  /// A tool on a database.
  init(path: String) throws(StoreError) {
    reader = try Store.openReadOnly(path: path)
  }

  /// One JSON object a line, most messages first.
  public func json() throws(StoreError) -> [String] {
    try reader.unknownShapes().map { shape in
      var json = JSONText()
      json.add("shape", shape.shape.description)
      json.add("topic", shape.topic)
      json.add("payload", shape.payload)
      json.add("reason", shape.reason)
      json.add("detail", shape.detail)
      json.add("messages", Int64(shape.count))
      json.add("kept", Int64(shape.kept))
      json.add("first_at", shape.firstAt.description)
      json.add("last_at", shape.lastAt.description)
      json.add("sample_topic", String(decoding: shape.sample.topic, as: UTF8.self))
      if let text = String(validating: shape.sample.payload, as: UTF8.self) {
        json.add("sample", text)
      } else {
        json.add("sample_hex", Digest.hex(shape.sample.payload))
      }
      json.add("sample_bytes", Int64(shape.sampleLength))
      return json.text
    }
  }

  /// A table for people: local wall time, one line a shape, and what to do next.
  public func table(offsetSeconds: Int = 28_800) throws(StoreError) -> [String] {
    let shapes = try reader.unknownShapes()
    guard !shapes.isEmpty else { return ["nothing unknown was received"] }
    let heading = [
      "SHAPE", "MESSAGES", "KEPT", "FIRST 首次", "LAST 最近", "REASON", "TOPIC", "PAYLOAD 内容",
    ]
    let rows = shapes.map { shape in
      [
        shape.shape.description, String(shape.count), String(shape.kept),
        shape.firstAt.localText(offsetSeconds: offsetSeconds),
        shape.lastAt.localText(offsetSeconds: offsetSeconds), shape.reason, Self.plain(shape.topic),
        Self.plain(shape.payload),
      ]
    }
    return TextColumns.lines([heading] + rows) + [try lastLine(shapes.count)]
  }

  private func lastLine(_ shapes: Int) throws(StoreError) -> String {
    let totals = try reader.heldTotals()
    var line = TextColumns.count(shapes, "shape")
    line += ", \(TextColumns.count(totals.messages, "message")) kept (times are UTC+8)"
    if totals.dropped > 0 {
      line += "; \(TextColumns.count(totals.dropped, "older message")) gave way, see the journal"
    }
    return line + "; --shape ID suggests a profile"
  }

  /// A suggested profile for a shape, one line of YAML after the other; nil when there is no such
  /// shape.
  public func skeleton(of shape: String) throws(StoreError) -> [String]? {
    guard let shape = ShapeID(shape), let unknown = try reader.unknownShapes(shape).first else {
      return nil
    }
    // A message that is kept is whole; the sample may be cut.
    let message = try reader.heldMessages(shape: shape, limit: 1).first ?? unknown.sample
    return ProfileSkeleton(unknown, message).lines
  }

  /// Without characters that would disturb a terminal.
  private static func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "�" : $0 }))
  }
}
