import SiteModel
import Tariffs

/// All detectors together: readings, events and time in, findings out. It touches no clock and no
/// disk; the same inputs always give the same findings.
public struct Detector {
  /// The rules, registry and tariffs in force.
  public private(set) var context: SiteContext
  private var mains = MainsWatch()
  private var silence = SilenceWatch()
  private var price = PriceWatch()
  private var alarms = AlarmBook()
  private var siteDown = AlarmWatch()
  private var identity = IdentityWatch()
  /// Whether histories of alarms are kept, which is so but for journal rows of releases that did
  /// not keep them.
  public var keepsAlarms = true
  /// Silence that the profile of each device allows, in milliseconds; 0 when unknown.
  private var profileSilence: [Int64] = []
  private let facts = FactsTable()

  private static let voltageA = number("voltage.a")
  private static let voltageC = number("voltage.c")
  private static let mainsPresent = number("mains.present")
  private static let priceMetric = number("price.energy")
  private static let energyMetric = number("energy.active.import.total")

  private static func number(_ name: String) -> UInt16 {
    guard let metric = MetricCatalogue.metric(named: name) else {
      preconditionFailure("\(name) is not in the metric catalogue")
    }
    return metric.number
  }

  /// A detector that has seen nothing.
  public init(context: SiteContext) { self.context = context }

  /// Where and when something happened, for every judgement that rests on it.
  public struct Moment: Sendable {
    /// The collector's time of receipt, or of the tick.
    public var now: Timestamp
    /// Segment of the journal.
    public var segment: Int64
    /// Position in the segment.
    public var entry: Int

    /// A moment from its parts.
    public init(now: Timestamp, segment: Int64, entry: Int) {
      self.now = now
      self.segment = segment
      self.entry = entry
    }
  }

  /// What one message said.
  public struct Message {
    /// The devices that spoke, each with the silence that its profile allows, in milliseconds.
    public var speakers: [(device: DeviceIndex, silentAfter: Int64)]
    /// Its values.
    public var readings: ArraySlice<Reading>
    /// Its alarms.
    public var events: ArraySlice<DeviceEvent>
    /// Where it spoke for others.
    public var disputes: [SpeakerDispute]
    /// Whether it is a retained copy, which says nothing about now.
    public var isRetained: Bool

    /// A message from its parts.
    public init(
      speakers: [(device: DeviceIndex, silentAfter: Int64)], readings: ArraySlice<Reading>,
      events: ArraySlice<DeviceEvent>, disputes: [SpeakerDispute] = [], isRetained: Bool
    ) {
      self.speakers = speakers
      self.readings = readings
      self.events = events
      self.disputes = disputes
      self.isRetained = isRetained
    }
  }

  /// Takes what one message said.
  public mutating func observe(
    _ message: borrowing Message, devices: DeviceTable, at moment: Moment,
    into findings: inout [Finding]
  ) {
    let step = step(moment, devices)
    var returned: [DeviceIndex] = []
    for speaker in message.speakers {
      prepare(speaker.device, speaker.silentAfter, devices)
      guard !message.isRetained else { continue }
      let facts = step.facts(of: speaker.device)
      if silence.heard(speaker.device, facts, step, into: &findings) {
        returned.append(speaker.device)
      }
    }
    observe(message.readings, step, into: &findings)
    for event in message.events { observe(event, step, into: &findings) }
    if keepsAlarms, !message.events.isEmpty { observe(alarms: message.events, step, &findings) }
    for dispute in message.disputes { identity.take(dispute, step, into: &findings) }
    // What a device says now goes before what it said ere it fell silent.
    for device in returned where !silence.isSilent(device) {
      mains.setSilent(device, false, step, into: &findings)
    }
  }

  private mutating func observe(
    alarms events: ArraySlice<DeviceEvent>, _ step: DetectionStep, _ findings: inout [Finding]
  ) {
    alarms.take(events, step)
    watchAlarms(step, isHeard: true, into: &findings)
    // An end that no history has a begin for is a word about the supply all the same.
    for event in events where event.state == .cleared && event.alarm == "mains.lost" {
      guard event.quality == .good, !event.isHistorical else { continue }
      mains.alarmEnded(event.device, at: event.time, step, into: &findings)
    }
  }

  /// Lets time pass.
  public mutating func tick(
    devices: DeviceTable, at moment: Moment, into findings: inout [Finding]
  ) {
    let step = step(moment, devices)
    // Without the link nobody could have said that mains are back.
    if silence.isLinkUp {
      mains.tick(step, into: &findings)
      alarms.tick(step, window: context.rules.alarms.rebuildWindowMilliseconds)
      watchAlarms(step, isHeard: false, into: &findings)
      identity.tick(step, into: &findings)
    }
    for device in silence.tick(step, into: &findings) {
      mains.setSilent(device, true, step, into: &findings)
    }
    price.tick(step)
  }

  /// True when `tick` at this instant would change something; only then is a tick worth a row of
  /// the journal.
  public func isDue(_ now: Timestamp) -> Bool {
    (silence.isLinkUp && isLinkedDue(now)) || silence.isDue(now) || price.isDue(now)
  }

  /// The same of what only counts while the link is up.
  private func isLinkedDue(_ now: Timestamp) -> Bool {
    mains.isDue(now, rules: context.rules.mains)
      || alarms.isDue(now, window: context.rules.alarms.rebuildWindowMilliseconds)
      || identity.isDue(now, quiet: context.rules.identity.quietMilliseconds)
  }

  /// Tells the detectors that a look at the clock changed nothing, so that the next can be cheap.
  public mutating func rest(_ now: Timestamp) { silence.rest(now) }

  /// Notes that the link to the broker came up or went down.
  public mutating func link(isUp: Bool, at now: Timestamp) {
    silence.link(isUp: isUp, at: now)
    guard isUp else { return }
    mains.linkUp(at: now)
    alarms.linkUp(at: now)
  }

  /// Notes that the collector's clock was set by so many milliseconds.
  public mutating func clockStepped(by milliseconds: Int64) {
    mains.shift(by: milliseconds)
    silence.shift(by: milliseconds)
    alarms.shift(by: milliseconds)
    identity.shift(by: milliseconds)
  }

  /// Puts other reference data in force and judges anew what depends on it.
  public mutating func adopt(
    _ context: SiteContext, devices: DeviceTable, at moment: Moment,
    into findings: inout [Finding]
  ) {
    self.context = context
    resolveAll(devices)
    let step = step(moment, devices)
    mains.contextChanged(step, into: &findings)
    for device in mains.devicesWithAlarms where silence.isSilent(device) {
      mains.setSilent(device, true, step, into: &findings)
    }
    silence.contextChanged(step)
    price.contextChanged(step, into: &findings)
  }

  /// Judges what several messages of a batch changed together; to be called once a batch.
  public mutating func flush(
    devices: DeviceTable, at moment: Moment, into findings: inout [Finding]
  ) {
    price.flush(step(moment, devices), into: &findings)
  }

  /// The histories of alarms that changed since the last call, each in its last form; to be called
  /// once a batch, after ``flush(devices:at:into:)``.
  public mutating func takeAlarms() -> [AlarmRecord] { alarms.takeChanges() }

  /// Puts events that were told outside of any message of now, such as kept ones that can be read
  /// at last, into the histories of alarms; they should be historical.
  public mutating func recordPast(
    _ events: ArraySlice<DeviceEvent>, devices: DeviceTable, at moment: Moment,
    into findings: inout [Finding]
  ) {
    guard keepsAlarms else { return }
    let step = step(moment, devices)
    alarms.take(events, step)
    watchAlarms(step, isHeard: false, into: &findings)
  }

  /// Judges the histories that changed since this was last called; `isHeard` says whether their
  /// devices spoke.
  private mutating func watchAlarms(
    _ step: DetectionStep, isHeard: Bool, into findings: inout [Finding]
  ) {
    for change in alarms.newChanges() {
      mains.take(change, isHeard: isHeard, step, into: &findings)
      siteDown.take(change.record, step, into: &findings)
    }
    if let finding = alarms.overflow(step) { findings.append(finding) }
  }

  private mutating func observe(
    _ readings: ArraySlice<Reading>, _ step: DetectionStep, into findings: inout [Finding]
  ) {
    // One message may hold several devices, and several records of one device.
    var record = Record()
    for reading in readings {
      if reading.device != record.device || reading.time != record.time {
        settle(record, step, into: &findings)
        record = Record(device: reading.device, time: reading.time)
      }
      guard reading.quality == .good else { continue }
      let number = reading.metric.number
      if number >= Self.voltageA && number <= Self.voltageC {
        if record.showsSupply == nil {
          record.showsSupply = step.facts(of: reading.device).showsSupply
        }
        guard record.showsSupply == true else { continue }
        let phase = Int(number - Self.voltageA)
        mains.observe(phase: phase, reading, below: context.rules.mains.voltageBelow)
      } else if number == Self.mainsPresent {
        claim(reading.device, isLost: reading.value == .zero, reading.time, step, into: &findings)
      } else if number == Self.priceMetric {
        price.observePrice(reading, step)
      } else if number == Self.energyMetric {
        record.energy = reading
      }
    }
    settle(record, step, into: &findings)
  }

  /// What belongs together: one device at one instant.
  private struct Record {
    var device: DeviceIndex?
    var time = Timestamp(milliseconds: 0)
    /// Whether its voltages speak for a supply; nil while it has none.
    var showsSupply: Bool?
    var energy: Reading?
  }

  /// Judges what needs the whole record: all phases, and energy after the price beside it.
  private mutating func settle(
    _ record: Record, _ step: DetectionStep, into findings: inout [Finding]
  ) {
    guard let device = record.device else { return }
    if record.showsSupply == true { mains.settle(device, step, into: &findings) }
    if let energy = record.energy, price.isSold(device) { price.observeEnergy(energy, step) }
  }

  private mutating func observe(
    _ event: DeviceEvent, _ step: DetectionStep, into findings: inout [Finding]
  ) {
    guard event.quality == .good, !event.isHistorical else { return }
    if event.alarm == "device.link", event.state == .offline {
      if silence.left(event.device, at: event.time, step, into: &findings) {
        mains.setSilent(event.device, true, step, into: &findings)
      }
      return
    }
    if event.alarm == "device.link", event.state == .online {
      return silence.came(event.device, at: event.time)
    }
    // Where histories are kept, they say what an alarm means.
    guard !keepsAlarms, event.alarm == "mains.lost" else { return }
    switch event.state {
    case .raised, .changed: claim(event.device, isLost: true, event.time, step, into: &findings)
    case .cleared: claim(event.device, isLost: false, event.time, step, into: &findings)
    case .online, .offline, .acknowledged, .unacknowledged, .rebuilt: break
    }
  }

  private mutating func claim(
    _ device: DeviceIndex, isLost: Bool, _ time: Timestamp, _ step: DetectionStep,
    into findings: inout [Finding]
  ) {
    guard step.facts(of: device).claimsSupply else { return }
    let claim = MainsWatch.Claim(device: device, isVoltage: false, isLost: isLost, time: time)
    mains.take(claim, step, into: &findings)
  }

  private mutating func prepare(
    _ device: DeviceIndex, _ silentAfter: Int64, _ devices: DeviceTable
  ) {
    let position = Int(device.position)
    while profileSilence.count <= position { profileSilence.append(0) }
    // A device with several profiles is silent when the slowest of them is.
    if facts.has(device), silentAfter <= profileSilence[position] { return }
    profileSilence[position] = max(profileSilence[position], silentAfter)
    facts.set(device, factsNow(device, devices))
    price.bind(device, name: devices.name(of: device))
  }

  private func factsNow(_ device: DeviceIndex, _ devices: DeviceTable) -> DeviceFacts {
    let known = profileSilence[Int(device.position)]
    return context.facts(of: devices.name(of: device), silentAfter: known > 0 ? known : nil)
  }

  private func resolveAll(_ devices: DeviceTable) {
    for position in profileSilence.indices {
      let device = DeviceIndex(Int32(position))
      facts.set(device, factsNow(device, devices))
    }
  }

  private func step(_ moment: Moment, _ devices: DeviceTable) -> DetectionStep {
    DetectionStep(
      now: moment.now, segment: moment.segment, entry: moment.entry, context: context,
      devices: devices, known: facts)
  }
}

extension Detector {
  /// Writes everything that the detectors remember.
  public func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(profileSilence.count))
    for silence in profileSilence { writer.signed(silence) }
    mains.write(to: &writer)
    silence.write(to: &writer)
    price.write(to: &writer)
    alarms.write(to: &writer)
    siteDown.write(to: &writer)
    identity.write(to: &writer)
  }

  /// A detector as it was written; `hasAlarms` is false for what a release wrote that kept no
  /// history of alarms.
  public init(
    context: SiteContext, devices: DeviceTable, from reader: inout ByteReader,
    hasAlarms: Bool = true
  ) throws(CorruptBytes) {
    self.context = context
    for _ in 0..<(try reader.count()) { profileSilence.append(try reader.signed()) }
    mains = try MainsWatch(from: &reader, hasAlarms: hasAlarms)
    silence = try SilenceWatch(from: &reader)
    price = try PriceWatch(from: &reader)
    if hasAlarms {
      alarms = try AlarmBook(from: &reader)
      siteDown = try AlarmWatch(from: &reader)
      identity = try IdentityWatch(from: &reader)
    }
    guard profileSilence.count <= devices.count, mains.namesOnly(first: devices.count),
      silence.namesOnly(first: devices.count), alarms.namesOnly(first: devices.count)
    else { throw CorruptBytes(offset: reader.offset) }
    price.restoreIndexes(devices)
    resolveAll(devices)
  }
}
