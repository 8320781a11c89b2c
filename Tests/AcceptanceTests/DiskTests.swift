import Foundation
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// A database that cannot grow: nothing is acknowledged, that is said, and when there is room
  /// again everything is stored once.
  @Suite(.serialized) struct DiskTests {
    /// Messages of about 4 KiB.
    private func messages(_ numbers: ClosedRange<Int>) -> [Message] {
      // What can't be compressed, so that it takes room.
      var random = SeededGenerator(seed: 7)
      return numbers.map {
        let time = 1_772_352_000 + $0
        return Message(
          "uplink/D/json",
          "{\"n\":\($0),\"time\":\(time),\"voltage.a\":230,\"text\":\"\(noise(&random))\"}")
      }
    }

    private func noise(_ random: inout SeededGenerator) -> String {
      String(decoding: random.bytes(4_000).map { 0x30 + $0 % 43 }, as: UTF8.self)
    }

    private func expectAll(_ count: Int, in installation: Installation) async throws {
      let numbers = try installation.journal().map {
        Int(String(decoding: $0.payload, as: UTF8.self).dropFirst(5).prefix { $0.isNumber }) ?? 0
      }
      #expect(numbers == Array(1...count))
      #expect(try await installation.verify() == "")
    }

    /// Only root may mount a file system of a few MiB.
    private static let canMount: Bool = {
      guard geteuid() == 0, let folder = try? TemporaryFolder() else { return false }
      guard (try? TestSupport.run("/bin/mount", mountArguments(folder.path))) != nil else {
        return false
      }
      return (try? TestSupport.run("/bin/umount", [folder.path])) != nil
    }()

    private static func mountArguments(_ path: String) -> [String] {
      ["-t", "tmpfs", "-o", "size=12m", "sitewatt-test", path]
    }

    @Test(.enabled(if: canMount, "needs root and the right to mount a small file system"))
    func aFullDiskIsWaitedFor() async throws {
      let broker = try Broker()
      let disk = try TemporaryFolder()
      try TestSupport.run("/bin/mount", Self.mountArguments(disk.path))
      defer { try? TestSupport.run("/bin/umount", ["-l", disk.path]) }
      var options = Installation.Options()
      options.database = "\(disk.path)/sitewatt.db"
      options.storage = ["batch_messages: 100"]
      let installation = try Installation(broker: broker.url, options)
      let collector = try await installation.startConnected()
      try await Publisher.publish(messages(1...50), to: broker.url)
      try await installation.stores(50)

      let filler = "\(disk.path)/filler"
      try Data(count: 9 << 20).write(to: URL(filePath: filler))
      try await Publisher.publish(messages(51...1000), to: broker.url)
      try await collector.says("nothing is acknowledged: ")
      #expect(collector.errors.contains("no room left"))
      let before = installation.totals.messages
      #expect(before < 1000)
      try await Publisher.publish(messages(1001...1020), to: broker.url)
      #expect(installation.totals.messages == before && collector.isRunning)

      try FileManager.default.removeItem(atPath: filler)
      try await collector.says("storing again after")
      try await installation.stores(1020)
      #expect(try await collector.stop() == 0)
      try await expectAll(1020, in: installation)
    }

    @Test func aFullDatabaseIsWaitedForOverARestart() async throws {
      let broker = try Broker()
      let folder = try TemporaryFolder()
      var options = Installation.Options()
      options.storage = ["max_size_mib: 2", "batch_messages: 50"]
      let small = try Installation(broker: broker.url, options, folder: folder)
      let collector = try await small.startConnected()
      try await Publisher.publish(messages(1...1000), to: broker.url)
      try await collector.says("nothing is acknowledged: ")
      #expect(collector.errors.contains("raise the size limit; nothing was lost"))
      #expect(try await collector.stop() == 0)
      #expect(small.totals.messages < 1000)

      options.storage = ["max_size_mib: 100"]
      let large = try Installation(broker: broker.url, options, folder: folder)
      let second = try await large.startConnected()
      try await large.stores(1000)
      #expect(try await second.stop() == 0)
      try await expectAll(1000, in: large)
    }
  }
}
