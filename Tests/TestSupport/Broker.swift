import Foundation

/// A real Mosquitto on a free port of 127.0.0.1, with its own folder, ended by its process id.
///
/// Works as root (then the broker is told to stay root, or it could not write its folder) and as
/// an ordinary user.
public final class Broker {
  /// The folder of its configuration, database and log.
  public let folder: TemporaryFolder

  /// The port it listens on; stays the same over restarts.
  public let port: UInt16

  private let configuration: String
  private var process: Process?

  /// Starts a broker and waits until it accepts connections.
  ///
  /// `settings` are further lines of mosquitto.conf, after `listener`; by default everybody may
  /// connect. With `isPersistent` the broker keeps its sessions over `stop` and `start`, and with
  /// `savesOften` (unless the settings say how often) every change over `kill`.
  public init(
    settings: [String] = ["allow_anonymous true"], isPersistent: Bool = true,
    savesOften: Bool = true, folder: TemporaryFolder? = nil
  ) throws {
    self.folder = try folder ?? TemporaryFolder()
    port = try freePort()
    var lines = ["listener \(port) 127.0.0.1"] + settings
    if geteuid() == 0 { lines.append("user root") }
    if isPersistent {
      lines += ["persistence true", "persistence_location \(self.folder.path)/"]
      if savesOften { lines += ["autosave_interval 1", "autosave_on_changes true"] }
    }
    lines.append("log_dest file \(self.folder.path)/log")
    for (key, value) in [("sys_interval", "1"), ("max_queued_messages", "0")]
    where !lines.contains(where: { $0.hasPrefix(key) }) {
      lines.append("\(key) \(value)")
    }
    configuration = try self.folder.write(
      lines.joined(separator: "\n") + "\n", to: "mosquitto.conf")
    try start()
  }

  deinit { kill() }

  /// The broker's address as a `mqtt` URL.
  public var url: String { "mqtt://127.0.0.1:\(port)" }

  /// What the broker has logged.
  public var log: String {
    (try? String(contentsOfFile: "\(folder.path)/log", encoding: .utf8)) ?? ""
  }

  /// Starts the broker again, on the same port and folder.
  public func start() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/sbin/mosquitto")
    process.arguments = ["-c", configuration]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try withoutBlockedSignals { try process.run() }
    self.process = process
    for _ in 0..<2_000 {
      if let descriptor = connectToLoopback(port: port) {
        close(descriptor)
        return
      }
      guard process.isRunning else { throw SupportFailure("the broker ended: \(log)") }
      usleep(5_000)
    }
    throw SupportFailure("the broker does not listen: \(log)")
  }

  /// Ends the broker in order; a persistent one saves its sessions.
  public func stop() { end(with: SIGTERM) }

  /// Ends the broker as a power cut would.
  public func kill() { end(with: SIGKILL) }

  private func end(with signal: Int32) {
    guard let process, process.isRunning else { return }
    Foundation.kill(process.processIdentifier, signal)
    process.waitUntilExit()
    self.process = nil
  }
}

/// Runs a body with no signal blocked: test threads block SIGTERM, a child inherits that, and a
/// program that blocks SIGTERM cannot be stopped.
public func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
  var none = sigset_t()
  var before = sigset_t()
  sigemptyset(&none)
  pthread_sigmask(SIG_SETMASK, &none, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  try body()
}
