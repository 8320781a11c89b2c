import Protocols

/// A value that names itself: a member of a list such as `{"name":"Ua","value":229.8}`.
public struct NamedValue: Sendable, Equatable {
  /// The list, as `records` of a profile has it: `data[*]`.
  public var list: String
  /// The key of the name …
  public var nameKey: String
  /// … and of the value.
  public var valueKey: String
  /// The name.
  public var name: String
  /// The value, cut.
  public var sample: String

  /// Most of them that are told of a payload.
  public static let limit = 100
  /// Members of an object that are looked at.
  private static let memberLimit = 16
  private static let nameKeys: Set = [
    "name", "n", "key", "code", "tag", "metric", "point", "param", "signal", "signalid", "id",
    "identifier",
  ]
  private static let valueKeys: Set = [
    "value", "v", "val", "data", "measuredval", "measuredvalue", "pv",
  ]

  /// A metric of Sparkplug, which has neither list nor keys.
  init(name: String, sample: String) {
    (list, nameKey, valueKey) = ("", "", "")
    (self.name, self.sample) = (name, sample)
  }

  /// Nil when the object at a position is none; `list` is the list that it stands in.
  init?(_ nodes: UnsafeBufferPointer<JSONNode>, at position: Int, in list: String) {
    guard nodes[position].type == .object else { return nil }
    var found: (name: JSONNode?, value: JSONNode?)
    var (at, count) = (position + 1, 0)
    while at < nodes[position].end, count < Self.memberLimit {
      let node = nodes[at]
      let key = Self.text(node.keyBytes).lowercased()
      if found.name == nil, node.type == .text, Self.nameKeys.contains(key) { found.name = node }
      let isValue = node.type == .number || node.type == .text
      if found.value == nil, isValue, Self.valueKeys.contains(key) { found.value = node }
      (at, count) = (max(node.end, at + 1), count + 1)
    }
    guard let name = found.name, let value = found.value, !name.textBytes.isEmpty,
      name.textBytes.count <= PayloadShape.sampleLength
    else { return nil }
    self.list = list
    (nameKey, valueKey) = (Self.text(name.keyBytes), Self.text(value.keyBytes))
    (self.name, sample) = (Self.text(name.textBytes), Self.text(value.textBytes))
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix(PayloadShape.sampleLength), as: UTF8.self)
  }
}
