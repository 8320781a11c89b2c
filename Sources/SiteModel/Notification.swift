/// One message to one recipient, as it stands in the outbox.
public struct Notification: Sendable, Equatable {
  /// Number of the outbox row; consecutive without gaps.
  public var number: Int64
  /// Name of the configured channel that must deliver it.
  public var channel: String
  /// Idempotency key: the same for every attempt at this message, different for every other.
  public var key: String
  /// The JSON document to deliver, exactly these bytes.
  public var body: String
  /// Attempts made so far.
  public var attempts: Int

  /// A notification from its parts.
  public init(number: Int64, channel: String, key: String, body: String, attempts: Int = 0) {
    self.number = number
    self.channel = channel
    self.key = key
    self.body = body
    self.attempts = attempts
  }
}

/// What came of one attempt at delivery.
public enum DeliveryOutcome: Sendable, Equatable {
  /// The recipient has it.
  case delivered
  /// Not now: try again, no sooner than `after` milliseconds when the recipient said so.
  case retry(reason: String, afterMilliseconds: Int64?)
  /// Never: the recipient refuses it, and a person must look.
  case failed(reason: String)
}
