import Foundation
import MQTT
import SiteModel
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// An encrypted broker that wants a certificate, a name and a password from its clients.
  @Suite(.serialized) struct SecurityTests {
    private static let password = "pa55-of-the-collector"

    private struct Scene {
      let folder: TemporaryFolder
      let certificates: Certificates
      let broker: Broker
      let options: Installation.Options

      init() throws {
        folder = try TemporaryFolder()
        certificates = try Certificates(in: folder)
        let passwords = "\(folder.path)/passwords"
        try TestSupport.run(
          "/usr/bin/mosquitto_passwd", ["-b", "-c", passwords, "collector", password])
        broker = try Broker(
          settings: [
            "cafile \(certificates.authority)", "certfile \(certificates.broker)",
            "keyfile \(certificates.brokerKey)", "require_certificate true",
            "allow_anonymous false", "password_file \(passwords)",
          ], folder: folder)
        try folder.write("collector\n", to: "mqtt-user")
        try folder.write(password + "\n", to: "mqtt-password")
        var options = Installation.Options()
        options.mqtt = [
          "username_file: mqtt-user", "password_file: mqtt-password",
          "ca_file: \"\(certificates.authority)\"",
          "certificate_file: \"\(certificates.client)\"", "key_file: \"\(certificates.clientKey)\"",
        ]
        self.options = options
      }

      var url: String { "mqtts://127.0.0.1:\(broker.port)" }
    }

    @Test func messagesComeThroughAndTheSecretStaysWhereItIs() async throws {
      let scene = try Scene()
      let installation = try Installation(broker: scene.url, scene.options, folder: scene.folder)
      let collector = try await installation.startConnected()
      let (publisher, certificates) = (scene.url, scene.certificates)
      try await Publisher.publish(
        [Message("uplink/M/json", #"{"time":1772352000,"voltage.a":230.5}"#)], to: publisher
      ) { options in
        options.user = "collector"
        options.password = Secret(Self.password)
        options.tls.authorityFile = certificates.authority
        options.tls.certificateFile = certificates.client
        options.tls.keyFile = certificates.clientKey
      }
      try await installation.stores(1)
      #expect(try await collector.stop() == 0)
      try expectNoSecret(installation, collector)
    }

    @Test func aWrongPasswordIsToldWithoutIt() async throws {
      let scene = try Scene()
      try scene.folder.write("wrong-" + Self.password, to: "mqtt-password")
      let installation = try Installation(broker: scene.url, scene.options, folder: scene.folder)
      let collector = try installation.start()
      try await collector.says("cannot connect to mqtts://127.0.0.1")
      #expect(try await collector.stop() == 0)
      #expect(collector.errors.contains("not authorized") || collector.errors.contains("password"))
      try expectNoSecret(installation, collector)
    }

    @Test func aBrokerOfAnotherAuthorityIsRefused() async throws {
      let scene = try Scene()
      let other = try Certificates(in: scene.folder, prefix: "other")
      var options = scene.options
      options.mqtt[2] = "ca_file: \"\(other.authority)\""
      let installation = try Installation(broker: scene.url, options, folder: scene.folder)
      let collector = try installation.start()
      try await collector.says("cannot connect to mqtts://127.0.0.1")
      #expect(!collector.errors.contains("connected to mqtts"))
      #expect(try await collector.stop() == 0)
      try expectNoSecret(installation, collector)
    }

    /// Neither log nor database has the password.
    private func expectNoSecret(_ installation: Installation, _ collector: Program) throws {
      #expect(!collector.errors.contains(Self.password))
      #expect(!collector.output.contains(Self.password))
      for ending in ["", "-wal"] {
        let bytes = FileManager.default.contents(atPath: installation.database + ending) ?? Data()
        #expect(bytes.range(of: Data(Self.password.utf8)) == nil)
      }
    }
  }
}
