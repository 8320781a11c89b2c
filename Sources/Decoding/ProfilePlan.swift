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
  /// Which part of a sub-device it is of: 0 is the device itself, 1 the sub-device, more its
  /// further parts.
  var instance = 0
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
  /// True when it is the time at which something began, which is not that of its end.
  let isOfBegin: Bool
}

/// Members that are left out, or kept, by a field's value.
struct MemberFilter: Sendable {
  let node: Int32
  /// The values in ``ProfilePlan/words``.
  let words: Int32
  /// True when members with such a value are kept, false when they are left out.
  let keeps: Bool
}

/// Codes and what they stand for.
struct CodeTable: Sendable {
  enum Match: String, Sendable, CaseIterable {
    /// The whole code.
    case exact
    /// The longest ending of it; one that is not all digits must be the whole code or follow a `/`
    /// or a `:`, so that `voltage` is not found in `battery_voltage`.
    case suffix
    /// The longest part of it.
    case contains
  }

  /// The codes in ``ProfilePlan/words``.
  let words: Int32
  let match: Match
  /// How many bytes at the end of a code do not count, such as the number of an instance.
  let withoutLast: Int
  /// Lengths of the codes, longest first.
  let lengths: [Int]
}

/// A profile made ready for the hot path: words and rules of all its shapes of message.
struct ProfilePlan: Sendable {
  /// All words of the profile; each list of words is a scope of its own.
  var words = ByteTable(isKeyed: false)
  /// Values that words stand for.
  var values: [ExactDecimal] = []
  var rules: [MetricRule] = []
  /// Seconds that the device's clock is ahead of UTC, for times without a zone.
  var zoneSeconds = 0
  /// Capture of the topics that names the gateway; empty without one.
  var gateway = ""
  /// At least one.
  var shapes: [MessageShape] = []
  var assembly: Assembly?
  /// Names of the protocol to positions in `rules`, when its values come with names.
  var points: CodeTable?
  /// How frames are read, when its devices are meters that send them.
  var meter: MeterPlan?
  /// Names of begins and ends of the past to positions in `periodClasses`.
  var periods: CodeTable?
  var periodClasses: [AlarmClass] = []
}
