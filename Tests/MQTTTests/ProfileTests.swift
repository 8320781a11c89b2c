import SiteModel
import Foundation
import MQTT
import TestSupport
import Testing

/// The shipped broker profile is read by a real broker and gives what the collector needs.
struct ProfileTests {
  @Test func theProfileGivesNoWarning() throws {
    let folder = try TemporaryFolder()
    let passwords = try folder.write("", to: "passwords")
    try run("/usr/bin/mosquitto_passwd", ["-b", passwords, "collector", "word"])
    let profile = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("config/mosquitto.conf")
    // The test's own port, folder and passwords stand for the machine's.
    let replaced = ["listener", "persistence_location", "password_file", "persistence "]
    let settings = try String(contentsOf: profile, encoding: .utf8).split(separator: "\n")
      .map(String.init).filter { line in !replaced.contains { line.hasPrefix($0) } }
    let broker = try Broker(
      settings: settings + ["password_file \(passwords)"], savesOften: false, folder: folder)
    var options = try options(broker.url)
    options.user = "collector"
    options.password = Secret("word")
    let client = try connected(options)
    #expect(client.connections.first?.warnings == [])
    #expect(client.connections.first?.limits.maximumPacketSize_bytes == 1 << 20)
  }
}
