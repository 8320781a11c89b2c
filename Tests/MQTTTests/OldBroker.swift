import Glibc
import Synchronization
import TestSupport

/// A server that knows just enough of MQTT 3.1.1 to refuse MQTT 5 as old brokers do: it answers a
/// CONNECT of level 5 with the given bytes and hangs up, and accepts one of level 4.
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
      if level == 4 { while read(client, &buffer, buffer.count) > 0 {} }
      close(client)
    }
    close(listener)
  }
}
