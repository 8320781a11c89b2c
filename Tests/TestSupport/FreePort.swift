import Glibc

/// A TCP port of 127.0.0.1 that was free a moment ago.
public func freePort() throws -> UInt16 {
  let (descriptor, port) = try listenOnLoopback()
  close(descriptor)
  return port
}

/// A socket that listens on a free port of 127.0.0.1, with that port.
public func listenOnLoopback(backlog: Int32 = 16) throws -> (descriptor: Int32, port: UInt16) {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  guard descriptor >= 0 else { throw SupportFailure("no socket") }
  var address = loopback(port: 0)
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let code = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
    }
  }
  guard code == 0, listen(descriptor, backlog) == 0 else {
    close(descriptor)
    throw SupportFailure("no free port")
  }
  return (descriptor, UInt16(bigEndian: address.sin_port))
}

/// The address 127.0.0.1 with a port.
func loopback(port: UInt16) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return address
}

/// A socket that has begun to connect to a port of 127.0.0.1, and does not wait for it.
public func beginConnect(port: UInt16) -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
  var address = loopback(port: port)
  _ = withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  return descriptor
}

/// A TCP connection to a port of 127.0.0.1; nil if nobody listens.
func connectToLoopback(port: UInt16) -> Int32? {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = loopback(port: port)
  let code = withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  if code == 0 { return descriptor }
  close(descriptor)
  return nil
}

/// Why a part of the test environment does not work.
public struct SupportFailure: Error, CustomStringConvertible {
  /// The reason.
  public let description: String

  /// A failure with its reason.
  public init(_ description: String) { self.description = description }
}
