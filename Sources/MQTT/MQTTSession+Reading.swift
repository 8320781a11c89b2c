import CMosquitto
import Glibc

/// The connected session: reads, waits, writes what may be written, and keeps the connection alive.
extension MQTTSession {
  /// How a wait ended.
  enum Waited { case ready, woken, timeout }

  /// Reads what there is; waits only if no batch is open.
  func read(_ connection: Connection, _ deadline_ms: Int64) -> ReceiveEnd? {
    if !intake.isOpen, !flush(connection) { return nil }
    // What an earlier `release` could not write is full of old PUBACKs; new ones must not join it.
    if !intake.isOpen, connection.wantsWrite {
      let waiting = pollfd(fd: connection.socket, events: Int16(POLLOUT), revents: 0)
      return end(after: wait([waiting], until_ms: deadline_ms), deadline_ms)
    }
    let acknowledged = connection.acknowledgedPublishes
    guard let drained = drain(connection) else { return intake.isOpen ? .lost : nil }
    if intake.isOpen { return drained }
    keepAlive(connection)
    guard self.connection != nil else { return nil }
    if connection.acknowledgedPublishes > acknowledged { return .acknowledged }
    let events = connection.wantsWrite ? POLLIN | POLLOUT : POLLIN
    let waiting = pollfd(fd: connection.socket, events: Int16(events), revents: 0)
    // libmosquitto's keep-alive wants to be asked about once a second.
    let slice_ms = min(deadline_ms, monotonic_ms() + 1_000)
    return end(after: wait([waiting], until_ms: slice_ms), deadline_ms)
  }

  /// Reads until nothing is readable or the batch is full; nil if the connection ended.
  private func drain(_ connection: Connection) -> ReceiveEnd? {
    // A broker that sends nothing but pings must not hold us here for ever.
    for _ in 0..<intake.limits.messages + 1_000 {
      if intake.isFull { return .full }
      let code = mosquitto_loop_read(connection.client, 1)
      let systemCode = errno
      if code != 0 || connection.socket < 0 {
        lose(connection.failure(code: code, systemCode: systemCode))
        return nil
      }
      lastRead_ms = monotonic_ms()
      if systemCode == EAGAIN { return intake.isFull ? .full : .drained }
    }
    return .full
  }

  /// Writes everything queued; false if the connection ended. Only while no batch is open.
  func flush(_ connection: Connection) -> Bool {
    let code = connection.flush()
    let systemCode = errno
    if code == 0, connection.socket >= 0 { return true }
    lose(connection.failure(code: code, systemCode: systemCode))
    return false
  }

  /// Lets libmosquitto send a ping if it is time, or find that the last one went unanswered.
  func keepAlive(_ connection: Connection) {
    let code = mosquitto_loop_misc(connection.client)
    if code != 0 {
      lose(connection.failure(code: code, systemCode: 0))
    } else {
      _ = flush(connection)
    }
  }

  func isReadable(_ connection: Connection) -> Bool {
    var waiting = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
    return poll(&waiting, 1, 0) > 0
  }

  /// Waits for one of the descriptors, for `waker`, or for the time.
  func wait(_ descriptors: [pollfd], until_ms: Int64) -> Waited {
    let left_ms = Int32(clamping: max(0, until_ms - monotonic_ms()))
    var waiting = [pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0)] + descriptors
    let count = poll(&waiting, nfds_t(waiting.count), left_ms)
    if count > 0, waiting[0].revents != 0 {
      waker.clear()
      return .woken
    }
    return count > 0 ? .ready : .timeout
  }

  /// What a wait means for `receive`: go on, or return.
  func end(after waited: Waited, _ deadline_ms: Int64) -> ReceiveEnd? {
    switch waited {
    case .woken: .woken
    case .ready: nil
    case .timeout: monotonic_ms() >= deadline_ms ? .idle : nil
    }
  }
}
