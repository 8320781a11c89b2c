/// A measured quantity of the catalogue, by its number. Numbers are written to disk and never
/// reused.
public struct Metric: Sendable, Hashable, Comparable {
  /// The catalogue number, 1…65535.
  public let number: UInt16

  /// The metric with a catalogue number.
  public init(number: UInt16) { self.number = number }

  /// Catalogue order.
  public static func < (left: Metric, right: Metric) -> Bool { left.number < right.number }
}

/// What kind of quantity a metric is; it decides how it may be summed and judged.
public enum MetricKind: String, Sendable {
  /// A momentary value, such as a voltage.
  case gauge
  /// A cumulative meter register that only grows, but for rollover and replacement.
  case register
  /// A count of events that only grows.
  case counter
  /// A switch: 0 is off, closed or normal; 1 is on, open or present.
  case state
  /// A text, such as a version. What is stored is its number in a ``TextTable``.
  case text
}

/// One row of the metric catalogue.
public struct MetricDefinition: Sendable {
  /// The number under which it is stored.
  public let metric: Metric
  /// Its dotted name; outsiders rely on it.
  public let name: String
  /// Unit of every stored value.
  public let unit: Unit
  /// How its values behave.
  public let kind: MetricKind
  /// Smallest and largest plausible value; a value outside is stored with a mark and not judged.
  public let plausible: ClosedRange<ExactDecimal>
}
