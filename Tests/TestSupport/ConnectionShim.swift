import Glibc
import Synchronization

/// A TCP server of 127.0.0.1 between a client and a broker that looks at the first packet: it
/// swallows CONNECTs of some protocol levels (accepts, stays silent), and forwards the others.
/// It also counts the PUBACKs that clients sent, which is how a test sees what is on the wire.
public final class ConnectionShim: Sendable {
  /// The port it listens on.
  public let port: UInt16

  private struct State {
    var swallowedLevels: Set<UInt8>
    var levels: [UInt8] = []
    var clientBytes: [UInt8] = []
    var descriptors: [Int32] = []
    /// Clients whose bytes are dropped.
    var muted: Set<Int32> = []
  }

  private let listener: Int32
  private let brokerPort: UInt16
  private let state: Mutex<State>

  deinit { for descriptor in state.withLock({ $0.descriptors }) { close(descriptor) } }

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

  /// From now on drops what the present connections' clients send, as if it were lost on the way;
  /// later connections are not touched.
  public func mute() { state.withLock { $0.muted.formUnion($0.descriptors) } }

  /// Cuts every connection.
  public func cut() {
    for descriptor in state.withLock({ $0.descriptors }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  /// Ends the server and its connections. Their descriptors stay open until the object goes, so
  /// that no number is used twice while a thread may still hold it.
  public func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    cut()
  }

  private func acceptLoop() {
    while case let client = accept(listener, nil, nil), client >= 0 {
      state.withLock { $0.descriptors.append(client) }
      try? runThread { self.serve(client) }
    }
    close(listener)
  }

  private func serve(_ client: Int32) {
    defer { shutdown(client, Int32(SHUT_RDWR)) }
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
    state.withLock { $0.descriptors.append(broker) }
    pass(buffer.prefix(count), from: client, to: broker)
    try? runThread {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while case let count = read(broker, &buffer, buffer.count), count > 0 {
        if send(client, buffer, count, Int32(MSG_NOSIGNAL)) < 0 { break }
      }
      shutdown(client, Int32(SHUT_RDWR))
    }
    while case let count = read(client, &buffer, buffer.count), count > 0 {
      pass(buffer.prefix(count), from: client, to: broker)
    }
    shutdown(broker, Int32(SHUT_RDWR))
  }

  private func pass(_ bytes: ArraySlice<UInt8>, from client: Int32, to broker: Int32) {
    let isMuted = state.withLock { state in
      state.clientBytes += bytes
      return state.muted.contains(client)
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
