import MQTT
import TestSupport
import Testing

/// Encrypted connections against a broker that demands a client certificate.
@Suite(.serialized)
struct TLSTests {
  let folder: TemporaryFolder
  let certificates: Certificates
  let broker: Broker

  init() throws {
    folder = try TemporaryFolder()
    certificates = try Certificates(in: folder)
    broker = try Broker(
      settings: [
        "cafile \(certificates.authority)", "certfile \(certificates.broker)",
        "keyfile \(certificates.brokerKey)", "require_certificate true",
        "use_identity_as_username true", "allow_anonymous true",
      ], folder: folder)
  }

  private func tlsOptions(host: String = "127.0.0.1") throws -> MQTTOptions {
    var options = try options("mqtts://\(host):\(broker.port)")
    options.tls.authorityFile = certificates.authority
    options.tls.certificateFile = certificates.client
    options.tls.keyFile = certificates.clientKey
    return options
  }

  private func firstFailure(_ options: MQTTOptions) throws -> MQTTFailure.Reason? {
    let client = try Client(options)
    try client.run("a failure") { !client.failures.isEmpty }
    #expect(client.connections.isEmpty)
    return client.failures.first?.reason
  }

  @Test func messagesComeInExactBatches() throws {
    let client = try connected(tlsOptions())
    let publisher = try {
      var options = try tlsOptions()
      options.clientID = "publisher"
      options.filters = []
      return try connected(options)
    }()
    try publisher.publish((0..<300).map(String.init))
    while client.received.count < 300 {
      let before = client.received.count
      client.receive(messages: 7, wait_ms: 1_000)
      #expect(client.received.count - before <= 7)
      client.session.release()
    }
    #expect(client.payloads == (0..<300).map(String.init))
  }

  @Test func abandonedMessagesComeAgain() throws {
    let client = try connected(tlsOptions())
    client.session.release()
    var options = try tlsOptions()
    options.clientID = "publisher"
    options.filters = []
    try connected(options).publish(["a"])
    try client.run(releasing: false, "a") { client.payloads == ["a"] }
    client.session.abandon()
    try client.run("a again") { client.payloads == ["a", "a"] }
  }

  @Test func anUnknownAuthorityIsRefused() throws {
    var options = try tlsOptions()
    options.tls.authorityFile = try Certificates(in: folder, prefix: "stranger").authority
    #expect(try firstFailure(options) == .tls(.brokerNotTrusted))
  }

  @Test func aCertificateForAnotherHostIsRefused() throws {
    #expect(try firstFailure(tlsOptions(host: "localhost")) == .tls(.hostMismatch))
  }

  @Test func aMissingClientCertificateIsRefusedByTheBroker() throws {
    var options = try tlsOptions()
    options.tls.certificateFile = nil
    options.tls.keyFile = nil
    let client = try Client(options)
    var alerts: [String] = []
    // The broker's reset may overtake its alert; then the session just tries again.
    try client.run("an alert") {
      alerts = client.failures.compactMap {
        if case .tls(.refusedByBroker(let text)) = $0.reason { text } else { nil }
      }
      return !alerts.isEmpty
    }
    #expect(alerts[0].contains("certificate required"))
    #expect(client.connections.isEmpty)
  }

  @Test func filesAreNamedWhenTheyAreMissingOrWrong() throws {
    var options = try tlsOptions()
    options.tls.authorityFile = "\(folder.path)/none.pem"
    #expect(
      try firstFailure(options) == .tls(.fileUnreadable(path: "\(folder.path)/none.pem")))
    options = try tlsOptions()
    options.tls.keyFile = certificates.brokerKey
    guard case .tls(.fileUnusable(let text)) = try firstFailure(options) else {
      Issue.record("a key of another certificate was accepted")
      return
    }
    #expect(text.contains("key"))
  }

  @Test func aPlainServerIsNoTLSServer() throws {
    let plain = try Broker()
    var options = try tlsOptions()
    options.brokers = [try BrokerURL(parsing: "mqtts://127.0.0.1:\(plain.port)")]
    options.connectTimeout_ms = 500
    let client = try Client(options)
    try client.run("a failure") { !client.failures.isEmpty }
    #expect(client.connections.isEmpty)
  }
}
