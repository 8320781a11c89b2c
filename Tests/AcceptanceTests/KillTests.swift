import Foundation
import SiteModel
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// kill -9 at random instants, while the broker is restarted in between: nothing is lost, nothing
  /// is stored twice, every alert begins once and ends once.
  @Suite(.serialized) struct KillTests {
    @Test func fiftyKillsUnderLoad() async throws { try await kill(50, seed: 20_261_121) }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["SITEWATT_SOAK"] != nil))
    func aThousandKillsSoak() async throws {
      try await kill(1000, seed: UInt64.random(in: 0...999_999))
    }

    private func kill(_ times: Int, seed: UInt64) async throws {
      print("kill -9, \(times) times, seed \(seed)")
      let scene = try await KillScene(seed: seed)
      for round in 1...times {
        try await scene.killOnce()
        if round % 7 == 0 { try scene.restartBroker() }
      }
      try await scene.finish()

      let journal = try scene.installation.journal()
      let numbers = journal.map(KillScene.number)
      #expect(numbers.count == scene.load.count, "published \(scene.load.count), seed \(seed)")
      #expect(Set(numbers) == Set(1...scene.load.count))
      let totals = scene.installation.totals
      #expect(totals.messages == Int64(scene.load.count))
      #expect(totals.duplicates > 0, "no kill hit between commit and acknowledgement")
      #expect(try await scene.installation.verify() == "")
      try await scene.expectAlerts()
      try await scene.expectNotifications()
    }
  }
}

/// A collector that is killed over and over, with everything around it.
private final class KillScene {
  let installation: Installation
  private(set) var load = NumberedLoad()
  private let broker: Broker
  private let shim: ConnectionShim
  private let receiver = WebhookReceiver()
  private var random: SeededGenerator

  init(seed: UInt64) async throws {
    random = SeededGenerator(seed: seed)
    broker = try Broker(savesOften: false)
    shim = try ConnectionShim(brokerPort: broker.port, swallowing: [])
    try await receiver.start()
    let folder = try TemporaryFolder()
    try folder.write(NumberedLoad.tariffs, to: "tariffs.csv")
    try folder.write("a secret of the webhook\n", to: "webhook-secret")
    var options = Installation.Options()
    options.tariffs = ["tariffs.csv"]
    options.storage = ["batch_messages: 40", "snapshot_messages: 1000"]
    options.rules = [
      "outage.mains: {delay_s: 0, clear_s: 0}", "device.silent: {enabled: false}",
      "price: {province: 山东省}",
    ]
    options.notify = [
      await "{name: duty, type: webhook, url: \"\(receiver.origin)/hook\","
        + " secret_file: webhook-secret}"
    ]
    installation = try Installation(
      broker: "mqtt://127.0.0.1:\(shim.port)", options, folder: folder)
    // The first run makes the session that keeps messages from then on.
    let first = try await installation.startConnected()
    try await installation.stores(0)
    #expect(try await first.stop() == 0)
  }

  deinit { shim.stop() }

  /// The number in a message of the load.
  static func number(_ message: Message) -> Int {
    Int(String(decoding: message.payload, as: UTF8.self).dropFirst(5).prefix { $0.isNumber }) ?? 0
  }

  /// Starts the collector and kills it at a random instant: from its first moment on, under load,
  /// or when its acknowledgements of what it has committed are on the way and never arrive.
  func killOnce() async throws {
    let collector = try installation.start()
    let messages = load.next(Int.random(in: 50...300, using: &random))
    let address = broker.url
    async let published: Void = Publisher.publish(messages, to: address)
    let stored = installation.totals.messages
    switch Int.random(in: 0..<3, using: &random) {
    case 0: break
    case 1: try await eventually("a commit") { installation.totals.messages > stored }
    default:
      try await collector.says("listening to")
      shim.mute()
      try await eventually("a commit") { installation.totals.messages > stored }
    }
    let instant = Int.random(in: 0...400_000, using: &random)
    try await Task.sleep(for: .microseconds(instant))
    try await collector.kill()
    try await published
  }

  /// The broker ends in order and comes back with what it kept.
  func restartBroker() throws {
    broker.stop()
    try broker.start()
  }

  /// Ends all alerts and the collector.
  func finish() async throws {
    let collector = try await installation.startConnected()
    try await Publisher.publish(load.ending(), to: broker.url)
    try await installation.stores(load.count)
    try await eventually("an empty outbox") {
      try installation.reader().outboxCounts().pending == 0
    }
    #expect(try await collector.stop() == 0)
    // Otherwise a long run keeps a descriptor more with every kill.
    try await eventually("the end of every connection") { shim.connections == 0 }
  }

  func expectAlerts() async throws {
    let alerts = try await installation.alerts()
    let outages = alerts.filter { $0.kind == "outage.mains" }.map {
      NumberedLoad.Outage(device: $0.subject, begin: $0.opened_at, end: $0.cleared_at ?? "open")
    }
    #expect(outages.count == load.outages.count)
    #expect(Set(outages) == Set(load.outages))
    #expect(Set(alerts.map(\.kind)) == ["outage.mains", "price.cap_exceeded"])
    let prices = alerts.filter { $0.kind == "price.cap_exceeded" }
    #expect(prices.count == 1 && prices.first?.state == "cleared")
    let energy = try ExactDecimal(parsing: prices.first?.evidence.kwh ?? "")
    #expect(energy == load.energy)
  }

  /// Each alert was told twice: that it began, and that it ended.
  func expectNotifications() async throws {
    let alerts = load.outages.count + 1
    var stored: [String] = []
    var numbers: [Int64] = []
    try installation.reader().forEachNotification {
      stored.append($0.key)
      numbers.append($0.number)
    }
    // Only the newest 100 000 finished rows are kept.
    let newest = Int64(2 * alerts)
    #expect(numbers.count >= min(2 * alerts, 100_000))
    #expect(numbers == Array((newest - Int64(numbers.count) + 1)...newest))
    let keys = await receiver.requests.compactMap { $0.headers["idempotency-key"] }
    var seen: Set<String> = []
    let first = keys.filter { seen.insert($0).inserted }
    #expect(first.count == 2 * alerts)
    #expect(first.suffix(stored.count) == stored[...], "not in the order of the numbers")
  }
}
