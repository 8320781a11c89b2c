import Glibc
import Synchronization
import TestSupport

/// A server that answers a CONNECT of level 5 with the given bytes and ends its side, and accepts
/// one of level 4: old brokers, and brokers in a bad mood.
final class OldBroker: Sendable {
  let port: UInt16
  private let listener: Int32
  private let answer: [UInt8]

  init(answerToLevel5 answer: [UInt8]) throws {
    self.answer = answer
    (listener, port) = try listenOnLoopback()
    try runThread { self.serve() }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func serve() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let client = accept(listener, nil, nil)
      if client < 0 { break }
      let count = read(client, &buffer, buffer.count)
      let level = count > 8 ? buffer[8] : 0
      let reply: [UInt8] = level == 5 ? answer : [0x20, 2, 0, 0]
      _ = write(client, reply, reply.count)
      if level != 4 { shutdown(client, Int32(SHUT_WR)) }
      // Read to the end: closing with unread bytes would reset what was just sent.
      while read(client, &buffer, buffer.count) > 0 {}
      close(client)
    }
    close(listener)
  }
}
