/// How a reading that is split over several messages is put together.
struct Assembly: Sendable {
  /// What the parts of one reading have in common besides their topic.
  enum Key: Sendable {
    /// Nothing: one reading at a time on each topic.
    case topic
    /// A level of the topic, which may differ otherwise.
    case capture(String)
    /// A field of each part.
    case field(DocumentCondition)
  }

  let key: Key
  /// What holds of the last part.
  let end: [DocumentCondition]
  /// How long the last part may take after the first, in milliseconds.
  let wait_ms: Int64
}
