import SiteModel

/// Recognises messages that the broker sends again because it did not get their acknowledgement.
///
/// MQTT has a broker resend, first and in their order, all messages that were not acknowledged, with
/// their packet identifiers [MQTT-4.4.0-1, MQTT-4.6.0-1]. So after a reconnect the messages that are
/// already in the journal come first; with the first other one the recognition ends. A message that
/// merely looks like an earlier one is therefore never taken for a repetition.
public struct Redelivery: Sendable {
  /// Newest messages of the journal that may come again. More can not be unacknowledged: reading
  /// stops at a batch, and half the range of packet identifiers keeps new messages apart.
  public static let window = 32_767

  /// What identifies a message within a session.
  private struct Mark: Hashable {
    var packet: UInt16
    var digest: Int
  }

  private var candidates: Set<Mark> = []

  /// Nothing is expected.
  public init() {}

  /// True while repetitions are expected.
  public var isExpecting: Bool { !candidates.isEmpty }

  /// Expects a message of the journal to come again.
  public mutating func expect(
    packet: UInt16, topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
  ) {
    guard packet != 0 else { return }
    candidates.insert(Self.mark(packet, topic, payload))
  }

  /// Expects nothing more, because the broker has no session of ours.
  public mutating func forget() { candidates.removeAll() }

  /// Whether a message is in the journal already. QoS 0 messages never are.
  public mutating func isRepeated(
    packet: UInt16, topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
  ) -> Bool {
    guard packet != 0, !candidates.isEmpty else { return false }
    if candidates.remove(Self.mark(packet, topic, payload)) != nil { return true }
    candidates.removeAll()
    return false
  }

  private static func mark(
    _ packet: UInt16, _ topic: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
  ) -> Mark {
    var hasher = Hasher()
    hasher.combine(topic.count)
    hasher.combine(bytes: topic)
    hasher.combine(bytes: payload)
    return Mark(packet: packet, digest: hasher.finalize())
  }
}
