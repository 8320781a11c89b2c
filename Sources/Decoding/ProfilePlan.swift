import SiteModel

/// Which ratio of the registry a value is multiplied with.
enum TransformerRatio: String, Sendable, CaseIterable {
  case none
  case pt
  case ct
  case both = "pt_ct"
}

/// How a value becomes a reading of one metric.
struct MetricRule: Sendable {
  let metric: Metric
  /// What the payload's number is multiplied with, unit conversion included.
  let factor: ExactDecimal
  /// False when the factor is one.
  let isScaled: Bool
  let ratio: TransformerRatio
  /// Words and their values in ``ProfilePlan/words``; -1 when numbers are expected.
  let words: Int32
  /// True when JSON's `true` and `false` count as 1 and 0.
  let takesTruth: Bool
  /// True when the value is a text.
  let isText: Bool
  let low: ExactDecimal
  let high: ExactDecimal
}

/// How a time is written.
public enum TimeFormat: String, Sendable, CaseIterable {
  /// Seconds since 1970.
  case epochSeconds = "epoch_s"
  /// Milliseconds since 1970.
  case epochMilliseconds = "epoch_ms"
  /// Microseconds since 1970.
  case epochMicroseconds = "epoch_us"
  /// RFC 3339, or the same without a zone.
  case text
  /// `yyyyMMddHHmmss`, with or without milliseconds.
  case compact
  /// Whichever of these it looks like.
  case auto
}

/// Where a time may stand.
struct TimeRule: Sendable {
  let node: Int32
  let format: TimeFormat
}

/// Members that are left out, or kept, by a field's value.
struct MemberFilter: Sendable {
  let node: Int32
  /// The values in ``ProfilePlan/words``.
  let words: Int32
  /// True when members with such a value are kept, false when they are left out.
  let keeps: Bool
}

/// Codes and what they stand for; a code matches whole or by its ending.
struct CodeTable: Sendable {
  /// The codes in ``ProfilePlan/words``.
  let words: Int32
  /// Lengths of the endings, longest first; empty when codes match whole.
  let endings: [Int]
}

/// Records that name their metric in a field.
struct NamedValueRule: Sendable {
  let name: Int32
  let value: Int32
  /// Names to positions in ``ProfilePlan/rules``.
  let table: CodeTable
}

/// One row of an alarm table.
struct AlarmClass: Sendable {
  let alarm: String
  let severity: Severity?
}

/// Records that tell of an alarm.
struct AlarmRule: Sendable {
  let code: Int32
  /// Codes to positions in `classes`.
  let table: CodeTable
  let classes: [AlarmClass]
  let severity: Int32
  let severityWords: Int32
  /// Node of the state; -1 when every record means `constantState`.
  let state: Int32
  let stateWords: Int32
  let constantState: EventState
}

/// A profile made ready for the hot path: paths in a tree, words in one table.
struct ProfilePlan: Sendable {
  var tree: FieldTree
  /// All words of the profile; each list of words is a scope of its own.
  var words = ByteTable()
  /// Values that words stand for.
  var values: [ExactDecimal] = []
  var rules: [MetricRule] = []
  var filters: [MemberFilter] = []
  var times: [TimeRule] = []
  /// Seconds that the device's clock is ahead of UTC, for times without a zone.
  var zoneSeconds = 0
  /// Node of the device's name; -1 when the topic names it.
  var device: Int32 = -1
  var namedValues: NamedValueRule?
  /// Names of the protocol to positions in `rules`, when its values come with names.
  var points: CodeTable?
  var alarm: AlarmRule?

  init(tree: FieldTree) { self.tree = tree }
}
