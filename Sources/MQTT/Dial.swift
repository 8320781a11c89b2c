import Glibc
import Synchronization

/// One blocking connect on a thread of its own, so that the session can give up waiting for it.
///
/// libmosquitto can connect without blocking only to the first address of a host, and only in its
/// MQTT 3.1.1 form; and its name look-up always blocks. So the call runs on a thread that lives as
/// long as the call. Whoever stops waiting drops the `Dial`; the thread then closes what it got.
/// A hanging thread ends with the operating system's own limits (about two minutes an address).
final class Dial: Sendable {
  /// The most dials of one session that may hang after it gave up waiting for them.
  static let maximumHanging = 4

  let connection: Connection
  let done = MQTTWaker()
  private let options: MQTTOptions
  private let outcome = Mutex<(code: Int32, systemCode: Int32)?>(nil)

  init(_ connection: Connection, options: MQTTOptions) {
    self.connection = connection
    self.options = options
  }

  /// libmosquitto's code and `errno`, once the call has returned.
  var result: (code: Int32, systemCode: Int32)? { outcome.withLock { $0 } }

  /// Starts the thread. Returns false if the operating system has none left.
  func start() -> Bool {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { raw in
        if let raw { Unmanaged<Dial>.fromOpaque(raw).takeRetainedValue().run() }
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  private func run() {
    let result = connection.dial(options)
    outcome.withLock { $0 = result }
    done.wake()
  }
}
