import SiteModel

/// Turns metrics into points: plain ones into one each; arrays, tables and structures into one for
/// each member, as `name[0]`, `name/column[0]` and `name/member`.
struct SparkplugPoints {
  var list: PointList
  /// The metric's position in its message, for faults.
  let part: Int
  /// When the message was sent, for metrics that do not say when they were measured.
  let messageTime: Timestamp?
  /// Values that were recognized and left out: bytes, files, definitions of structures.
  private(set) var ignored = 0

  init(list: PointList, part: Int, messageTime: Timestamp?) {
    (self.list, self.part, self.messageTime) = (list, part, messageTime)
  }

  mutating func add(_ metric: SparkplugMetric, name: [UInt8], type: UInt32, depth: Int) {
    guard name.count <= SparkplugMessage.nameLimit else {
      return fault(
        name.prefix(60), .tooLarge, "a name of \(name.count) bytes",
        "at most \(SparkplugMessage.nameLimit)")
    }
    let time = metric.hasTimestamp ? SparkplugMessage.time(metric.timestamp) : messageTime
    let frame = Frame(time: time, isOld: metric.isOld)
    guard let value = metric.value, !metric.isNull else {
      return put(.missing, name, frame)
    }
    switch value {
    case .bytesValue(let bytes): addArray(Array(bytes), name, type, frame)
    case .datasetValue(let table): addTable(table, name, frame)
    case .templateValue(let structure): addMembers(structure, name, depth)
    case .stringValue(let text):
      var copy = text
      let kept = copy.withUTF8 { list.keep($0) }
      put(.text(kept), name, frame)
    default:
      do throws(WireFault) {
        put(try SparkplugValue.plain(value, type: type), name, frame)
      } catch { fault(name[...], error.reason, error.found, error.expected) }
    }
  }

  /// What all points of one metric share.
  private struct Frame {
    let time: Timestamp?
    let isOld: Bool
  }

  private mutating func put(_ value: PointValue, _ name: [UInt8], _ frame: Frame) {
    list.add(
      Point(name: list.keep(name), value: value, time: frame.time, isHistorical: frame.isOld))
  }

  private mutating func fault(
    _ name: ArraySlice<UInt8>, _ reason: RejectionReason, _ found: String, _ expected: String
  ) {
    let words = String(decoding: name.prefix(60), as: UTF8.self)
    list.add(
      WireFault(
        reason, part: words.isEmpty ? "metrics[\(part)]" : "metrics[\(part)] '\(words)'",
        found: found, expected: expected))
  }

  private mutating func addArray(
    _ bytes: [UInt8], _ name: [UInt8], _ type: UInt32, _ frame: Frame
  ) {
    guard let element = SparkplugArray(type) else {
      ignored += 1
      return
    }
    do throws(WireFault) {
      for (index, item) in try element.items(bytes).enumerated() {
        let value: PointValue
        switch item {
        case .value(let plain): value = plain
        case .text(let text): value = .text(list.keep(text))
        }
        put(value, name + Array("[\(index)]".utf8), frame)
      }
    } catch { fault(name[...], error.reason, error.found, error.expected) }
  }

  private mutating func addTable(_ table: SparkplugDataSet, _ name: [UInt8], _ frame: Frame) {
    let width = table.columns.count
    guard width == table.types.count, table.rows.allSatisfy({ $0.elements.count == width }) else {
      return fault(
        name[...], .wrongType, "a table whose rows, columns and types differ in number",
        "as many of each")
    }
    for (index, row) in table.rows.enumerated() {
      for (column, cell) in row.elements.enumerated() {
        let path = name + Array("/\(table.columns[column])[\(index)]".utf8)
        var metric = SparkplugMetric()
        metric.value = cell.metricValue
        metric.isHistorical = frame.isOld
        if let time = frame.time { metric.timestamp = UInt64(clamping: time.milliseconds) }
        add(metric, name: path, type: table.types[column], depth: 0)
      }
    }
  }

  private mutating func addMembers(_ structure: SparkplugTemplate, _ name: [UInt8], _ depth: Int) {
    guard !structure.isDefinition else {
      ignored += 1
      return
    }
    guard depth < SparkplugMessage.depthLimit else {
      return fault(
        name[...], .tooDeep, "more than \(SparkplugMessage.depthLimit) structures inside another",
        "fewer")
    }
    for member in structure.metrics {
      let path = name + [UInt8(ascii: "/")] + Array(member.name.utf8)
      add(member, name: path, type: member.datatype, depth: depth + 1)
    }
  }
}

extension SparkplugMetric {
  /// True for an old value. One that the edge itself calls bad or stale counts like one: kept, and
  /// not judged.
  var isOld: Bool { isHistorical || !(properties.isEmpty || isGood) }

  /// The value that Sparkplug hosts read as "good" in the property `Quality`.
  private static let goodQuality: UInt64 = 192

  private var isGood: Bool {
    let marks = zip(properties.flatMap(\.keys), properties.flatMap(\.values))
    for (key, value) in marks where key == "Quality" {
      if value.hasIntValue { return UInt64(value.intValue) == Self.goodQuality }
      if value.hasLongValue { return value.longValue == Self.goodQuality }
    }
    return true
  }
}

extension SparkplugDataSet.Cell {
  /// The same value as a metric would carry it; nil when the cell is empty.
  fileprivate var metricValue: SparkplugMetric.OneOf_Value? {
    switch value {
    case .intValue(let value): .intValue(value)
    case .longValue(let value): .longValue(value)
    case .floatValue(let value): .floatValue(value)
    case .doubleValue(let value): .doubleValue(value)
    case .booleanValue(let value): .booleanValue(value)
    case .stringValue(let value): .stringValue(value)
    case nil: nil
    }
  }
}
