/// What Mosquitto tells about itself under `$SYS`: how many messages it dropped, and its version.
enum BrokerWatch {
  private static let dropped: StaticString = "$SYS/broker/publish/messages/dropped"
  private static let version: StaticString = "$SYS/broker/version"

  /// The filters that bring these facts, subscribed at QoS 0.
  static let filters = [dropped.description, version.description]

  /// Whether a topic is one of the two.
  static func owns(_ topic: UnsafeRawBufferPointer) -> Bool {
    topic.first == UInt8(ascii: "$") && (isTopic(topic, dropped) || isTopic(topic, version))
  }

  /// The fact in a message of one of the two topics; nil if its payload is not what it should be.
  static func event(_ message: InboundMessage) -> MQTTEvent? {
    if isTopic(message.topic, version) {
      return .brokerVersion(String(decoding: message.payload.prefix(64), as: UTF8.self))
    }
    return UInt64(String(decoding: message.payload.prefix(20), as: UTF8.self))
      .map { .brokerDropped(total: $0) }
  }

  private static func isTopic(_ topic: UnsafeRawBufferPointer, _ wanted: StaticString) -> Bool {
    topic.elementsEqual(
      UnsafeRawBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount))
  }
}
