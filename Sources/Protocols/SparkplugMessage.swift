import SiteModel
import SwiftProtobuf

/// One payload of a Sparkplug B node or device, taken apart; its metrics go by their position.
/// Names of metrics that only carry an alias are the session's to know.
public struct SparkplugMessage: Sendable {
  /// Most levels of templates inside each other.
  public static let depthLimit = 8
  /// Longest name of a metric, templates and columns included, in bytes.
  public static let nameLimit = 512

  /// When the edge sent it; nil when it does not say.
  public let time: Timestamp?
  /// Its place in the edge's sequence, 0…255 where the edge keeps to the rule; nil without one.
  public let sequence: UInt64?
  let metrics: [SparkplugMetric]

  /// About how long a metric is that goes by its alias, in bytes.
  private static let usualSize_bytes = 16

  private static let options: BinaryDecodingOptions = {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    options.messageDepthLimit = 4 + 3 * depthLimit
    return options
  }()

  /// Takes a payload apart; nil when it is not of the format, see ``fault(of:)``.
  public init?(_ payload: UnsafeRawBufferPointer) {
    var message = SparkplugPayload()
    // A list that grows copies its metrics, which are large, each time.
    message.metrics.reserveCapacity(min(payload.count / Self.usualSize_bytes, 64))
    do {
      try message.merge(serializedBytes: BorrowedBytes(payload), options: Self.options)
    } catch { return nil }
    time = message.hasTimestamp ? Self.time(message.timestamp) : nil
    sequence = message.hasSeq ? message.seq : nil
    metrics = message.metrics
  }

  /// What is to be said of a payload that is not of the format.
  public static func fault(of payload: UnsafeRawBufferPointer) -> WireFault {
    WireFault(
      .malformed, found: "\(payload.count) bytes that end inside a field or have a wrong one",
      expected: "a Sparkplug B payload")
  }

  /// How many metrics it has.
  public var count: Int { metrics.count }

  /// The number that a node gives its connection, from the metric `bdSeq`; nil without one.
  public var connection: UInt64? {
    for metric in metrics where metric.name == "bdSeq" {
      switch metric.value {
      case .longValue(let value): return value
      case .intValue(let value): return UInt64(value)
      default: return nil
      }
    }
    return nil
  }

  /// The name of a metric; nil when it has none.
  public func name(at position: Int) -> String? {
    metrics[position].hasName ? metrics[position].name : nil
  }

  /// True when a metric has a name that the edge chose for what it measures, and not one by which
  /// the standard and its usual programs describe and control the edge.
  public var hasOwnNames: Bool { metrics.contains { Self.isOwn($0.name) } }

  /// What it says under such names.
  public var ownPoints: PointList {
    var list = PointList()
    for position in metrics.indices where Self.isOwn(metrics[position].name) {
      _ = addPoints(
        at: position, name: Array(metrics[position].name.utf8)[...], type: type(at: position),
        to: &list)
    }
    return list
  }

  private static func isOwn(_ name: String) -> Bool {
    let usual = ["Node Control/", "Device Control/", "Node Info/", "Properties/"]
    return !name.isEmpty && name != "bdSeq" && !usual.contains(where: name.hasPrefix)
  }

  /// The number that stands for a metric's name; nil when it has none.
  public func alias(at position: Int) -> UInt64? {
    metrics[position].hasAlias ? metrics[position].alias : nil
  }

  /// The code of a metric's data type; 0 when it says none.
  public func type(at position: Int) -> UInt32 { metrics[position].datatype }

  /// Adds what a metric says under `name`, which may be split into several points; `type` is the
  /// code of its data type, 0 when nobody knows. What cannot be a value is counted as ignored.
  ///
  /// - Returns: how many values were recognized and left out.
  public func addPoints(
    at position: Int, name: ArraySlice<UInt8>, type: UInt32, to list: inout PointList
  ) -> Int {
    if name.count <= Self.nameLimit, let value = plain(at: position, type: type) {
      // Not by a copy of the metric, which costs more than all of this.
      let isTimed = metrics[position].hasTimestamp
      list.add(
        Point(
          name: list.keep(name), value: value,
          time: isTimed ? Self.time(metrics[position].timestamp) : time,
          isHistorical: metrics[position].isOld))
      return 0
    }
    var writer = SparkplugPoints(list: PointList(), part: position, messageTime: time)
    swap(&writer.list, &list)
    writer.add(metrics[position], name: Array(name), type: type, depth: 0)
    swap(&writer.list, &list)
    return writer.ignored
  }

  /// The value of a metric that is a number or a truth value, as most are.
  private func plain(at position: Int, type: UInt32) -> PointValue? {
    guard !metrics[position].isNull else { return nil }
    switch metrics[position].value {
    case .floatValue(let number)?:
      return (try? SparkplugValue.decimal(number)).map { .number($0) }
    case .doubleValue(let number)?:
      return (try? SparkplugValue.decimal(number)).map { .number($0) }
    case .booleanValue(let truth)?: return .truth(truth)
    case .intValue(let bits)?: return try? SparkplugValue.plain(.intValue(bits), type: type)
    case .longValue(let bits)?: return try? SparkplugValue.plain(.longValue(bits), type: type)
    default: return nil
    }
  }

  /// An instant from Unix milliseconds.
  static func time(_ milliseconds: UInt64) -> Timestamp {
    Timestamp(milliseconds: Int64(clamping: milliseconds))
  }
}

/// Bytes of somebody else, in the form that SwiftProtobuf reads without a copy. It only ever reads.
private struct BorrowedBytes: SwiftProtobufContiguousBytes {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  init(repeating: UInt8, count: Int) { self.init(UnsafeRawBufferPointer(start: nil, count: 0)) }

  init<S: Sequence>(_ sequence: S) where S.Element == UInt8 {
    self.init(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  var count: Int { bytes.count }

  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try body(bytes)
  }

  mutating func withUnsafeMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) rethrows -> R {
    try body(UnsafeMutableRawBufferPointer(start: nil, count: 0))
  }
}

extension SparkplugMessage {
  /// The command that asks a node to send its births again. It goes by name, which every node must
  /// understand without a birth, and has no place in any sequence.
  public static func rebirthCommand(at now: Timestamp) -> [UInt8] {
    var metric = SparkplugMetric()
    metric.name = "Node Control/Rebirth"
    metric.timestamp = UInt64(clamping: now.milliseconds)
    metric.datatype = SparkplugValue.Code.boolean
    metric.booleanValue = true
    var payload = SparkplugPayload()
    payload.timestamp = metric.timestamp
    payload.metrics = [metric]
    do { return try payload.serializedBytes() } catch {
      preconditionFailure("a command of our own making has no bytes: \(error)")
    }
  }
}
