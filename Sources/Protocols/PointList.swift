import SiteModel

/// A value as a protocol carries it.
public enum PointValue: Sendable, Equatable {
  /// A number, exactly as sent.
  case number(ExactDecimal)
  /// A truth value.
  case truth(Bool)
  /// A text: where it stands in ``PointList/bytes``.
  case text(Range<Int>)
  /// The device says that it has no value.
  case missing
}

/// One named value of a message, before a profile says what it means.
public struct Point: Sendable, Equatable {
  /// Device or bus address that it comes from, in ``PointList/bytes``; empty when it is the
  /// message's own.
  public var source: Range<Int>
  /// The protocol's name or code of the quantity, in ``PointList/bytes``.
  public var name: Range<Int>
  /// Unit that the message names, in ``PointList/bytes``; empty when it names none.
  public var unit: Range<Int>
  /// What is said.
  public var value: PointValue
  /// When it was measured; nil when the message does not say.
  public var time: Timestamp?
  /// True when the device says that it is an old value that was kept: stored, and not judged.
  public var isHistorical: Bool

  /// A point from its parts.
  public init(
    source: Range<Int> = 0..<0, name: Range<Int>, unit: Range<Int> = 0..<0, value: PointValue,
    time: Timestamp? = nil, isHistorical: Bool = false
  ) {
    (self.source, self.name, self.unit, self.value) = (source, name, unit, value)
    (self.time, self.isHistorical) = (time, isHistorical)
  }
}

/// Something in a message that its protocol does not allow.
public struct WireFault: Error, Sendable, Equatable {
  /// The word for it.
  public var reason: RejectionReason
  /// Where in the message: `frame[1].DI 02010100`, `metrics[3].value`; empty for the whole.
  public var part: String
  /// What was found.
  public var found: String
  /// What would have been taken.
  public var expected: String

  /// A fault from its parts.
  public init(_ reason: RejectionReason, part: String = "", found: String, expected: String) {
    (self.reason, self.part, self.found, self.expected) = (reason, part, found, expected)
  }
}

/// What a protocol's decoder took out of one message: points in the order of the message, and
/// faults. Names and texts lie one after the other in one buffer; its memory is used again.
public struct PointList: Sendable {
  /// Most points of one message.
  public static let limit = 65_536

  /// Names, sources, units and texts of the points.
  public private(set) var bytes: [UInt8] = []
  /// What was said.
  public private(set) var points: [Point] = []
  /// What was not understood.
  public private(set) var faults: [WireFault] = []

  /// An empty list.
  public init() {}

  /// Forgets everything and keeps the memory.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    points.removeAll(keepingCapacity: true)
    faults.removeAll(keepingCapacity: true)
  }

  /// Keeps some bytes and says where they lie, for a name, source, unit or text.
  public mutating func keep(_ text: some Collection<UInt8>) -> Range<Int> {
    let start = bytes.count
    bytes.append(contentsOf: text)
    return start..<bytes.count
  }

  /// Adds a point; beyond ``limit`` only the first is told as a fault.
  public mutating func add(_ point: Point) {
    if points.count < Self.limit { return points.append(point) }
    let found = "more than \(Self.limit) values"
    guard faults.last?.found != found else { return }
    faults.append(WireFault(.tooManyValues, found: found, expected: "fewer"))
  }

  /// Marks every point as an old value: stored, and not judged.
  public mutating func markHistorical() {
    for position in points.indices { points[position].isHistorical = true }
  }

  /// Adds a fault.
  public mutating func add(_ fault: WireFault) { faults.append(fault) }
}
