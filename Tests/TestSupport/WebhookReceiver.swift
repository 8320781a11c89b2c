import Foundation

/// A real HTTP server on loopback that records what it is sent and answers as told; it can be
/// killed and come back on the same port. One process, ended by ``stop()`` or with the tests.
public actor WebhookReceiver {
  /// What the receiver answers to one request.
  public struct Answer: Sendable, Encodable {
    /// Status code.
    public var status: Int
    /// Headers besides `Content-Length`, `Server` and `Date`.
    public var headers: [String: String]
    /// Body text.
    public var body: String
    /// Bytes of `x` after the body text.
    public var paddingBytes: Int
    /// Wait before the status line, in milliseconds.
    public var headDelayMilliseconds: Int
    /// Wait between header and body, in milliseconds.
    public var bodyDelayMilliseconds: Int

    /// An answer; at once and empty unless told otherwise.
    public init(
      _ status: Int, headers: [String: String] = [:], body: String = "", paddingBytes: Int = 0,
      headDelayMilliseconds: Int = 0, bodyDelayMilliseconds: Int = 0
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.paddingBytes = paddingBytes
      self.headDelayMilliseconds = headDelayMilliseconds
      self.bodyDelayMilliseconds = bodyDelayMilliseconds
    }

    enum CodingKeys: String, CodingKey {
      case status, headers, body
      case paddingBytes = "padding_bytes"
      case headDelayMilliseconds = "headDelay_ms"
      case bodyDelayMilliseconds = "bodyDelay_ms"
    }
  }

  /// A request as it arrived.
  public struct Request: Sendable, Decodable {
    /// `POST`, …
    public let method: String
    /// Path and query.
    public let path: String
    /// Values by lower-case name.
    public let headers: [String: String]
    /// The body's exact bytes.
    public let body: Data
  }

  /// Certificate and key files (PEM) of a receiver that speaks TLS.
  public struct Identity: Sendable {
    /// File of the certificate.
    public let certificate: String
    /// File of its private key.
    public let key: String

    /// An identity from two files.
    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// The receiver did not do what was waited for.
  public struct Silence: Error, CustomStringConvertible {
    /// What was waited for, and how many requests had come by then.
    public let description: String
  }

  private struct Event: Decodable {
    let event: String
    let port: Int?
  }

  /// The port it listens on; 0 before the first ``start()``, and the same after every further one.
  public private(set) var port: Int
  /// Every request since the beginning, across restarts.
  public private(set) var requests: [Request] = []

  private let identity: Identity?
  private var process: Process?
  private var input: FileHandle?
  private var listening = false
  private var ended = false
  private var scripted = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// A receiver that does not run yet, on a free port unless one is given.
  public init(port: Int = 0, identity: Identity? = nil) {
    self.port = port
    self.identity = identity
  }

  /// `http://127.0.0.1:<port>` or `https://localhost:<port>`.
  public var origin: String {
    identity == nil ? "http://127.0.0.1:\(port)" : "https://localhost:\(port)"
  }

  /// Starts the process, on the same port as before, and waits until it listens.
  public func start() async throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    var files: [String] = []
    if let identity { files = [identity.certificate, identity.key] }
    process.arguments = ["python3", "-u", "-c", webhookReceiverScript, String(port)] + files
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    (self.process, self.input, ended) = (process, input.fileHandleForWriting, false)
    let parts = Self.parts(of: output.fileHandleForReading)
    Task { await read(parts, of: process.processIdentifier) }
    try await wait("listening") { $0.listening }
  }

  /// Kills the process, so that connections break and further ones are refused.
  public func stop() {
    guard let process else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    (self.process, input, listening) = (nil, nil, false)
  }

  /// Scripts the answers to the next requests, in this order; then it is 200 again.
  public func answer(_ answers: Answer...) async throws {
    let goal = scripted + answers.count
    for answer in answers {
      try input?.write(contentsOf: JSONEncoder().encode(answer) + Data("\n".utf8))
    }
    try await wait("\(answers.count) answers scripted") { $0.scripted >= goal }
  }

  /// All requests, as soon as there are at least `count`.
  public func requests(atLeast count: Int, withinSeconds limit: Double = 30) async throws
    -> [Request]
  {
    try await wait("\(count) requests", withinSeconds: limit) { $0.requests.count >= count }
    return requests
  }

  private static func parts(of handle: FileHandle) -> AsyncStream<Data> {
    AsyncStream { parts in
      handle.readabilityHandler = { handle in
        let data = handle.availableData
        if !data.isEmpty {
          parts.yield(data)
        } else {
          handle.readabilityHandler = nil
          parts.finish()
        }
      }
    }
  }

  private func read(_ parts: AsyncStream<Data>, of identifier: Int32) async {
    var line = Data()
    for await part in parts {
      for byte in part {
        if byte != UInt8(ascii: "\n") {
          line.append(byte)
        } else {
          note(line)
          line.removeAll()
        }
      }
      wake()
    }
    // The process has closed its output: it is gone, or about to be.
    if let process, process.processIdentifier == identifier { ended = true }
    wake()
  }

  private func note(_ line: Data) {
    let decoder = JSONDecoder()
    guard let event = try? decoder.decode(Event.self, from: line) else { return }
    switch event.event {
    case "listening": (listening, port) = (true, event.port ?? port)
    case "scripted": scripted += 1
    default:
      if let request = try? decoder.decode(Request.self, from: line) { requests.append(request) }
    }
  }

  private func wake() {
    for continuation in waiting { continuation.resume() }
    waiting = []
  }

  private func wait(
    _ what: String, withinSeconds limit: Double = 30,
    until isDone: (isolated WebhookReceiver) -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + .seconds(limit)
    let alarm = Task {
      try await Task.sleep(until: deadline, clock: .continuous)
      wake()
    }
    defer { alarm.cancel() }
    while !isDone(self) {
      guard ContinuousClock.now < deadline, !ended else {
        let end = ended ? "the receiver ended" : "nothing within \(limit) s"
        throw Silence(description: "waiting for \(what): \(end); \(requests.count) requests came")
      }
      await withCheckedContinuation { waiting.append($0) }
    }
  }
}
