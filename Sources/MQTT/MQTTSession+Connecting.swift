import CMosquitto
import Glibc

/// From a pause to a connection and back: attempts, hand-shakes, failures, losses.
extension MQTTSession {
  var broker: BrokerURL { options.brokers[rotation.index] }

  /// Begins the attempt that the rotation asks for.
  func startAttempt() {
    hanging.removeAll { $0.result != nil }
    let connection: Connection
    do throws(MQTTFailure) {
      if hanging.count >= Dial.maximumHanging { throw MQTTFailure(.tooManyAttempts) }
      connection = try Connection(
        broker: broker, version: rotation.version, options: options, intake: intake,
        onEvent: onEvent)
      try connection.prepare(options, rotation: rotation)
    } catch {
      return fail(error)
    }
    let dial = Dial(connection, options: options)
    guard dial.start() else { return fail(MQTTFailure(.tooManyAttempts)) }
    phase = .dialling(dial, deadline_ms: monotonic_ms() + options.connectTimeout_ms)
  }

  /// Looks whether the dial is done or late; true if the phase changed.
  func advance(_ dial: Dial, _ attempt_ms: Int64) -> Bool {
    guard let result = dial.result else {
      if monotonic_ms() < attempt_ms { return false }
      hanging.append(dial)
      // The name look-up or TCP hangs: an older protocol would not help.
      fail(MQTTFailure(.unreachable(code: ETIMEDOUT)))
      return true
    }
    let connection = dial.connection
    if result.code == MOSQ_ERR_ERRNO.rawValue {
      fail(MQTTFailure(.unreachable(code: result.systemCode)))
    } else if result.code != 0 {
      fail(connection.failure(code: result.code, systemCode: result.systemCode))
    } else {
      phase = .handshaking(connection, deadline_ms: attempt_ms)
    }
    return true
  }

  /// Goes on with TLS and CONNECT; true if the phase changed.
  func advance(_ connection: Connection, _ attempt_ms: Int64) -> Bool {
    var code: Int32 = 0
    // libmosquitto 2.0 takes the end of the stream inside a TLS handshake for "not yet".
    if isAtEnd(connection) {
      fail(connection.failure(code: 0, systemCode: 0))
      return true
    }
    code = mosquitto_loop_read(connection.client, 1)
    if code == 0, connection.answer == nil, connection.socket >= 0 { code = connection.flush() }
    let systemCode = errno
    if code != 0 || connection.socket < 0 {
      fail(connection.failure(code: code, systemCode: systemCode))
    } else if let answer = connection.answer {
      connected(connection, answer)
    } else if monotonic_ms() >= attempt_ms {
      fail(MQTTFailure(.connectTimeout))
    } else {
      return false
    }
    return true
  }

  private func isAtEnd(_ connection: Connection) -> Bool {
    var byte: UInt8 = 0
    return recv(connection.socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
  }

  private func connected(_ connection: Connection, _ answer: Connection.Answer) {
    let now_ms = monotonic_ms()
    lastRead_ms = now_ms
    phase = .connected(connection, since_ms: now_ms)
    var warnings = answer.limits.warnings(version: connection.version, options: options)
    let isForgotten = rotation.succeeded(isSessionPresent: answer.isSessionPresent)
    if isForgotten, !options.startsClean { warnings.append(.sessionForgotten) }
    onEvent(
      .connected(
        ConnectedBroker(
          broker: connection.broker, version: connection.version,
          isSessionPresent: answer.isSessionPresent, limits: answer.limits, warnings: warnings)))
    let subscribed = options.subscribedFilters
    for filter in subscribed { connection.subscribe(filter, qos: 1) }
    if answer.isSessionPresent {
      // The broker adds to what the session had before, and would send messages twice, or too many.
      let others = Set(options.filters + options.formerFilters).subtracting(subscribed)
      for filter in others { connection.unsubscribe(filter) }
    }
    if options.watchesBroker {
      for filter in BrokerWatch.filters { connection.subscribe(filter, qos: 0) }
    }
    if let status = connection.status, status.isSparkplugHost {
      connection.subscribe(status.topic, qos: 1)
    }
    connection.publishStatus(isOnline: true)
    _ = flush(connection)
  }

  /// The attempt failed: the next one at once, or after a pause.
  private func fail(_ failure: MQTTFailure) {
    onEvent(.attemptFailed(broker: broker, version: rotation.version, failure))
    phase = .pausing(until_ms: 0)
    if case .afterPause(let needsOperator) = rotation.failed(failure) {
      pause(needsOperator: needsOperator)
    }
  }

  /// The connection ended: a pause, then the same broker first. An open batch stays open, so that
  /// its caller closes it.
  func lose(_ failure: MQTTFailure) {
    guard case .connected(let connection, let since_ms) = phase else { return }
    if monotonic_ms() - since_ms >= Self.stable_ms { backoff.reset() }
    phase = .pausing(until_ms: 0)
    rotation.lost()
    pause(needsOperator: failure.needsOperator)
    onEvent(
      .disconnected(
        broker: connection.broker, failure,
        unacknowledgedPublishes: connection.outstandingPublishes))
  }

  private func pause(needsOperator: Bool) {
    let pause_ms = backoff.next(needsOperator: needsOperator, random: random.next())
    phase = .pausing(until_ms: monotonic_ms() + pause_ms)
  }
}
