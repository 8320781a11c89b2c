import Glibc
import Synchronization

/// A TCP server of 127.0.0.1 between a client and a broker that looks at the first packet: it
/// swallows CONNECTs of some protocol levels (accepts, stays silent), and forwards the others.
/// It also counts the PUBACKs that clients sent, which is how a test sees what is on the wire.
public final class ConnectionShim: Sendable {
  /// The port it listens on.
  public let port: UInt16

  private struct Connection {
    let client: Int32
    var broker: Int32 = -1
    /// What the client sends is dropped.
    var isMuted = false
    /// Threads that may use the descriptors; the last one closes them.
    var users = 1
  }

  private struct State {
    var swallowedLevels: Set<UInt8>
    var levels: [UInt8] = []
    var clientBytes: [UInt8] = []
    var accepted = 0
    var connections: [Int: Connection] = [:]
  }

  private let listener: Int32
  private let brokerPort: UInt16
  private let state: Mutex<State>

  /// Listens in front of a broker; swallows CONNECTs of the given protocol levels (4 is MQTT 3.1.1,
  /// 5 is MQTT 5).
  public init(brokerPort: UInt16, swallowing levels: Set<UInt8>) throws {
    self.brokerPort = brokerPort
    state = Mutex(State(swallowedLevels: levels))
    (listener, port) = try listenOnLoopback()
    try runThread { self.acceptLoop() }
  }

  /// The protocol levels of the CONNECTs that came, in order.
  public var levels: [UInt8] { state.withLock { $0.levels } }

  /// Everything that clients sent through the shim, in order.
  public var clientBytes: [UInt8] { state.withLock { $0.clientBytes } }

  /// From now on swallows these levels.
  public func swallow(_ levels: Set<UInt8>) { state.withLock { $0.swallowedLevels = levels } }

  /// Connections that are open, or whose descriptors are.
  public var connections: Int { state.withLock { $0.connections.count } }

  /// From now on drops what the present connections' clients send, as if it were lost on the way;
  /// later connections are not touched.
  public func mute() {
    state.withLock { state in
      for number in state.connections.keys { state.connections[number]?.isMuted = true }
    }
  }

  /// Cuts every connection.
  public func cut() {
    state.withLock { state in
      for connection in state.connections.values { Self.shut(connection) }
    }
  }

  /// Ends the server and its connections.
  public func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    cut()
  }

  private func acceptLoop() {
    while case let client = accept(listener, nil, nil), client >= 0 {
      let number = state.withLock { state in
        state.accepted += 1
        state.connections[state.accepted] = Connection(client: client)
        return state.accepted
      }
      run(number) { self.serve(number, client) }
    }
    close(listener)
  }

  /// Runs a thread that uses a connection.
  private func run(_ number: Int, _ body: @escaping @Sendable () -> Void) {
    do {
      try runThread {
        body()
        self.leave(number)
      }
    } catch { leave(number) }
  }

  /// Ends a connection for one of its threads. Descriptors are closed under the lock and after the
  /// last one, so that nobody uses a number that is another connection's by then.
  private func leave(_ number: Int) {
    state.withLock { state in
      guard var connection = state.connections[number] else { return }
      Self.shut(connection)
      connection.users -= 1
      state.connections[number] = connection.users > 0 ? connection : nil
      guard connection.users == 0 else { return }
      close(connection.client)
      if connection.broker >= 0 { close(connection.broker) }
    }
  }

  private static func shut(_ connection: Connection) {
    shutdown(connection.client, Int32(SHUT_RDWR))
    shutdown(connection.broker, Int32(SHUT_RDWR))
  }

  private func serve(_ number: Int, _ client: Int32) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(client, &buffer, buffer.count)
    // Fixed header (2 to 5 bytes), "MQTT" with its length (6 bytes), protocol level.
    guard count > 12, let name = buffer.prefix(12).firstIndex(of: 0x4D) else { return }
    let level = buffer[name + 4]
    let isSwallowed = state.withLock { state in
      state.levels.append(level)
      return state.swallowedLevels.contains(level)
    }
    if isSwallowed {
      while read(client, &buffer, buffer.count) > 0 {}
      return
    }
    guard let broker = connectToLoopback(port: brokerPort) else { return }
    state.withLock { state in
      state.connections[number]?.broker = broker
      state.connections[number]?.users += 1
    }
    pass(buffer.prefix(count), of: number, to: broker)
    run(number) {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while case let count = read(broker, &buffer, buffer.count), count > 0 {
        if send(client, buffer, count, Int32(MSG_NOSIGNAL)) < 0 { break }
      }
    }
    while case let count = read(client, &buffer, buffer.count), count > 0 {
      pass(buffer.prefix(count), of: number, to: broker)
    }
  }

  private func pass(_ bytes: ArraySlice<UInt8>, of number: Int, to broker: Int32) {
    let isMuted = state.withLock { state in
      state.clientBytes += bytes
      return state.connections[number]?.isMuted ?? true
    }
    if isMuted { return }
    bytes.withUnsafeBytes {
      _ = send(broker, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }
}

/// Runs a closure on a thread of its own.
public func runThread(_ body: @escaping @Sendable () -> Void) throws {
  var thread = pthread_t()
  let context = Unmanaged.passRetained(ThreadBody(body))
  let code = pthread_create(
    &thread, nil,
    { raw in
      if let raw { Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run() }
      return nil
    }, context.toOpaque())
  guard code == 0 else {
    context.release()
    throw SupportFailure("no thread")
  }
  pthread_detach(thread)
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
