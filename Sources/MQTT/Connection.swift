import CMosquitto
import Glibc

/// One connection attempt and the connection it becomes: owns a libmosquitto client, and turns its
/// callbacks into fields that the session reads.
///
/// A fresh client per attempt leaves no queued PUBACK, no half-read packet and no TLS state behind.
/// The object passes from the session's thread to the dialling thread and back; only one of them
/// touches it at a time (`Dial`), hence `@unchecked Sendable`.
final class Connection: @unchecked Sendable {
  /// The broker's answer to CONNECT.
  struct Answer {
    let code: Int32
    let isSessionPresent: Bool
    let limits: BrokerLimits
  }

  let client: OpaquePointer
  let broker: BrokerURL
  let version: ProtocolVersion
  /// The status topic with the payloads of this connection.
  let status: StatusTopic?
  private let watchesBroker: Bool
  private let intake: Intake
  private let onEvent: (MQTTEvent) -> Void

  /// The CONNACK, once it came.
  fileprivate(set) var answer: Answer?

  /// The code with which the connection ended: 0x80 or more is an MQTT 5 reason of the broker's
  /// DISCONNECT, anything lower libmosquitto's own error.
  fileprivate(set) var endCode: Int32?

  /// libmosquitto's log lines, at most 16, until CONNACK: the only place where it explains TLS.
  fileprivate(set) var log: [String] = []

  /// Publishes that wait for their acknowledgement (QoS 1) or for the socket (QoS 0).
  private(set) var outstandingPublishes = 0

  /// Publishes that were acknowledged (QoS 1) or written (QoS 0).
  private(set) var acknowledgedPublishes: UInt64 = 0

  private var statusPacketIDs: Set<Int32> = []
  private var filters: [Int32: String] = [:]

  init(
    broker: BrokerURL, version: ProtocolVersion, options: MQTTOptions, intake: Intake,
    onEvent: @escaping (MQTTEvent) -> Void
  ) throws(MQTTFailure) {
    _ = Self.library
    guard let client = mosquitto_new(options.clientID, options.startsClean, nil) else {
      throw MQTTFailure(.library(code: Int32(MOSQ_ERR_NOMEM.rawValue)))
    }
    self.client = client
    self.broker = broker
    self.version = version
    status = options.status?.stamped(now_ms: wall_ms())
    watchesBroker = options.watchesBroker
    self.intake = intake
    self.onEvent = onEvent
    mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
    installCallbacks()
  }

  /// Closes the socket. Packets that were only queued, PUBACKs above all, are never sent.
  deinit { mosquitto_destroy(client) }

  private static let library: Void = { _ = mosquitto_lib_init() }()

  /// The socket, or -1.
  var socket: Int32 { mosquitto_socket(client) }

  var wantsWrite: Bool { mosquitto_want_write(client) }

  // MARK: What libmosquitto calls

  /// The broker's answer ends the read at once: SUBSCRIBE and the status leave before any message
  /// is read, so that they cannot carry a PUBACK with them.
  fileprivate func answered(_ answer: Answer) {
    self.answer = answer
    mosquitto_log_callback_set(client, nil)
    errno = EAGAIN
  }

  /// libmosquitto's read loop stops when it finds EAGAIN in `errno` after a packet, and looks at it
  /// nowhere else. Setting it keeps the batch limit to the message, even where one TLS record holds
  /// many packets; clearing it hides what the message's own handling left behind.
  fileprivate func received(_ message: InboundMessage) {
    if watchesBroker, BrokerWatch.owns(message.topic) {
      if let event = BrokerWatch.event(message) { onEvent(event) }
      errno = 0
      return
    }
    if let status, status.isSparkplugHost, message.topic.elementsEqual(status.topic.utf8) {
      // A Will of an earlier connection that came late, or a stranger's word, also an empty one
      // that takes ours away: edges must not take us for gone.
      if !message.saysOnline { publishStatus(isOnline: true) }
      errno = 0
      return
    }
    intake.take(message)
    errno = intake.isFull ? EAGAIN : 0
  }

  fileprivate func acknowledged(_ packetID: Int32, code: Int32) {
    if statusPacketIDs.remove(packetID) != nil { return }
    outstandingPublishes -= 1
    acknowledgedPublishes += 1
    if code >= 0x80 { onEvent(.publishRefused(code: UInt8(truncatingIfNeeded: code))) }
  }

  fileprivate func subscribed(_ packetID: Int32, code: Int32) {
    guard let filter = filters.removeValue(forKey: packetID) else { return }
    if watchesBroker, BrokerWatch.filters.contains(filter) { return }
    let byte = UInt8(truncatingIfNeeded: code)
    onEvent(
      byte < 0x80
        ? .subscribed(filter: filter, grantedQoS: byte)
        : .subscriptionRefused(filter: filter, code: byte))
  }

  fileprivate func logged(_ line: String) {
    if log.count < 16 { log.append(line) }
  }

  // MARK: What the session asks for

  func subscribe(_ filter: String, qos: Int32) {
    var packetID: Int32 = 0
    let options = Int32(MQTT_SUB_OPT_SEND_RETAIN_NEW.rawValue)
    let code = mosquitto_subscribe_v5(client, &packetID, filter, qos, options, nil)
    if code == 0 {
      filters[packetID] = filter
    } else {
      onEvent(.subscriptionRefused(filter: filter, code: 0))
    }
  }

  /// Asks for no more of a filter, whether it was subscribed or not; nobody needs the answer.
  func unsubscribe(_ filter: String) { mosquitto_unsubscribe_v5(client, nil, filter, nil) }

  func publish(
    topic: String, payload: UnsafeRawBufferPointer, qos: Int32, retain: Bool, isStatus: Bool = false
  ) -> Int32 {
    var packetID: Int32 = 0
    let code = mosquitto_publish_v5(
      client, &packetID, topic, Int32(payload.count), payload.baseAddress, qos, retain, nil)
    guard code == 0 else { return code }
    if isStatus { statusPacketIDs.insert(packetID) } else { outstandingPublishes += 1 }
    return 0
  }

  /// Queues the status, retained.
  func publishStatus(isOnline: Bool) {
    guard let status else { return }
    let qos = min(1, Int32(answer?.limits.maximumQoS ?? 1))
    let code = (isOnline ? status.online : status.offline).withUnsafeBytes {
      publish(topic: status.topic, payload: $0, qos: qos, retain: true, isStatus: true)
    }
    if code != 0 { onEvent(.publishRefused(code: 0)) }
  }

  /// Sends everything that is queued, as far as the socket takes it. Corked, so that thousands of
  /// four-byte PUBACKs share segments instead of waiting for Nagle's algorithm at the end.
  func flush() -> Int32 {
    guard wantsWrite else { return 0 }
    cork(1)
    let code = mosquitto_loop_write(client, 1)
    if socket >= 0 { cork(0) }
    return code
  }

  private func cork(_ value: Int32) {
    var value = value
    _ = setsockopt(
      socket, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}

extension Connection {
  private func installCallbacks() {
    mosquitto_connect_v5_callback_set(client) { _, context, code, flags, properties in
      Connection.of(context)?.answered(
        Answer(code: code, isSessionPresent: flags & 1 == 1, limits: BrokerLimits(properties)))
    }
    mosquitto_disconnect_v5_callback_set(client) { _, context, code, _ in
      Connection.of(context)?.endCode = code
    }
    mosquitto_subscribe_v5_callback_set(client) { _, context, packetID, count, codes, _ in
      guard let codes, count > 0 else { return }
      Connection.of(context)?.subscribed(packetID, code: codes[0])
    }
    mosquitto_publish_v5_callback_set(client) { _, context, packetID, code, _ in
      Connection.of(context)?.acknowledged(packetID, code: code)
    }
    mosquitto_log_callback_set(client) { _, context, _, line in
      guard let line else { return }
      Connection.of(context)?.logged(String(cString: line))
    }
    mosquitto_message_callback_set(client) { _, context, message in
      guard let message = message?.pointee, let topic = message.topic else { return }
      Connection.of(context)?.received(
        InboundMessage(
          topic: UnsafeRawBufferPointer(start: topic, count: strlen(topic)),
          payload: UnsafeRawBufferPointer(
            start: message.payload, count: Int(message.payloadlen)),
          packetID: UInt16(truncatingIfNeeded: message.mid),
          qos: UInt8(truncatingIfNeeded: message.qos), isRetained: message.retain))
    }
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> Connection? {
    context.map { Unmanaged<Connection>.fromOpaque($0).takeUnretainedValue() }
  }
}
