import Protocols
import SiteModel

/// One result in the words of `decode`: `kind`, `device`, `metric`, `value`, …
public struct DecodedObject: Sendable, Equatable {
  /// One word and what it says.
  public struct Field: Sendable, Equatable {
    /// The word.
    public let key: String
    /// What it says.
    public let value: String
  }

  /// The words in the order in which they are printed.
  public private(set) var fields: [Field] = []

  /// What one word says; nil when it is not there.
  public subscript(key: String) -> String? { fields.first { $0.key == key }?.value }

  /// One JSON object on one line; every value is a text.
  public var json: String {
    var text = JSONText()
    for field in fields { text.add(field.key, field.value) }
    return text.text
  }

  private mutating func add(_ key: String, _ value: String?) {
    if let value, !value.isEmpty { fields.append(Field(key: key, value: value)) }
  }

  /// A reading, with its site when `registry` knows the device. `texts` are those that readings of
  /// text metrics point to.
  public init(
    _ reading: Reading, texts: [String], _ devices: DeviceTable, _ registry: Registry
  ) {
    let definition = MetricCatalogue.definition(of: reading.metric)
    begin("reading", reading.device, devices, registry)
    add("metric", definition?.name)
    let isText = definition?.kind == .text
    add("value", isText ? texts[Int(reading.value.significand)] : reading.value.description)
    add("unit", definition?.unit.name)
    add("time", reading.time.description)
    add("quality", reading.quality.name)
  }

  /// An event, with its site when `registry` knows the device.
  public init(_ event: DeviceEvent, _ devices: DeviceTable, _ registry: Registry) {
    begin("event", event.device, devices, registry)
    add("alarm", event.alarm)
    add("state", event.state.rawValue)
    add("severity", event.severity.rawValue)
    add("code", event.code)
    add("key", event.key)
    add("object", event.object)
    add("text", event.text)
    add("time", event.time.description)
    add("quality", event.quality.name)
  }

  /// A rejection, with device and site when they are known.
  public init(_ rejection: Rejection, _ devices: DeviceTable, _ registry: Registry) {
    begin("rejected", rejection.device, devices, registry)
    add("reason", rejection.reason.rawValue)
    add("part", rejection.part)
    add("text", rejection.text)
  }

  private mutating func begin(
    _ kind: String, _ device: DeviceIndex?, _ devices: DeviceTable, _ registry: Registry
  ) {
    add("kind", kind)
    let name = device.map { devices.name(of: $0) }
    add("device", name)
    add("site", name.flatMap { registry.devices[$0]?.site })
  }
}

extension DecodedBatch {
  /// Everything in the words of `decode`: readings, then events, then rejections.
  public func objects(_ devices: DeviceTable, _ registry: Registry) -> [DecodedObject] {
    (readings + historical).map { DecodedObject($0, texts: texts, devices, registry) }
      + events.map { DecodedObject($0, devices, registry) }
      + rejections.map { DecodedObject($0, devices, registry) }
  }
}
