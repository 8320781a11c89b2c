/// Why a message, or one member of it, was not taken. The raw value is the word of `decode`.
public enum RejectionReason: String, Sendable, CaseIterable {
  /// More bytes than the limit for a payload, or than a name or code may have.
  case tooLarge = "too_large"
  /// The payload is neither UTF-8 nor in the Chinese encoding that an XML document may have.
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
  /// A value in a unit that is not known, or that measures something else.
  case unknownUnit = "unknown_unit"
  /// A mapped key is given twice in the same object, so that nobody knows which one counts.
  case ambiguous
  /// A check (sum, CRC, FCS) of a frame does not match its bytes.
  case badChecksum = "bad_checksum"
  /// Bytes that are no frame of the protocol.
  case noFrame = "no_frame"
  /// A reply that belongs to another protocol or version of it.
  case otherProtocol = "other_protocol"
  /// The device answered with an error of its protocol.
  case deviceError = "device_error"
  /// A part of a reading, of a frame or of a session that its other parts did not follow.
  case incomplete
  /// The message breaks the order that its protocol's session demands.
  case outOfOrder = "out_of_order"
  /// A device spoke for another one.
  case wrongSpeaker = "wrong_speaker"

  /// True when the message has values that another profile could map, so that it is kept whole.
  public var leavesValues: Bool { self == .nothingMapped || self == .unknownUnit }
}
