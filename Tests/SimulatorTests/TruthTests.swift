import SiteModel
import Testing

@testable import Simulator

/// The truth agrees with what was planned and with what was published.
@Suite struct TruthTests {
  private func run(
    _ options: FleetOptions
  ) -> (messages: [SimulatedMessage], stream: MessageStream) {
    var stream = Fleet(options).messages()
    var messages: [SimulatedMessage] = []
    while let message = stream.next() { messages.append(message) }
    return (messages, stream)
  }

  @Test func everyLongOutageIsExpectedAndNoShortOne() throws {
    var options = Sample.options()
    options.outages = 40
    options.silentDevices = 0
    options.latePermille = 50
    let records = run(options).stream.truth.filter { $0.kind == "outage.mains" }
    var (long, short) = (0, 0)
    for site in Plan(options).sites {
      for outage in site.outages {
        let found = records.first {
          $0.site == site.name && outage.contains($0.begin.milliseconds)
        }
        if outage.count >= options.shortestLongOutage {
          long += 1
          let record = try #require(found)
          let late = record.begin.milliseconds - outage.lowerBound
          #expect(record.isExpected && (0..<options.intervalMilliseconds).contains(late))
          let end = try #require(record.end).milliseconds - outage.upperBound
          #expect((0..<options.intervalMilliseconds).contains(end))
        } else {
          short += 1
          #expect(found?.isExpected != true)
        }
      }
    }
    #expect(long > 20 && short > 3)
    #expect(records.filter(\.isExpected).count == long)
    for record in records where record.isExpected {
      #expect(record.end?.since(record.begin) ?? 0 >= options.outageDelayMilliseconds)
    }
  }

  @Test func alarmsNameTheBeginOfTheOutage() throws {
    let (messages, stream) = run(Sample.options())
    let alarms = messages.filter { $0.topic.hasSuffix("/alarm") }
    #expect(!alarms.isEmpty)
    let records = stream.truth.filter { $0.kind == "outage.mains" }
    for alarm in alarms {
      let text = String(decoding: alarm.payload, as: UTF8.self)
      let site = alarm.topic.split(separator: "/")[1].dropLast(3)
      let isBegin = text.contains("\"AlarmFlag\":\"BEGIN\"")
      let matches = records.contains {
        $0.site == site
          && (isBegin ? $0.begin <= alarm.publishAt : $0.end ?? $0.begin >= alarm.publishAt)
      }
      #expect(matches)
    }
  }

  @Test func silencesAreTheGapsOfWhatWasPublished() {
    var options = Sample.options()
    options.silentDevices = 8
    let (messages, stream) = run(options)
    let plan = Plan(options)
    let devices = Sample.devicesByTopic(plan)
    var heard: [Int: Timestamp] = [:]
    var gaps: Set<String> = []
    for message in messages {
      guard let device = devices[message.topic] else { continue }
      if let before = heard[device],
        message.publishAt.since(before) >= options.silentAfterMilliseconds
      {
        gaps.insert("\(plan.devices[device].name) \(before) \(message.publishAt)")
      }
      heard[device] = max(heard[device] ?? message.publishAt, message.publishAt)
    }
    let end = options.start.advanced(byMilliseconds: options.durationMilliseconds)
    for (device, time) in heard where end.since(time) >= options.silentAfterMilliseconds {
      gaps.insert("\(plan.devices[device].name) \(time) -")
    }
    let records = stream.truth.filter { $0.kind == "device.silent" }
    #expect(Set(records.map { "\($0.subject) \($0.begin) \($0.end?.description ?? "-")" }) == gaps)
    #expect(records.count == gaps.count && gaps.count >= 8)
    #expect(records.filter { $0.end == nil }.count == 4)
  }

  @Test func latenessAloneIsNoSilence() {
    var options = Sample.options()
    options.silentDevices = 0
    options.latePermille = 500
    options.silentAfterMilliseconds = 3 * options.intervalMilliseconds
    #expect(!run(options).stream.truth.contains { $0.kind == "device.silent" })
  }

  /// Energy and overcharge of each prepaid meter, from its published payloads alone.
  @Test func overchargesFollowFromThePublishedRegisters() throws {
    var options = Sample.options()
    options.latePermille = 100
    let (messages, stream) = run(options)
    let cap: ExactDecimal = "0.93"
    var checked = 0
    for (topic, all) in Dictionary(grouping: messages, by: \.topic)
    where topic.hasPrefix("prepaid/") {
      let meter = String(topic.split(separator: "/")[1])
      var energy = ExactDecimal.zero
      var overcharge = ExactDecimal.zero
      var before: (register: ExactDecimal, price: ExactDecimal)?
      var opened: ExactDecimal?
      let times = all.map { (Sample.decimal(after: "\"time\":", in: $0) ?? .zero, $0) }
      for (time, message) in times.sorted(by: { $0.0 < $1.0 }) {
        let register = try #require(Sample.decimal(after: "\"energy_kwh\":", in: message))
        let price = try #require(Sample.decimal(after: "\"price_yuan_per_kwh\":", in: message))
        if let before, before.price > cap {
          let sold = try register.subtracting(before.register)
          energy = try energy.adding(sold)
          overcharge = try overcharge.adding(
            try sold.multiplied(by: try before.price.subtracting(cap)))
        }
        if opened == nil, price > cap { opened = time }
        before = (register, price)
      }
      let record = stream.truth.first { $0.subject == meter && $0.kind == "price.cap_exceeded" }
      let isKnown = !stream.truth.contains { $0.kind == "price.tariff_missing" }
      guard isKnown || record != nil else { continue }
      #expect((opened != nil) == (record != nil))
      guard let record else { continue }
      checked += 1
      let price = try #require(record.price)
      #expect(price.energy == energy && price.overcharge == overcharge)
      #expect(ExactDecimal(Int(record.begin.milliseconds)) == opened)
    }
    #expect(checked >= 3)
  }

  @Test func monthsAreApartAndNothingIsLostBetweenThem() throws {
    var options = Sample.options()
    // 2026-03-31 21:00 in China; the month ends three hours later.
    options.start = Timestamp(milliseconds: 1_774_962_000_000)
    options.overpricedPermille = 1000
    options.atCapPermille = 0
    let records = run(options).stream.truth
    let prices = records.filter { $0.kind == "price.cap_exceeded" && $0.price?.energy != .zero }
    let ended = prices.filter { $0.end != nil }
    #expect(!ended.isEmpty)
    for record in ended {
      #expect(record.end?.description == "2026-03-31T16:00:00.000Z")
      #expect(
        prices.contains {
          $0.subject == record.subject && $0.begin == record.end && $0.end == nil
        })
    }
    let missing = records.filter { $0.kind == "price.tariff_missing" }.map(\.subject)
    #expect(missing == ["无表省 2026-03", "无表省 2026-04"])
  }

  @Test func totalsCountEveryDistinctReading() throws {
    let (messages, stream) = run(Sample.options())
    let shapes = Dictionary(
      uniqueKeysWithValues: Plan(Sample.options()).sources.map { ($0.topic, $0.shape) })
    var distinct: [UInt64: Shape] = [:]
    for message in messages { distinct[message.id] = shapes[message.topic] }
    let prices = distinct.values.filter { $0 == .prepaidSubmeter || $0 == .elemeterEnvelope }
    let counted = stream.totals.readings.first { $0.metric == "price.energy" }
    #expect(counted?.count == prices.count)
    #expect(stream.totals.messages == distinct.count)
  }

  @Test func aLineIsOneJSONObject() {
    let record = TruthRecord(
      kind: "device.silent", isExpected: true, site: "S\"1", subject: "D\n1",
      begin: Timestamp(milliseconds: 1_772_323_200_000), end: nil)
    #expect(
      record.line == """
        {"kind":"device.silent","expected":true,"site":"S\\"1","subject":"D\\n1",\
        "begin":"2026-03-01T00:00:00.000Z","end":null}
        """)
  }

  @Test func theDemoShowsEveryFaultInItsFirstMinute() {
    let options = FleetOptions.demo(start: Timestamp(milliseconds: 1_772_323_200_500))
    var stream = Fleet(options).messages()
    while let message = stream.next(), message.publishAt.since(options.start) < 125_000 {}
    let truth = stream.truth
    for kind in ["outage.mains", "device.silent", "price.cap_exceeded"] {
      let records = truth.filter { $0.kind == kind && $0.isExpected }
      #expect(records.contains { $0.begin.since(options.start) < 20_000 && $0.end != nil })
      #expect(records.contains { $0.begin.since(options.start) > 60_000 })
      #expect(records.count <= 6)
    }
  }
}
