import Protocols
import SiteModel

/// Turns received messages into readings and events. It holds the profiles, the registry's
/// transformer ratios and scratch memory that is used again for every message; one decoder serves
/// one thread. The same messages in the same order give the same results.
public final class Decoder {
  /// Longest payload that is read unless told otherwise, in bytes.
  public static let defaultPayloadLimit = 256 * 1024
  /// Bytes after the end of a payload that must be readable.
  public static let padding = 64
  /// Longest code of an alarm, in bytes.
  public static let codeLimit = 128
  /// Longest key of an alarm, in bytes.
  public static let keyLimit = 256
  /// Longest name of the part that an alarm is about, in bytes.
  public static let objectLimit = 512
  /// What is kept of an alarm's own words, in bytes.
  public static let textLimit = 512
  /// How far a device's time may lie ahead of the time of receipt, in milliseconds.
  public static let futureLimit_ms: Int64 = 300_000
  /// Earliest time that is believed: 2000-01-01T00:00:00Z.
  public static let earliestTime = Timestamp(milliseconds: 946_684_800_000)

  /// The profiles; sightings and the result of `decode` name them by their position here.
  public let profiles: [DeviceProfile]
  private let payloadLimit: Int
  private let parser = JSONParser()
  private let xmlParser = XMLParser()
  private let cborParser = CBORParser()
  private let senml = SenMLDecoder()
  private let lwm2m = LwM2MDecoder()
  var routes: TopicRoutes
  var directory: DeviceDirectory
  var walk: MessageWalk
  private var meters: MeterReading
  private var points = PointList()
  var memory = DecoderMemory()

  /// A decoder of these profiles, which were found to fit together by
  /// ``DeviceProfile/checkTogether(_:log:)``. Devices that are not in `registry` have the ratios 1.
  public init(
    profiles: [DeviceProfile], registry: Registry,
    payloadLimit: Int = Decoder.defaultPayloadLimit
  ) {
    self.profiles = profiles
    self.payloadLimit = payloadLimit
    routes = TopicRoutes(profiles)
    directory = DeviceDirectory(registry: registry)
    walk = MessageWalk(profiles)
    meters = MeterReading(profiles)
  }

  /// The MQTT subscription filters of all profiles, sorted, each once: `uplink/+/json`.
  public var topicFilters: [String] { routes.filters }

  /// Takes a new registry over; what was decoded before is not touched.
  public func use(_ registry: Registry) {
    routes.forget()
    directory = DeviceDirectory(registry: registry)
  }

  /// Decodes one message and adds what comes out to `batch`. Devices seen for the first time are
  /// added to `devices`.
  ///
  /// The 64 bytes after the end of `payload` must be readable (``padding``); what they hold does
  /// not matter. Neither buffer is kept.
  ///
  /// - Returns: the position of the profile that the topic belongs to; nil when there is none.
  @discardableResult
  public func decode(
    topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, receivedAt: Timestamp,
    retained: Bool, devices: inout DeviceTable, into batch: inout DecodedBatch
  ) -> Int? {
    batch.beginMessage()
    let route: TopicRoutes.Route
    switch routes.find(topic, &directory, &devices) {
    case .route(let found): route = found
    case .unknownTopic:
      batch.reject(Self.unknownTopic(topic))
      return nil
    case .badDeviceName(let profile):
      batch.reject(Self.badName(topic))
      return Int(profile)
    }
    let profile = Int(route.profile)
    if route.device >= 0 {
      let device = directory.entries[Int(route.device)].device
      batch.sightings.append(Sighting(device: device, profile: profile, receivedAt: receivedAt))
    }
    guard payload.count <= payloadLimit else {
      batch.reject(tooLarge(payload.count, device(route)))
      return profile
    }
    let message = Message(
      topic: topic, payload: payload, route: route, receivedAt: receivedAt, isRetained: retained)
    if profiles[profile].wire[0] == .sparkplug {
      readSparkplug(message, &devices, &batch)
    } else if profiles[profile].wire[0].isDocument {
      readDocument(message, &devices, &batch)
    } else {
      readPoints(message, &devices, &batch)
    }
    return profile
  }

  /// Lets time pass: what waits too long for its other parts is given up, with consequences.
  public func tick(_ now: Timestamp, devices: inout DeviceTable, into batch: inout DecodedBatch) {
    batch.beginMessage()
    takeDueParts(now, &devices, &batch)
    rejectDueFrames(now, &batch)
    let taking = sparkplugTaking
    memory.sparkplug.tick(now) { taking?.takeWaiting($0, &directory, &devices, &batch) }
  }

  /// Messages may have passed that are not among those it gets.
  public func interrupted() { memory.sparkplug.interrupted() }

  /// The link to the broker came up, or went down; true when devices were online that cannot be
  /// heard any more.
  public func link(
    isUp: Bool, at now: Timestamp, devices: inout DeviceTable, into batch: inout DecodedBatch
  ) -> Bool {
    batch.beginMessage()
    let taking = sparkplugTaking
    func take(_ step: SparkplugStep) { taking?.takeWaiting(step, &directory, &devices, &batch) }
    guard isUp else { return memory.sparkplug.linkWentDown(take) }
    memory.sparkplug.linkCameUp(now, take)
    return false
  }

  /// Takes what no message at hand brings; nil when there is no Sparkplug profile.
  private var sparkplugTaking: SparkplugTaking? {
    profiles.firstIndex { $0.wire[0] == .sparkplug }
      .map { SparkplugTaking(profiles: profiles, profile: $0) }
  }

  /// How many bytes of meters' frames wait for the rest.
  public var unfinishedByteCount: Int { memory.meters.byteCount }

  /// Frames whose rest did not come in time.
  private func rejectDueFrames(_ now: Timestamp, _ batch: inout DecodedBatch) {
    guard memory.meters.isDue(now) else { return }
    for fault in memory.meters.takeDue(now) { batch.reject(Rejection(fault, device: nil)) }
  }

  /// The collector's clock was set by so many milliseconds.
  public func clockStepped(by milliseconds: Int64) {
    memory.sparkplug.clockStepped(by: milliseconds)
  }

  /// True when `tick` at this instant would change something.
  public func isDue(_ now: Timestamp) -> Bool { memory.isDue(now) }

  /// Writes what it remembers from one message to the next.
  public func write(to writer: inout ByteWriter) { memory.write(to: &writer) }

  /// Takes up what another one wrote.
  public func restore(from reader: inout ByteReader) throws(CorruptBytes) {
    memory = try DecoderMemory(from: &reader)
  }

  /// Takes over what `other` remembers, when other profiles come into force.
  public func inherit(from other: Decoder) { memory = other.memory }

  /// One message on its way through.
  struct Message {
    let topic: UnsafeRawBufferPointer
    let payload: UnsafeRawBufferPointer
    let route: TopicRoutes.Route
    let receivedAt: Timestamp
    let isRetained: Bool
  }

  private func readDocument(
    _ message: Message, _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    do throws(JSONFault) {
      try begin(message)
      if let assembly = profiles[Int(message.route.profile)].plan.assembly, !message.isRetained {
        takePart(message, assembly, &devices, &batch)
      } else if let fault = walk.read(&directory, &devices, &batch) {
        batch.reject(fault)
      }
    } catch {
      batch.reject(
        Rejection(
          reason: error.reason, device: device(message.route), found: error.found,
          expected: format(of: message).expected))
    }
  }

  /// Makes the nodes of a document, for the walk to take apart.
  func begin(_ message: Message) throws(JSONFault) {
    let nodes =
      switch format(of: message) {
      case .xml: try xmlParser.parse(message.payload)
      case .cbor: try cborParser.parse(message.payload)
      default: try parser.parse(message.payload)
      }
    walk.begin(
      nodes, topic: message.topic, profile: Int(message.route.profile),
      device: message.route.device, speaker: device(message.route),
      receivedAt: message.receivedAt, retained: message.isRetained)
  }

  private func format(of message: Message) -> WireProtocol {
    WireProtocol.document(message.payload, of: profiles[Int(message.route.profile)].wire)
  }

  private func readSparkplug(
    _ message: Message, _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    let taking = SparkplugTaking(profiles: profiles, profile: Int(message.route.profile))
    memory.sparkplug.receive(
      message.topic, message.payload, isRetained: message.isRetained, at: message.receivedAt
    ) { taking.take($0, &directory, &devices, &batch) }
  }

  private func readPoints(
    _ message: Message, _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    let profile = Int(message.route.profile)
    points.removeAll()
    let taking = PointTaking(
      model: profiles[profile], profile: profile, speaker: message.route.device,
      receivedAt: message.receivedAt, isRetained: message.isRetained)
    switch profiles[profile].wire[0] {
    case .senml: senml.decode(message.payload, receivedAt: message.receivedAt, into: &points)
    case .dlt645, .dlt698, .modbus:
      rejectDueFrames(message.receivedAt, &batch)
      return meters.read(
        topic: message.topic, payload: message.payload, taking, &memory.meters, &directory,
        &devices, &batch)
    case .lwm2m: lwm2m.decode(message.payload, receivedAt: message.receivedAt, into: &points)
    case .json, .xml, .cbor, .sparkplug: break
    }
    taking.take(points, &directory, &devices, &batch)
  }

  private func device(_ route: TopicRoutes.Route) -> DeviceIndex? {
    route.device < 0 ? nil : directory.entries[Int(route.device)].device
  }

  private func tooLarge(_ count: Int, _ device: DeviceIndex?) -> Rejection {
    Rejection(
      reason: .tooLarge, device: device, found: "\(count) bytes",
      expected: "at most \(payloadLimit)")
  }

  private static func unknownTopic(_ topic: UnsafeRawBufferPointer) -> Rejection {
    Rejection(
      reason: .unknownTopic, found: "topic '\(shortened(topic))'",
      expected: "one that a device profile lists")
  }

  private static func badName(_ topic: UnsafeRawBufferPointer) -> Rejection {
    Rejection(
      reason: .noDevice, found: "topic '\(shortened(topic))'",
      expected: "a device name of 1 to \(DeviceTable.nameLimit) bytes without control characters"
        + " (or the device table is full)")
  }

  private static func shortened(_ topic: UnsafeRawBufferPointer) -> String {
    let text = String(decoding: topic.prefix(1024), as: UTF8.self)
    return text.count > 120 ? text.prefix(120) + "…" : text
  }
}
