import SiteModel
import Testing

@testable import Simulator

/// Meters agree with themselves: registers integrate the power, power is voltage times current.
@Suite struct MeterTests {
  private struct Meter {
    let shape: Shape
    let power: String
    /// Decimals of a W in the payload's power.
    let powerExponent: Int
    let register: String
    /// W·ms in a unit of the register's last decimal.
    let unit: Int64
  }

  private let meters = [
    Meter(
      shape: .genericJSON, power: "\"power.active.total\":", powerExponent: -3,
      register: "\"energy.active.import.total\":", unit: 36_000_000),
    Meter(
      shape: .acrelMeter, power: "\"totalP\":", powerExponent: -3, register: "\"EPI\":",
      unit: 36_000_000),
    Meter(
      shape: .lorawanThreePhase, power: "\"power_total_w\":", powerExponent: 0,
      register: "\"kwh_forward\":", unit: 36_000_000),
    Meter(
      shape: .edgeloggerPower, power: "\"total\":", powerExponent: -3, register: "\"forward\":",
      unit: 36_000_000),
    Meter(
      shape: .prepaidSubmeter, power: "\"power_kw\":", powerExponent: -3,
      register: "\"energy_kwh\":", unit: 36_000_000),
    Meter(
      shape: .sgccTerminal, power: "\"TotW\",\"val\":", powerExponent: -3,
      register: "\"SupWh\",\"val\":", unit: 36_000_000),
    Meter(
      shape: .smartPole, power: ",\"w\":", powerExponent: 0, register: "\"wh\":", unit: 3_600_000),
  ]

  @Test func registersIntegrateThePowerExactly() throws {
    var options = Sample.options()
    options.silentDevices = 0
    options.latePermille = 0
    options.duplicatePermille = 0
    let plan = Plan(options)
    let messages = Dictionary(grouping: Fleet(options).messages(), by: \.topic)
    for meter in meters {
      let sources = plan.sources.filter { $0.shape == meter.shape }
      #expect(!sources.isEmpty)
      for source in sources { try check(messages[source.topic] ?? [], meter) }
    }
  }

  private func check(_ messages: [SimulatedMessage], _ meter: Meter) throws {
    var energy: Int64 = 0
    var before: Timestamp?
    var first: Int128 = 0
    var wrong = 0
    for message in messages {
      let power = try #require(Sample.decimal(after: meter.power, in: message))
      let register = try #require(Sample.decimal(after: meter.register, in: message))
      energy += Int64(power.significand) * message.publishAt.since(before ?? message.publishAt)
      if before == nil { first = register.significand }
      before = message.publishAt
      let isExact = register.significand == first + Int128(energy / meter.unit)
      if !isExact || power.exponent != meter.powerExponent { wrong += 1 }
    }
    #expect(energy > 0 && wrong == 0, "\(meter.shape)")
  }

  @Test func powerIsVoltageTimesCurrent() {
    for watts in [40, 812, 2_600, 9_000] {
      for key in UInt64(1)...50 {
        let supply = Supply(watts: watts, key: key, time: 1_772_323_200_000 + Int64(key) * 977)
        let product = (0..<3).reduce(0) { sum, phase in
          sum + Int(supply.volts[phase]) * Int(supply.amps[phase])
        }
        let power = product * supply.powerFactor / 1_000_000
        // The current is cut to 0.01 A: at most 2.4 W a phase.
        #expect((watts - 9...watts).contains(power))
        #expect((0..<3).allSatisfy { (2_100...2_450).contains(supply.volts[$0]) })
      }
    }
  }

  @Test func batteryFallsFromFloatToTheEndOfDischarge() {
    var before = Battery.voltage(after: 0, of: 7_200_000)
    #expect(before == Battery.floatCentivolts)
    for minute in Int64(1)...130 {
      let voltage = Battery.voltage(after: minute * 60_000, of: 7_200_000)
      #expect(voltage <= before)
      before = voltage
    }
    #expect((4320...4330).contains(before))
  }

  @Test func metersAreDeadWhileTheMainsIsLost() throws {
    let plan = Plan(Sample.options())
    let source = try #require(
      plan.sources.first {
        $0.shape == .fsuData && !plan.sites[plan.devices[$0.device].site].outages.isEmpty
      })
    let outage = plan.sites[plan.devices[source.device].site].outages[0]
    var counters = Counters()
    let lost = Moment(plan, source, &counters, at: outage.upperBound - 1_000)
    #expect(lost.supply.volts == .zero && lost.supply.watts == 0)
    #expect(lost.batteryVoltage < Battery.floatCentivolts)
    let back = Moment(plan, source, &counters, at: outage.upperBound)
    #expect(back.supply.volts[0] > 2_000)
  }
}
