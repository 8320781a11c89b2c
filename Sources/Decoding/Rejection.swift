import SiteModel

/// Why a message, or one member of it, was not taken. The raw value is the word of `decode`.
public enum RejectionReason: String, Sendable, CaseIterable {
  /// More bytes than the limit for a payload, or than a name or code may have.
  case tooLarge = "too_large"
  /// The payload is not UTF-8.
  case notUTF8 = "not_utf8"
  /// The payload is not a JSON document.
  case malformed
  /// Objects and lists are nested deeper than 32 levels.
  case tooDeep = "too_deep"
  /// More than 65 536 values in one message.
  case tooManyValues = "too_many_values"
  /// No profile has a topic pattern that matches.
  case unknownTopic = "unknown_topic"
  /// The message names no device, or one whose name cannot be taken.
  case noDevice = "no_device"
  /// Not one field that the profile maps is there.
  case nothingMapped = "nothing_mapped"
  /// The time is not in the form that the profile names.
  case badTime = "bad_time"
  /// A text that should be a number is none.
  case badNumber = "bad_number"
  /// A text that is too long, or has control characters.
  case badText = "bad_text"
  /// A number with more digits than can be kept exactly.
  case numberTooLong = "number_too_long"
  /// A value of another type than the profile expects.
  case wrongType = "wrong_type"
  /// A word that the profile's table does not have.
  case unknownWord = "unknown_word"
  /// A mapped key is given twice in the same object, so that nobody knows which one counts.
  case ambiguous
}

/// What was not taken: where it stands, what was found, and what was expected.
public struct Rejection: Error, Sendable, Equatable {
  /// Why.
  public var reason: RejectionReason
  /// The device, when it is known.
  public var device: DeviceIndex?
  /// The member within the payload, such as `batch[2].metrics.Ua`; empty for the whole message.
  public var part: String
  /// What was found there.
  public var found: String
  /// What would have been taken.
  public var expected: String

  /// A rejection from its parts.
  public init(
    reason: RejectionReason, device: DeviceIndex? = nil, part: String = "", found: String,
    expected: String
  ) {
    self.reason = reason
    self.device = device
    self.part = part
    self.found = found
    self.expected = expected
  }

  /// One sentence for a technician: `batch[2].Ua: found 'x', expected a decimal number`.
  public var text: String {
    (part.isEmpty ? "" : "\(part): ") + "found \(found), expected \(expected)"
  }
}
