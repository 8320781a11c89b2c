import SiteModel
import Tariffs
import TestSupport
import Testing

@testable import Detection

/// Random statements about the mains of one device, in any order, under any key: whenever no wait
/// is on, `outage.mains` is open exactly while a history of `mains.lost` is.
@Suite struct MainsAlarmTests {
  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func theOutageAgreesWithTheHistories(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var stage = MainsStage()
    var (lostCount, presentCount) = (0, 0)
    for round in 1...12 {
      for _ in 0..<random.number(1...5) {
        stage.now = stage.now.advanced(byMilliseconds: Int64(random.number(0...90)) * 1000)
        stage.tick()
        stage.observe((0..<random.number(1...3)).map { _ in Self.anything(&random, stage.now) })
      }
      // All waits pass: for the rest of a list, for a loss, for a return.
      for seconds: Int64 in [61, 181, 21] {
        stage.now = stage.now.advanced(byMilliseconds: seconds * 1000)
        stage.tick()
      }
      let open = stage.openAlarms
      #expect(stage.openOutages.count == (open.isEmpty ? 0 : 1), "seed \(seed) round \(round)")
      if open.isEmpty { presentCount += 1 } else { lostCount += 1 }
    }
    #expect(lostCount + presentCount == 12)
    #expect(stage.outages.values.allSatisfy { $0 <= 2 }, "each begins once and ends once")
  }

  private static func anything(
    _ random: inout SeededGenerator, _ now: Timestamp
  ) -> DeviceEvent {
    let states = EventState.allCases + [.raised, .raised, .cleared, .cleared, .cleared]
    var event = DeviceEvent(
      device: DeviceIndex(0),
      alarm: ["mains.lost", "mains.lost", "unclassified"][random.number(0...2)],
      code: ["", "1", "2"][random.number(0...2)], state: states[random.number(0...12)],
      severity: .major,
      time: now.advanced(byMilliseconds: -Int64(random.number(0...40)) * 10_000))
    event.key = ["", "7", "8", "9"][random.number(0...3)]
    event.object = ["", "ME=1"][random.number(0...1)]
    if event.state == .online || event.state == .offline {
      (event.alarm, event.code, event.key) = ("device.link", "link", "")
    }
    event.isHistorical = random.number(0...19) == 0
    if random.number(0...19) == 0 { event.quality = .badTime }
    return event
  }
}

/// Detectors with one device, and what they said of it.
private struct MainsStage {
  var now = Timestamp(milliseconds: 1_772_352_000_000)
  /// How often each outage was told of.
  private(set) var outages: [String: Int] = [:]
  private(set) var openOutages: Set<String> = []
  private var alarms: [String: AlarmRecord] = [:]
  private var detector: Detector
  private let devices = DeviceTable(names: ["D-0"])

  init() {
    let context = SiteContext(
      rules: DetectionRules(), registry: Registry(), tariffs: TariffTable())
    detector = Detector(context: context)
    detector.link(isUp: true, at: now)
  }

  var openAlarms: [AlarmRecord] {
    alarms.values.filter { $0.state == "open" && $0.alarm == "mains.lost" }
  }

  private var moment: Detector.Moment { Detector.Moment(now: now, segment: 1, entry: 0) }

  mutating func observe(_ events: [DeviceEvent]) {
    var findings: [Finding] = []
    let message = Detector.Message(
      speakers: [(DeviceIndex(0), 0)], readings: [], events: events[...], isRetained: false)
    detector.observe(message, devices: devices, at: moment, into: &findings)
    note(findings)
  }

  mutating func tick() {
    var findings: [Finding] = []
    detector.tick(devices: devices, at: moment, into: &findings)
    note(findings)
  }

  private mutating func note(_ findings: [Finding]) {
    for finding in findings where finding.kind == "outage.mains" {
      outages[finding.id, default: 0] += 1
      if finding.phase == .open {
        openOutages.insert(finding.id)
      } else {
        openOutages.remove(finding.id)
      }
    }
    for alarm in detector.takeAlarms() { alarms[alarm.id] = alarm }
  }
}
