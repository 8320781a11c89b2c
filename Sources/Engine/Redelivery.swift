import SiteModel

/// Recognises messages that the broker sends again because it did not get their acknowledgement.
///
/// MQTT has a broker resend, first and in their order, all messages that were not acknowledged,
/// with their packet identifiers [MQTT-4.4.0-1, MQTT-4.6.0-1]. We acknowledge in order, so these
/// are the newest ones of the journal; after a reconnect they come first, and with the first other
/// message the recognition ends. An identifier is used again only after its
/// acknowledgement [MQTT-2.2.1-3], so all up to the earlier bearer of an identifier cannot come
/// again. With a broker that counts its identifiers up, as Mosquitto does, a message that merely
/// looks like an earlier one is therefore never taken for a repetition.
public struct Redelivery: Sendable {
  /// Newest messages of the journal that may come again. More can not be unacknowledged: reading
  /// stops at a batch, and half the range of packet identifiers keeps new messages apart.
  public static let window = 32_767

  /// A message of the journal.
  private struct Mark {
    /// Its place among the expected ones, from 1 on.
    var place: Int
    var digest: Int
  }

  private var marks: [UInt16: Mark] = [:]
  /// Messages that were named by `expect`.
  private var count = 0
  /// All up to this place cannot come (any more).
  private var passed = 0

  /// Nothing is expected.
  public init() {}

  /// True while repetitions are expected.
  public var isExpecting: Bool { passed < count }

  /// Expects a message of the journal to come again; to be called in the journal's order.
  public mutating func expect(
    packet: UInt16, topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
  ) {
    guard packet != 0 else { return }
    count += 1
    let mark = Mark(place: count, digest: Self.digest(topic, payload))
    if let earlier = marks.updateValue(mark, forKey: packet) { passed = max(passed, earlier.place) }
  }

  /// Expects nothing more, because the broker has no session of ours.
  public mutating func forget() { self = Redelivery() }

  /// Whether a message is in the journal already. QoS 0 messages never are.
  public mutating func isRepeated(
    packet: UInt16, topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
  ) -> Bool {
    guard packet != 0, isExpecting else { return false }
    guard let mark = marks[packet], mark.place > passed,
      mark.digest == Self.digest(topic, payload)
    else {
      forget()
      return false
    }
    passed = mark.place
    if !isExpecting { forget() }
    return true
  }

  private static func digest(
    _ topic: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
  ) -> Int {
    var hasher = Hasher()
    hasher.combine(topic.count)
    hasher.combine(bytes: topic)
    hasher.combine(bytes: payload)
    return hasher.finalize()
  }
}
