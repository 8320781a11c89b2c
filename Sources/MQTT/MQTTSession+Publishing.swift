import CMosquitto
import Glibc

/// Publishing, and the orderly end.
extension MQTTSession {
  /// Queues a message. It leaves in the next `receive` (or `release`) of a session without an open
  /// batch, so a publisher calls `receive` to write, to take acknowledgements and to wait.
  ///
  /// The topic has 1 to 65535 bytes and no wildcard; the payload at most 256 MiB, or what the
  /// broker accepts. QoS is 0 or 1. A publish that is unacknowledged when the connection ends is
  /// lost, and counted in `MQTTEvent.disconnected`: the caller keeps what it cannot lose.
  public func publish(
    topic: String, payload: UnsafeRawBufferPointer, qos: UInt8, retain: Bool = false
  ) throws(PublishRefusal) {
    precondition(qos <= 1, "a session publishes with QoS 0 or 1")
    guard let connection else { throw .notConnected }
    if connection.outstandingPublishes >= options.maximumOutstandingPublishes { throw .tooMany }
    guard MQTTOptions.isTopic(topic) else { throw .notATopic }
    let code = connection.publish(topic: topic, payload: payload, qos: Int32(qos), retain: retain)
    if code != 0 { throw code == MOSQ_ERR_OVERSIZE_PACKET.rawValue ? .tooLarge : .library(code) }
  }

  /// Ends the session's connection in order and keeps its state at the broker: `offline`,
  /// DISCONNECT, and then waits until the broker hung up, at most `timeout_ms`.
  ///
  /// An open batch is abandoned: its connection is dropped, and the broker sends the Will. Reads no
  /// message. `receive` does nothing afterwards.
  public func close(timeout_ms: Int64 = 5_000) {
    if intake.isOpen { abandon() }
    defer { phase = .closed }
    guard let connection else { return }
    let deadline_ms = monotonic_ms() + timeout_ms
    connection.publishStatus(isOnline: false)
    // libmosquitto closes its socket right behind DISCONNECT. With unread messages in it that would
    // be a reset, which can overtake `offline`; a second descriptor lets the stream end instead.
    let stream = dup(connection.socket)
    defer { if stream >= 0 { Glibc.close(stream) } }
    _ = mosquitto_disconnect_v5(connection.client, 0, nil)
    while connection.socket >= 0, connection.flush() == 0, connection.socket >= 0 {
      let waiting = pollfd(fd: connection.socket, events: Int16(POLLOUT), revents: 0)
      _ = wait([waiting], until_ms: deadline_ms)
      if monotonic_ms() >= deadline_ms { break }
    }
    if stream >= 0 { awaitEnd(stream, deadline_ms) }
    onEvent(.closed(broker: connection.broker))
  }

  /// Reads and forgets until the broker hangs up. What it reads was never acknowledged.
  private func awaitEnd(_ stream: Int32, _ deadline_ms: Int64) {
    shutdown(stream, Int32(SHUT_WR))
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while monotonic_ms() < deadline_ms {
      let count = Glibc.read(stream, &buffer, buffer.count)
      if count > 0 { continue }
      if count == 0 || errno != EAGAIN { return }
      var waiting = pollfd(fd: stream, events: Int16(POLLIN), revents: 0)
      _ = poll(&waiting, 1, Int32(clamping: max(0, deadline_ms - monotonic_ms())))
    }
  }
}

/// Why a publish was not queued.
public enum PublishRefusal: Error, Sendable, Equatable {
  /// No broker has accepted the session; try again after it did.
  case notConnected
  /// As many as allowed are unacknowledged; try again after `receive`.
  case tooMany
  /// Not a topic; never try again.
  case notATopic
  /// Larger than the broker accepts; never try again.
  case tooLarge
  /// libmosquitto's own error number; a connection that is about to end, as a rule.
  case library(Int32)
}
