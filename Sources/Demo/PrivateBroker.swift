import Foundation

/// A Mosquitto of our own on a free port of 127.0.0.1, for the demonstration alone.
final class PrivateBroker {
  /// Its port.
  let port: UInt16
  private let process = Process()

  /// Starts a broker whose files are in `folder`.
  init(folder: String) throws {
    port = try Self.freePort()
    var lines = [
      "listener \(port) 127.0.0.1", "allow_anonymous true", "persistence true",
      "persistence_location \(folder)/", "max_queued_messages 0", "sys_interval 10",
      "log_dest file \(folder)/mosquitto.log",
    ]
    // Mosquitto gives up root by default, and could then not write into the folder.
    if geteuid() == 0 { lines.append("user root") }
    let configuration = "\(folder)/mosquitto.conf"
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: configuration, atomically: true, encoding: .utf8)
    process.executableURL = URL(fileURLWithPath: try Self.executable())
    process.arguments = ["-c", configuration]
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try Self.withoutBlockedSignals { try process.run() }
  }

  /// Ends the broker, within two seconds.
  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    for _ in 0..<200 where process.isRunning { usleep(10_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  /// A child inherits the signals that its parent's thread blocks, and the threads of Swift's
  /// concurrency block all: a broker started there could not be ended.
  private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  private static func executable() throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map(String.init)
    for folder in folders + ["/usr/sbin", "/usr/local/sbin"] {
      let path = "\(folder)/mosquitto"
      if access(path, X_OK) == 0 { return path }
    }
    throw DemoError("mosquitto is not installed: scripts/setup.sh run installs it")
  }

  /// A port that nobody uses now.
  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw DemoError("no socket can be made") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, length) == 0 ? getsockname(descriptor, generic, &length) : -1
      }
    }
    guard code == 0 else { throw DemoError("no free port on 127.0.0.1") }
    return UInt16(bigEndian: address.sin_port)
  }
}

/// Why the demonstration cannot go on; one sentence.
struct DemoError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
