/// Writes Sparkplug B payloads field by field, independently of the generated code that reads them.
public struct SparkplugPayload: Sendable {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// A payload; nil leaves a field out.
  public init(time_ms: UInt64? = nil, sequence: UInt64? = nil) {
    if let time_ms { number(1, time_ms) }
    if let sequence { number(3, sequence) }
  }

  /// A value as it travels.
  public enum Value: Sendable {
    case int(UInt32)
    case long(UInt64)
    case float(Float)
    case double(Double)
    case boolean(Bool)
    case string(String)
    case bytes([UInt8])
    /// An encoded table (17) or structure (18).
    case composed(field: UInt64, [UInt8])
    case null
  }

  /// One metric.
  public struct Metric: Sendable {
    /// Its name.
    public var name: String?
    /// Its alias.
    public var alias: UInt64?
    /// Code of its data type.
    public var type: UInt32?
    /// When it was measured.
    public var time_ms: UInt64?
    /// Whether it is an old value.
    public var isHistorical = false
    /// The code in its property `Quality`.
    public var quality: UInt32?
    /// Whether key and code of that property stand in two fields, which count as one.
    public var hasSplitProperties = false
    /// What it says.
    public var value: Value

    /// A metric from its parts.
    public init(
      _ name: String? = nil, alias: UInt64? = nil, type: UInt32? = nil, time_ms: UInt64? = nil,
      _ value: Value
    ) {
      (self.name, self.alias, self.type, self.time_ms) = (name, alias, type, time_ms)
      self.value = value
    }
  }

  /// Adds a metric.
  public mutating func add(_ metric: Metric) { message(2, Self.encoded(metric)) }

  /// A metric without the field that it stands in.
  public static func encoded(_ metric: Metric) -> [UInt8] {
    var writer = SparkplugPayload()
    if let name = metric.name { writer.message(1, Array(name.utf8)) }
    if let alias = metric.alias { writer.number(2, alias) }
    if let time = metric.time_ms { writer.number(3, time) }
    if let type = metric.type { writer.number(4, UInt64(type)) }
    if metric.isHistorical { writer.number(5, 1) }
    if let quality = metric.quality {
      var properties = SparkplugPayload()
      properties.message(1, Array("Quality".utf8))
      if metric.hasSplitProperties {
        writer.message(9, properties.bytes)
        properties = SparkplugPayload()
      }
      var value = SparkplugPayload()
      value.number(1, 3)
      value.number(3, UInt64(quality))
      properties.message(2, value.bytes)
      writer.message(9, properties.bytes)
    }
    writer.put(metric.value, firstField: 10)
    return writer.bytes
  }

  /// A table whose rows have one value for each column.
  public static func table(_ columns: [(name: String, type: UInt32)], _ rows: [[Value]]) -> Value {
    var writer = SparkplugPayload()
    writer.number(1, UInt64(columns.count))
    for column in columns { writer.message(2, Array(column.name.utf8)) }
    for column in columns { writer.number(3, UInt64(column.type)) }
    for row in rows {
      var line = SparkplugPayload()
      for value in row {
        var cell = SparkplugPayload()
        cell.put(value, firstField: 1)
        line.message(1, cell.bytes)
      }
      writer.message(4, line.bytes)
    }
    return .composed(field: 17, writer.bytes)
  }

  /// A structure of metrics.
  public static func structure(_ members: [Metric], isDefinition: Bool = false) -> Value {
    var writer = SparkplugPayload()
    for member in members { writer.message(2, encoded(member)) }
    if isDefinition { writer.number(5, 1) }
    return .composed(field: 18, writer.bytes)
  }

  private mutating func put(_ value: Value, firstField: UInt64) {
    switch value {
    case .int(let value): number(firstField, UInt64(value))
    case .long(let value): number(firstField + 1, value)
    case .float(let value):
      tag(firstField + 2, 5)
      for shift in stride(from: 0, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
      }
    case .double(let value):
      tag(firstField + 3, 1)
      for shift in stride(from: 0, to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
      }
    case .boolean(let value): number(firstField + 4, value ? 1 : 0)
    case .string(let value): message(firstField + 5, Array(value.utf8))
    case .bytes(let value): message(firstField + 6, value)
    case .composed(let field, let value): message(field, value)
    case .null: if firstField == 10 { number(7, 1) }
    }
  }

  private mutating func tag(_ field: UInt64, _ wire: UInt64) { varint(field << 3 | wire) }

  private mutating func number(_ field: UInt64, _ value: UInt64) {
    tag(field, 0)
    varint(value)
  }

  private mutating func message(_ field: UInt64, _ content: [UInt8]) {
    tag(field, 2)
    varint(UInt64(content.count))
    bytes += content
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
