import Foundation
import Glibc
import TestSupport
import Testing

extension Acceptance {
  /// What systemd is told (sd_notify(3)).
  @Suite struct ServiceManagerTests {
    @Test func systemdHearsOfBeginLifeAndEnd() async throws {
      let folder = try TemporaryFolder()
      let socket = try NotifySocket(path: "\(folder.path)/notify")
      let broker = try Broker()
      let installation = try Installation(broker: broker.url, folder: folder)
      let collector = try installation.start(environment: [
        "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "4000000",
      ])
      try await eventually("READY") { socket.heard("READY=1") }
      try await eventually("WATCHDOG with a status") {
        socket.heard("WATCHDOG=1\nSTATUS=connected to mqtt://127.0.0.1:\(broker.port)")
      }
      #expect(!socket.heard("STOPPING=1"))
      #expect(try await collector.stop() == 0)
      #expect(socket.heard("STOPPING=1"))
    }
  }
}

/// The receiving end of `NOTIFY_SOCKET`.
private final class NotifySocket {
  let path: String
  private let descriptor: Int32
  private var messages: [String] = []

  init(path: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0 else { throw SupportFailure("no socket at \(path)") }
  }

  deinit { close(descriptor) }

  /// Whether a message that begins like this has come.
  func heard(_ beginning: String) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = recv(descriptor, &buffer, buffer.count, 0), count >= 0 {
      messages.append(String(decoding: buffer.prefix(count), as: UTF8.self))
    }
    return messages.contains { $0.hasPrefix(beginning) }
  }
}
