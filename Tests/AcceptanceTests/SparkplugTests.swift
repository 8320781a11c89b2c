import Foundation
import SiteModel
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// A Sparkplug edge node and the collector as its host, through a real broker.
  @Suite(.serialized) struct SparkplugTests {
    private static let birth = "spBv1.0/Plant/NBIRTH/Edge"

    private func payload(
      _ sequence: UInt64?, _ metrics: [SparkplugPayload.Metric]
    ) -> [UInt8] {
      let now = UInt64(Date().timeIntervalSince1970 * 1000)
      var payload = SparkplugPayload(time_ms: now, sequence: sequence)
      for metric in metrics { payload.add(metric) }
      return payload.bytes
    }

    private var connection: SparkplugPayload.Metric {
      SparkplugPayload.Metric("bdSeq", type: 8, .long(4))
    }

    private func voltage(_ value: Float) -> SparkplugPayload.Metric {
      SparkplugPayload.Metric("voltage.a", alias: 1, type: 9, .float(value))
    }

    @Test func aNodeIsAskedForItsBirthsAndItsDeathIsSeen() async throws {
      let broker = try Broker()
      var options = Installation.Options()
      options.sparkplugHost = "sitewatt-1"
      let installation = try Installation(broker: broker.url, options)
      let collector = try await installation.startConnected()
      var will = SparkplugPayload()
      will.add(connection)
      let edge = try Edge(broker, will: will.bytes, in: installation.folder)
      try await eventually("the edge sees its host") {
        edge.heard("spBv1.0/STATE/sitewatt-1 {\"online\":true,\"timestamp\":")
      }

      // Data before any birth: the value with a name is kept, and the births are asked for.
      try await Publisher.publish(
        [Message("spBv1.0/Plant/NDATA/Edge", payload(5, [voltage(229)]))], to: broker.url)
      try await eventually("the edge is asked for its births") {
        edge.heard("spBv1.0/Plant/NCMD/Edge") && edge.heard("Node Control/Rebirth")
      }
      let data = SparkplugPayload.Metric(alias: 1, type: 9, .float(231.5))
      try await Publisher.publish(
        [
          Message(Self.birth, payload(0, [connection, voltage(230)])),
          Message("spBv1.0/Plant/DBIRTH/Edge/Meter", payload(1, [voltage(231)])),
          Message("spBv1.0/Plant/DDATA/Edge/Meter", payload(2, [data])),
        ], to: broker.url)
      try await installation.stores(4)
      let before = try await installation.run("query", "--latest")
      #expect(before.program.lines.count == 3)
      #expect(before.program.output.contains("Plant/Edge/Meter,voltage.a,231.5,V,good"))

      // Its process is killed, so that the broker publishes its Will.
      try edge.kill()
      try await eventually("both are told to be silent") {
        try await installation.alerts().map(\.subject).sorted() == [
          "Plant/Edge", "Plant/Edge/Meter",
        ]
      }
      let alert = try #require(try await installation.alerts().first)
      #expect(alert.kind == "device.silent")
      #expect(alert.title.contains("离线"))
      let after = try await installation.run("query", "--latest")
      #expect(after.program.output.contains("Plant/Edge/Meter,voltage.a,231.5,V,stale"))
      #expect(try await collector.stop() == 0)
      let later = try Edge(broker, will: [], in: installation.folder)
      try await eventually("the host says that it is gone") {
        later.heard("spBv1.0/STATE/sitewatt-1 {\"online\":false,\"timestamp\":")
      }
      try later.kill()
      #expect(try await installation.verify() == "")
    }

    @Test func valuesAreStaleWhileTheBrokerIsAway() async throws {
      let broker = try Broker()
      let installation = try Installation(broker: broker.url, .init())
      let collector = try await installation.startConnected()
      try await Publisher.publish(
        [Message(Self.birth, payload(0, [connection, voltage(230)]))], to: broker.url)
      try await installation.stores(1)
      func says(_ quality: String) async throws -> Bool {
        try await installation.run("query", "--latest").program.output.contains("V,\(quality)")
      }
      #expect(try await says("good"))
      broker.stop()
      try await eventually("the values are stale") { try await says("stale") }
      try broker.start()
      try await Publisher.publish(
        [Message(Self.birth, payload(0, [connection, voltage(231)]))], to: broker.url)
      try await eventually("the edge is heard again") { try await says("good") }
      #expect(try await collector.stop() == 0)
      #expect(try await says("stale"))
      #expect(try await installation.verify() == "")
    }
  }
}

/// An edge node's connection: hears its host's state and its commands, and has a Will.
private final class Edge {
  private let process = Process()
  private let output: String

  init(_ broker: Broker, will: [UInt8], in folder: TemporaryFolder) throws {
    output = "\(folder.path)/edge-\(UUID().uuidString)"
    process.executableURL = URL(filePath: "/usr/bin/mosquitto_sub")
    var arguments = [
      "-h", "127.0.0.1", "-p", "\(broker.port)", "-v", "-t", "spBv1.0/STATE/#", "-t",
      "spBv1.0/Plant/NCMD/Edge",
    ]
    if !will.isEmpty {
      arguments += [
        "--will-topic", "spBv1.0/Plant/NDEATH/Edge", "--will-qos", "1", "--will-payload",
        String(decoding: will, as: UTF8.self),
      ]
    }
    process.arguments = arguments
    try Data().write(to: URL(filePath: output))
    let file = try FileHandle(forWritingTo: URL(filePath: output))
    process.standardOutput = file
    process.standardInput = FileHandle.nullDevice
    try withoutBlockedSignals { try process.run() }
    try file.close()
  }

  deinit { if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) } }

  /// Whether it has heard a text.
  func heard(_ text: String) -> Bool {
    String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
      .contains(text)
  }

  /// Ends it as a power cut would.
  func kill() throws {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
