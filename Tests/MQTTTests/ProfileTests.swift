import SiteModel
import Foundation
import MQTT
import TestSupport
import Testing

/// The shipped broker profile is read by a real broker and gives what the collector needs.
struct ProfileTests {
  @Test func theProfileGivesNoWarning() throws {
    let broker = try shippedBroker(users: ["collector"])
    let client = try connected(try named("collector", broker))
    #expect(client.connections.first?.warnings == [])
    #expect(client.connections.first?.limits.maximumPacketSize_bytes == 1 << 20)
  }

  @Test func aDeviceSpeaksOnlyForItself() throws {
    let broker = try shippedBroker(users: ["collector", "M-1"])
    var options = try named("collector", broker)
    options.filters = ["uplink/#", "spBv1.0/#"]
    let client = try connected(options)
    // The broker drops what M-1 may not say, and acknowledges it all the same.
    for topic in ["uplink/M-2/json", "spBv1.0/G/NDATA/E", "uplink/M-1/json"] {
      try run(
        "/usr/bin/mosquitto_pub",
        [
          "-p", "\(broker.port)", "-u", "M-1", "-P", "word", "-q", "1", "-t", topic, "-m", topic,
        ])
    }
    try client.run("its own message") { client.payloads.contains("uplink/M-1/json") }
    #expect(client.payloads == ["uplink/M-1/json"])
  }

  /// The shipped configuration and rights; every user has the same password.
  private func shippedBroker(users: [String]) throws -> Broker {
    let folder = try TemporaryFolder()
    let passwords = try folder.write("", to: "passwords")
    for user in users { try run("/usr/bin/mosquitto_passwd", ["-b", passwords, user, "word"]) }
    let files = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("config")
    let profile = files.appendingPathComponent("mosquitto.conf")
    // The test's own port, folder and passwords stand for the machine's.
    let replaced = [
      "listener", "persistence_location", "password_file", "persistence ", "acl_file",
    ]
    let settings = try String(contentsOf: profile, encoding: .utf8).split(separator: "\n")
      .map(String.init).filter { line in !replaced.contains { line.hasPrefix($0) } }
    let rights = files.appendingPathComponent("mosquitto.acl").path
    return try Broker(
      settings: settings + ["password_file \(passwords)", "acl_file \(rights)"],
      savesOften: false, folder: folder)
  }

  private func named(_ user: String, _ broker: Broker) throws -> MQTTOptions {
    var options = try options(broker.url)
    options.user = user
    options.password = Secret("word")
    return options
  }
}
