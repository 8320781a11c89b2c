import Alerting
import Detection
import Engine
import GRDB
import SiteModel
import Tariffs

@testable import Storage

/// A store whose journal gets messages of some devices day by day, and a plain model of them.
final class JournalScene {
  /// A message as the model has it.
  struct Message: Hashable {
    var seq: Int64
    var entry: Int
    var device: Int32
    var received: Int64
    var first: Int64
    var last: Int64
  }

  static let day: Int64 = 86_400_000
  static let devices = ["d0", "d1", "d2", "d3"]

  private(set) var store: Store
  private(set) var messages: [Message] = []
  private(set) var alerts: [AlertRecord] = []
  /// Journal rows by number: when the last entry was received.
  private(set) var rows: [Int64: Int64] = [:]
  private let reopen: () throws -> Store

  /// A scene in a store; `open` opens it.
  init(_ open: @escaping () throws -> Store) throws {
    reopen = open
    store = try open()
  }

  /// An engine that knows that d0 and d1 stand at S1, and d2 at S2.
  static func engine() -> Engine {
    var registry = Registry()
    for (device, site) in [("d0", "S1"), ("d1", "S1"), ("d2", "S2")] {
      registry.devices[device] = Device(
        id: device, site: site, hardware: .meter, role: .master)
    }
    let context = SiteContext(rules: DetectionRules(), registry: registry, tariffs: TariffTable())
    return Engine(reference: Reference(profiles: [], context: context, routes: []))
  }

  /// Commits messages of devices, received at an instant, each with readings of a span before.
  @discardableResult
  func commit(
    _ senders: [(device: Int32, age: Int64, span: Int64)], at received: Int64,
    _ alerts: [AlertRecord] = [], snapshot: [UInt8]? = nil, isNoted: Bool = true
  ) throws -> Int64 {
    let batch = Batch(capacity: 64)
    batch.append(.tick, at: Timestamp(milliseconds: received))
    var outcome = Outcome()
    let seq = try store.reader.newestSegment() + 1
    for (place, sender) in senders.enumerated() {
      let topic = Array("uplink/\(Self.devices[Int(sender.device)])/json".utf8)
      let payload = Array(#"{"seq":\#(seq),"place":\#(place)}"#.utf8)
      topic.withUnsafeBytes { topic in
        payload.withUnsafeBytes { payload in
          batch.append(
            topic: topic, payload: payload, packet: UInt16(truncatingIfNeeded: place + 1), qos: 1,
            retained: false, receivedAt: Timestamp(milliseconds: received))
        }
      }
      let last = received - sender.age
      let message = Message(
        seq: seq, entry: place + 1, device: sender.device, received: received,
        first: last - sender.span, last: last)
      messages.append(message)
      outcome.mentions.append(
        Mention(
          entry: message.entry, device: DeviceIndex(message.device),
          first: Timestamp(milliseconds: message.first),
          last: Timestamp(milliseconds: message.last)))
    }
    if seq == 1 { outcome.newDevices = Self.devices }
    outcome.alerts = alerts
    for alert in alerts {
      self.alerts.removeAll { $0.id == alert.id }
      self.alerts.append(alert)
    }
    rows[seq] = received
    try store.append(batch: batch, outcome: outcome, snapshot: snapshot)
    if !isNoted {
      try store.write { db in
        try db.execute(sql: "UPDATE journal SET devices = NULL WHERE seq = ?", arguments: [seq])
      }
    }
    return seq
  }

  /// So many messages of d3 as must always stay in the journal.
  func commitWindow(at received: Int64) throws {
    try commit(
      Array(repeating: (3, 0, 0), count: Redelivery.window), at: received)
  }

  /// Releases all that may go; the rows released.
  func release(now: Int64) throws -> Int {
    var count = 0
    let engine = Self.engine()
    while case let step = try store.releaseJournal(
      now: Timestamp(milliseconds: now), engine: engine), step > 0
    { count += step }
    return count
  }

  /// Closes the store and opens it again.
  func restart() throws {
    try store.close()
    store = try reopen()
  }

  /// An alert about a device or a site.
  static func alert(
    _ id: String, subject: String = "", site: String = "", from: Int64, to: Int64?,
    evidence: String = "{}"
  ) -> AlertRecord {
    AlertRecord(
      id: id, kind: "outage.mains", severity: .critical, site: site, region: "", subject: subject,
      openedAt: Timestamp(milliseconds: from), clearedAt: to.map { Timestamp(milliseconds: $0) },
      state: to == nil ? .open : .cleared, titleZh: "", titleEn: "", evidence: evidence)
  }

  /// What is in `evidence`.
  func evidence() throws -> Set<Message> {
    try store.reader.read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT * FROM evidence ORDER BY id")
      return Set(
        rows.map {
          Message(
            seq: $0["seq"], entry: $0["entry"], device: $0["device"], received: $0["received_ms"],
            first: $0["first_ms"], last: $0["last_ms"])
        })
    }
  }
}
