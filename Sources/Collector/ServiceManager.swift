import Glibc

/// Tells systemd how the service is doing (sd_notify(3)): ready, alive, stopping. Without systemd
/// it does nothing.
public struct ServiceManager: Sendable {
  private let socketPath: String?
  /// Half the watchdog interval, in milliseconds; nil when no watchdog is set.
  public let watchdogMilliseconds: Int64?

  /// What the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`.
  public init() {
    self.init(
      socketPath: getenv("NOTIFY_SOCKET").map { String(cString: $0) },
      watchdogMicroseconds: getenv("WATCHDOG_USEC").flatMap { Int64(String(cString: $0)) })
  }

  /// A manager at a socket; a path that begins with `@` is abstract.
  public init(socketPath: String?, watchdogMicroseconds: Int64?) {
    self.socketPath = socketPath
    watchdogMilliseconds = watchdogMicroseconds.map { max($0 / 2000, 100) }
  }

  /// Sends a sign of life, at most as often as the watchdog needs; to be called by the thread whose
  /// life matters.
  public func makeHeartbeat(status: @escaping () -> String) -> () -> Void {
    guard let interval = watchdogMilliseconds else { return {} }
    var last = ContinuousClock.now - .milliseconds(interval)
    return {
      guard last.duration(to: .now) >= .milliseconds(interval) else { return }
      last = .now
      alive(status())
    }
  }

  /// The service is ready; the text is shown by `systemctl status`.
  public func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }

  /// The start takes longer; systemd shall wait another minute from now.
  public func starting(_ status: String) { send("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=\(status)") }

  /// The pipeline is alive.
  public func alive(_ status: String) { send("WATCHDOG=1\nSTATUS=\(status)") }

  /// The service is going down.
  public func stopping() { send("STOPPING=1") }

  private func send(_ message: String) {
    guard let socketPath, !socketPath.isEmpty else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var path = Array(socketPath.utf8)
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    if path[0] == UInt8(ascii: "@") { path[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        message.withCString { text in
          sendto(descriptor, text, strlen(text), Int32(MSG_NOSIGNAL), generic, length)
        }
      }
    }
  }
}
