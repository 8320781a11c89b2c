import SiteModel

/// One row of an alarm table.
struct AlarmClass: Sendable {
  let alarm: String
  let severity: Severity?
  /// Severities by the beginning of the code.
  let severityByBeginning: [(beginning: [UInt8], severity: Severity)]

  /// How urgent it is where the device does not say.
  func severity(of code: UnsafeRawBufferPointer) -> Severity? {
    severityByBeginning.first { code.starts(with: $0.beginning) }?.severity ?? severity
  }
}

/// Words of a field that tell the state of an alarm.
struct StateRule: Sendable {
  let node: Int32
  /// Words to positions in `EventState.allCases`.
  let words: Int32
}

/// Records that tell of an alarm.
struct AlarmRule: Sendable {
  /// Where its code may stand; the first that the table has counts, else the first that is there.
  let codes: [Int32]
  /// True when there is no alarm without a code, even with a key.
  let needsCode: Bool
  /// Codes to positions in `classes`; the first table that has a code counts.
  let tables: [CodeTable]
  let classes: [AlarmClass]
  /// Node of the severity; -1 when the device does not say.
  let severity: Int32
  /// Words to positions in `Severity.allCases`, or ``clearedWord``.
  let severityWords: Int32
  /// The first of these with a known word counts; empty when every record means `constantState`.
  let states: [StateRule]
  let constantState: EventState
  /// Where the alarm's own key, the part it is about and the device's words may stand; of each the
  /// first that is there counts.
  let key: [Int32]
  let object: [Int32]
  let text: [Int32]

  /// What a severity word stands for that means the alarm's end.
  static let clearedWord = Int32(Severity.allCases.count)
}
