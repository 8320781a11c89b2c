/// One message as libmosquitto holds it. Its bytes are valid only during the call it is given to.
public struct InboundMessage {
  /// The topic, UTF-8, 1 to 65535 bytes.
  public let topic: UnsafeRawBufferPointer

  /// The payload, possibly empty.
  public let payload: UnsafeRawBufferPointer

  /// The packet identifier, 0 for QoS 0. Mosquitto redelivers under the same one.
  public let packetID: UInt16

  /// The QoS of the delivery, 0 or 1 (2 only from a broker that breaks the protocol).
  public let qos: UInt8

  /// Whether the broker had kept the message from before the subscription.
  public let isRetained: Bool
}

extension InboundMessage {
  /// Whether the first 256 bytes of the payload say that a Sparkplug host is online.
  var saysOnline: Bool {
    let text = String(decoding: payload.prefix(256), as: UTF8.self)
    return text.filter { !$0.isWhitespace }.contains(#""online":true"#)
  }
}

/// When a batch is full, and how long to wait for its first message.
public struct ReceiveLimits: Sendable {
  /// The most messages in a batch; 1 or more.
  public var messages: Int

  /// The most topic and payload bytes; the message that exceeds it is the batch's last.
  public var bytes: Int

  /// How long to wait for the first message, in milliseconds; 0 or more.
  public var wait_ms: Int64

  /// Limits; by default 4096 messages, 8 MiB and one second.
  public init(messages: Int = 4096, bytes: Int = 8 << 20, wait_ms: Int64 = 1_000) {
    self.messages = max(1, messages)
    self.bytes = bytes
    self.wait_ms = max(0, wait_ms)
  }
}

/// Why `receive` returned.
public enum ReceiveEnd: Sendable, Equatable {
  /// The batch holds messages and nothing more is readable: commit it.
  case drained
  /// The batch is full: commit it.
  case full
  /// Nothing came in the time to wait.
  case idle
  /// `wake()` was called.
  case woken
  /// Publishes were acknowledged; no messages came.
  case acknowledged
  /// The connection ended while a batch was open. The batch may be committed; the broker
  /// redelivers its messages all the same.
  case lost
}

/// Takes the messages off libmosquitto's callback and knows when the batch is full.
final class Intake {
  var sink: ((InboundMessage) -> Void)?
  var limits = ReceiveLimits()

  /// Messages and bytes handed out since the last release; their PUBACKs are held back.
  private(set) var messages = 0
  private(set) var bytes = 0

  var isOpen: Bool { messages > 0 }
  var isFull: Bool { messages >= limits.messages || bytes >= limits.bytes }

  func take(_ message: InboundMessage) {
    messages += 1
    bytes += message.topic.count + message.payload.count
    sink?(message)
  }

  /// Begins an empty batch.
  func clear() {
    messages = 0
    bytes = 0
  }
}
