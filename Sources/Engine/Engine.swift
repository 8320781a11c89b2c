import Alerting
import Decoding
import Detection
import Protocols
import SiteModel

/// The pure pipeline: a batch of the journal in, everything that follows from it out. It touches no
/// clock, disk or network; the same journal always gives the same outcome (decision D3).
public final class Engine {
  /// What is configured and imported.
  public private(set) var reference: Reference
  /// Names and numbers of all devices.
  public internal(set) var devices: DeviceTable
  /// Texts that were values, and their numbers.
  public private(set) var texts = TextTable()
  private var decoder: Decoder
  private var detector: Detector
  private var incidents: Incidents
  /// Numbers of the stored reference files that are in force; empty before the first adoption.
  public private(set) var activeFiles: [Int64]
  /// Newest journal row that was written by a release which kept no histories of alarms; 0 when
  /// all are of later ones. Up to there nothing is made of alarms, so that a replay does the same.
  public var alarmsSince: Int64 = 0
  private var speakers: [(device: DeviceIndex, silentAfter: Int64)] = []
  private var silences: [Int64] = []
  private var devicesBySite: [String: [String]]?
  /// A decoder of its own for old messages, with the names that were known when it was made.
  private var reviewer: (decoder: Decoder, names: DeviceTable)?
  /// Entries of the batch that the decoded texts came with.
  private var textEntries: [Int] = []

  /// An engine that has seen nothing.
  public init(reference: Reference, activeFiles: [Int64] = []) {
    self.reference = reference
    self.activeFiles = activeFiles
    devices = DeviceTable()
    detector = Detector(context: reference.context)
    incidents = Incidents()
    decoder = Decoder(
      profiles: reference.profiles, registry: reference.context.registry,
      payloadLimit: reference.payloadLimit)
    silences = reference.profiles.map { Int64($0.silentAfterSeconds) * 1000 }
  }

  /// How many incidents are open.
  public var openIncidentCount: Int { incidents.openCount }

  /// Number that the next notification will have.
  public var nextNotification: Int64 { incidents.nextNumber }

  /// True when time alone would change something at this instant, so that a tick is worth a row of
  /// the journal.
  public func isDue(_ now: Timestamp) -> Bool {
    if detector.isDue(now) || decoder.isDue(now) { return true }
    detector.rest(now)
    return false
  }

  /// Works through a batch, which becomes journal segment `segment`. `references` gives the
  /// compiled reference for the file numbers of a reference entry. It fails only for stored bytes
  /// that are damaged.
  public func process(
    _ batch: Batch, segment: Int64, into outcome: inout Outcome,
    references: ([Int64]) throws(Problems) -> Reference
  ) throws(EngineError) {
    let known = devices.count
    var decoded = DecodedBatch()
    var findings: [Finding] = []
    var moment = Detector.Moment(now: Timestamp(milliseconds: 0), segment: segment, entry: 0)
    var replay = Replay()
    textEntries.removeAll(keepingCapacity: true)
    detector.keepsAlarms = segment > alarmsSince
    for position in 0..<batch.count {
      let entry = batch.entry(at: position)
      moment = Detector.Moment(now: entry.time, segment: segment, entry: position)
      switch entry.kind {
      case .message: observe(entry, moment, &decoded, &outcome, &findings)
      case .replayed: take(entry, position, &replay, &outcome)
      default: try control(entry, moment, &decoded, &outcome, &findings, references)
      }
    }
    detector.flush(devices: devices, at: moment, into: &findings)
    outcome.readings = decoded.readings
    outcome.readings += decoded.historical
    outcome.commands = decoded.commands
    outcome.events = decoded.events
    var texts = decoded.texts
    finish(&replay, batch, &outcome)
    add(replay, to: &outcome, &texts)
    textEntries += replay.textEntries
    detector.recordPast(
      outcome.events[decoded.events.count...], devices: devices, at: moment, into: &findings)
    outcome.alarms = detector.takeAlarms()
    numberTexts(texts, &outcome)
    for position in known..<devices.count {
      outcome.newDevices.append(devices.name(of: DeviceIndex(Int32(position))))
    }
    for finding in findings { raise(finding, &outcome) }
    outcome.keepLastForms()
  }

  private func observe(
    _ entry: JournalEntry, _ moment: Detector.Moment, _ decoded: inout DecodedBatch,
    _ outcome: inout Outcome, _ findings: inout [Finding]
  ) {
    let before = Counts(decoded)
    decoder.decode(
      topic: entry.topic, payload: entry.payload, receivedAt: entry.time,
      retained: entry.isRetained, devices: &devices, into: &decoded)
    follow(entry, since: before, moment, decoded, &outcome, &findings)
  }

  /// Draws the consequences of what the decoder added to the batch.
  private func follow(
    _ entry: JournalEntry, since before: Counts, _ moment: Detector.Moment,
    _ decoded: DecodedBatch, _ outcome: inout Outcome, _ findings: inout [Finding]
  ) {
    let readings = decoded.readings[before.readings...]
    let historical = decoded.historical[before.historical...]
    let events = decoded.events[before.events...]
    let sightings = decoded.sightings[before.sightings...]
    while textEntries.count < decoded.texts.count { textEntries.append(moment.entry) }
    let isUsed = !readings.isEmpty || !historical.isEmpty || !events.isEmpty
    for rejection in decoded.rejections[before.rejections...] {
      outcome.quarantined.append(
        Quarantined(
          entry: moment.entry, reason: rejection.reason.rawValue, detail: rejection.text,
          isWhole: !isUsed || rejection.reason.leavesValues, topic: rejection.topic))
    }
    speakers.removeAll(keepingCapacity: true)
    for sighting in sightings {
      speakers.append((sighting.device, silences[sighting.profile]))
    }
    for reading in historical { outcome.mention(reading.device, reading.time, in: moment.entry) }
    if isUsed || !sightings.isEmpty {
      mention(
        readings, events, historical.isEmpty ? sightings : [], entry, moment.entry, &outcome)
    }
    detector.observe(
      Detector.Message(
        speakers: speakers, readings: readings, events: events,
        disputes: Self.disputes(decoded.rejections[before.rejections...], entry),
        isRetained: entry.isRetained),
      devices: devices, at: moment, into: &findings)
  }

  /// Where a message spoke for another device than it may.
  private static func disputes(
    _ rejections: ArraySlice<Rejection>, _ entry: JournalEntry
  ) -> [SpeakerDispute] {
    rejections.filter { $0.reason == .wrongSpeaker }.map {
      SpeakerDispute(
        device: $0.device, topic: String(decoding: entry.topic, as: UTF8.self), claimed: $0.found,
        expected: $0.expected)
    }
  }

  /// Readings of texts point into the decoded batch; from here on they carry lasting numbers.
  private func numberTexts(_ found: [String], _ outcome: inout Outcome) {
    outcome.firstText = texts.count
    guard !found.isEmpty else { return }
    outcome.readings.removeAll { reading in
      guard MetricCatalogue.definition(of: reading.metric)?.kind == .text else { return false }
      let place = Int(reading.value.significand)
      if texts.number(of: found[place]) != nil { return false }
      outcome.quarantined.append(
        Quarantined(
          entry: textEntries[place], reason: "too_many_texts",
          detail: "found text '\(found[place])', expected one of the \(TextTable.limit) "
            + "that are known",
          isWhole: false))
      return true
    }
    for place in outcome.readings.indices
    where MetricCatalogue.definition(of: outcome.readings[place].metric)?.kind == .text {
      let text = found[Int(outcome.readings[place].value.significand)]
      guard let number = texts.number(of: text) else { continue }
      outcome.readings[place].value = ExactDecimal(number)
    }
    outcome.newTexts = Array(texts.texts[outcome.firstText...])
  }

  private func control(
    _ entry: JournalEntry, _ moment: Detector.Moment, _ decoded: inout DecodedBatch,
    _ outcome: inout Outcome, _ findings: inout [Finding],
    _ references: ([Int64]) throws(Problems) -> Reference
  ) throws(EngineError) {
    let control: ControlEntry?
    do { control = try ControlEntry(entry) } catch { throw .corrupt(error) }
    switch control {
    case .tick:
      let before = Counts(decoded)
      decoder.tick(moment.now, devices: &devices, into: &decoded)
      follow(entry, since: before, moment, decoded, &outcome, &findings)
      detector.tick(devices: devices, at: moment, into: &findings)
    case .clockStep(let milliseconds):
      detector.clockStepped(by: milliseconds)
      decoder.clockStepped(by: milliseconds)
    case .link(let up):
      detector.link(isUp: up, at: moment.now)
      let before = Counts(decoded)
      let isLoss = decoder.link(isUp: up, at: moment.now, devices: &devices, into: &decoded)
      if Counts(decoded) != before {
        follow(entry, since: before, moment, decoded, &outcome, &findings)
      }
      if isLoss { outcome.eventsBeforeLinkLoss = decoded.events.count }
    case .brokerDropped(let count): findings.append(.brokerDropped(count, moment.now))
    case .reference(let files):
      do { adopt(try references(files), moment, &findings) } catch { throw .reference(error) }
      activeFiles = files
    case .devices(let names):
      for name in names { _ = devices.index(of: name) }
    case .newSession, nil: break
    }
  }

  private func adopt(
    _ reference: Reference, _ moment: Detector.Moment, _ findings: inout [Finding]
  ) {
    self.reference = reference
    (devicesBySite, reviewer) = (nil, nil)
    let former = decoder
    decoder = makeDecoder()
    decoder.inherit(from: former)
    silences = reference.profiles.map { Int64($0.silentAfterSeconds) * 1000 }
    detector.adopt(reference.context, devices: devices, at: moment, into: &findings)
  }

  private func raise(_ finding: Finding, _ outcome: inout Outcome) {
    let state: AlertState
    let clearedAt: Timestamp?
    switch finding.phase {
    case .open: (state, clearedAt) = (.open, nil)
    case .ended(let at): (state, clearedAt) = (.cleared, at)
    case .withdrawn(let at): (state, clearedAt) = (.withdrawn, at)
    }
    let alert = AlertRecord(
      id: finding.id, kind: finding.kind, severity: finding.severity, site: finding.site,
      region: reference.context.registry.sites[finding.site]?.region ?? "",
      subject: finding.subject, openedAt: finding.openedAt, clearedAt: clearedAt, state: state,
      titleZh: finding.titleZh, titleEn: finding.titleEn, evidence: finding.evidence.text)
    incidents.take(
      alert, routes: reference.routes, alerts: &outcome.alerts,
      notifications: &outcome.notifications)
  }
}

extension Engine {
  /// Names of a site's registered devices.
  public func deviceNames(ofSite site: String) -> [String] {
    if devicesBySite == nil {
      let devices = reference.context.registry.devices.values
      devicesBySite = Dictionary(grouping: devices, by: \.site).mapValues { $0.map(\.id).sorted() }
    }
    return devicesBySite?[site] ?? []
  }

  /// Which device each message of a batch is about by the profiles and registry in force, without
  /// any consequence; for batches of which nobody noted it when they came.
  public func mentions(of batch: Batch) -> [Mention] {
    // Not the living decoder: it must not learn of devices that no journal row made known.
    var (decoder, names) =
      reviewer ?? (makeDecoder(), devices)
    var (decoded, outcome) = (DecodedBatch(), Outcome())
    for position in 0..<batch.count {
      let entry = batch.entry(at: position)
      guard entry.kind == .message else { continue }
      decoded.removeAll()
      decoder.decode(
        topic: entry.topic, payload: entry.payload, receivedAt: entry.time,
        retained: entry.isRetained, devices: &names, into: &decoded)
      mention(
        decoded.readings[...], decoded.events[...], decoded.sightings[...], entry, position,
        &outcome)
    }
    reviewer = (decoder, names)
    return outcome.mentions.filter { Int($0.device.position) < devices.count }
  }

  /// A decoder by the profiles and registry in force that has seen nothing.
  func makeDecoder() -> Decoder {
    Decoder(
      profiles: reference.profiles, registry: reference.context.registry,
      payloadLimit: reference.payloadLimit)
  }

  /// Notes which devices an entry is about.
  func mention(
    _ readings: ArraySlice<Reading>, _ events: ArraySlice<DeviceEvent>,
    _ sightings: ArraySlice<Sighting>, _ entry: JournalEntry, _ position: Int,
    _ outcome: inout Outcome
  ) {
    for reading in readings { outcome.mention(reading.device, reading.time, in: position) }
    for event in events { outcome.mention(event.device, event.time, in: position) }
    guard readings.isEmpty, events.isEmpty else { return }
    // It was heard, but said nothing that could be used.
    for sighting in sightings {
      outcome.mention(sighting.device, entry.receivedAt, in: position)
    }
  }
}

/// Why a batch could not be worked through; it can only happen in a replay of stored bytes.
public enum EngineError: Error, Sendable {
  /// A control entry is damaged.
  case corrupt(CorruptBytes)
  /// The reference data that an entry names does not compile.
  case reference(Problems)
}

extension Engine {
  /// Version of the snapshot's layout; a newer one is not read, and the journal is replayed
  /// instead.
  static let snapshotVersion: UInt64 = 3

  /// Everything the engine remembers, so that a restart need not replay the whole journal.
  public func snapshot() -> [UInt8] {
    var writer = ByteWriter()
    writer.unsigned(Self.snapshotVersion)
    writer.unsigned(UInt64(activeFiles.count))
    for file in activeFiles { writer.signed(file) }
    writer.unsigned(UInt64(devices.count))
    writer.unsigned(UInt64(texts.count))
    detector.write(to: &writer)
    incidents.write(to: &writer)
    decoder.write(to: &writer)
    return writer.bytes
  }

  /// The reference files that were in force when a snapshot was taken; it is restored into an
  /// engine that was made with them.
  public static func activeFiles(of snapshot: [UInt8]) throws(CorruptBytes) -> [Int64] {
    let result = snapshot.withUnsafeBytes { bytes in
      Result { () throws(CorruptBytes) in
        var reader = ByteReader(bytes)
        return try readHead(&reader).files
      }
    }
    return try result.get()
  }

  /// Takes up a snapshot. `names` are the stored devices in the order of their numbers, of which
  /// the snapshot may know only the first ones; `texts` likewise.
  public func restore(
    _ snapshot: [UInt8], names: [String], texts: [String]
  ) throws(CorruptBytes) {
    let result = snapshot.withUnsafeBytes { bytes in
      Result { () throws(CorruptBytes) in try restore(bytes, names: names, texts: texts) }
    }
    try result.get()
  }

  private func restore(
    _ bytes: UnsafeRawBufferPointer, names: [String], texts: [String]
  ) throws(CorruptBytes) {
    var reader = ByteReader(bytes)
    let (version, files) = try Self.readHead(&reader)
    let count = try reader.unsigned()
    guard count <= UInt64(names.count) else { throw CorruptBytes(offset: reader.offset) }
    // Version 1 knew no texts.
    let textCount = version == 1 ? 0 : try reader.unsigned()
    guard textCount <= UInt64(texts.count) else { throw CorruptBytes(offset: reader.offset) }
    let table = DeviceTable(names: Array(names.prefix(Int(count))))
    guard table.count == count else { throw CorruptBytes(offset: reader.offset) }
    let detector = try Detector(
      context: reference.context, devices: table, from: &reader, hasAlarms: version >= 3)
    incidents = try Incidents(from: &reader)
    // Version 2 knew nothing that lasts from one message to the next.
    if version >= 3 { try decoder.restore(from: &reader) }
    guard reader.isAtEnd else { throw CorruptBytes(offset: reader.offset) }
    activeFiles = files
    devices = table
    self.texts = TextTable(texts: Array(texts.prefix(Int(textCount))))
    self.detector = detector
  }

  private static func readHead(
    _ reader: inout ByteReader
  ) throws(CorruptBytes) -> (version: UInt64, files: [Int64]) {
    let version = try reader.unsigned()
    guard (1...snapshotVersion).contains(version) else { throw CorruptBytes(offset: 0) }
    var files: [Int64] = []
    for _ in 0..<(try reader.count()) { files.append(try reader.signed()) }
    return (version, files)
  }
}
