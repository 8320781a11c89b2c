// What electricity meters tell beyond the common quantities: more registers, demand, counts of
// events, their own state. Numbers 150…299 and 500…699.
extension MetricCatalogue {
  static let meters: [Row] =
    meterEnergy + meterState + meterEvents + meterChanges + meterPurchases + meterIdentity
    + meterSettlements

  private static func register(_ number: Int, _ name: String, _ unit: String) -> Row {
    (UInt16(number), "energy." + name, unit, .register, "-10000000000", "10000000000")
  }

  private static let meterEnergy: [Row] = {
    var rows = [register(150, "combined.total", "kWh")]
    rows += (1...8).map { register(150 + $0, "combined.rate\($0)", "kWh") }
    rows += (1...8).map { register(158 + $0, "active.export.rate\($0)", "kWh") }
    rows.append(register(167, "reactive.combined1.total", "kvarh"))
    rows += (1...8).map { register(167 + $0, "reactive.combined1.rate\($0)", "kvarh") }
    rows.append(register(176, "reactive.combined2.total", "kvarh"))
    rows += (1...8).map { register(176 + $0, "reactive.combined2.rate\($0)", "kvarh") }
    // The register as it stood on the last settlement day, on the one before it, and so on.
    return rows + (1...12).map { register(184 + $0, "active.import.settlement\($0).total", "kWh") }
  }()

  private static let meterState: [Row] = {
    var rows: [Row] = [
      (197, "demand.active", "kW", .gauge, "-100000", "100000"),
      (198, "phase_angle.a", "°", .gauge, "-360", "360"),
      (199, "phase_angle.b", "°", .gauge, "-360", "360"),
      (200, "phase_angle.c", "°", .gauge, "-360", "360"),
      (201, "battery.clock.voltage", "V", .gauge, "0", "100"),
      (202, "battery.meter_reading.voltage", "V", .gauge, "0", "100"),
    ]
    for word in 1...7 {
      rows.append((UInt16(202 + word), "meter.status.word\(word)", "1", .gauge, "0", "65535"))
    }
    return rows
  }()

  /// Counts and minutes of what went wrong with the supply.
  private static let meterEvents: [Row] = {
    let ofPhases = [
      "voltage_loss", "undervoltage", "overvoltage", "phase_loss", "current_loss", "overcurrent",
      "current_break", "power_reversal", "overload",
    ]
    let ofMeter = [
      "all_voltage_loss", "auxiliary_supply_loss", "voltage_sequence", "current_sequence",
    ]
    let names =
      ofPhases.flatMap { name in ["a", "b", "c"].map { "\(name).\($0)" } } + ofMeter
    return names.enumerated().flatMap { position, name -> [Row] in
      let number = UInt16(210 + position * 2)
      return [
        (number, "event.\(name).count", "1", .counter, "0", "999999"),
        (number + 1, "event.\(name).duration", "min", .counter, "0", "999999"),
      ]
    }
  }()

  /// Counts of what somebody did to the meter.
  private static let meterChanges: [Row] = [
    (272, "event.programming.count", "1", .counter, "0", "999999"),
    (273, "event.meter_cleared.count", "1", .counter, "0", "999999"),
    (274, "event.events_cleared.count", "1", .counter, "0", "999999"),
    (275, "event.clock_set.count", "1", .counter, "0", "999999"),
    (276, "event.tariff_programmed.count", "1", .counter, "0", "999999"),
  ]

  /// What a meter says of itself. Two digits of a year show no later instant than these.
  private static let meterIdentity: [Row] = [
    (291, "meter.address", "text", .text, "0", "4294967295"),
    (292, "meter.number", "text", .text, "0", "4294967295"),
    (293, "meter.clock", "epoch_s", .gauge, "0", "4102444800"),
    (294, "meter.clock.date", "epoch_s", .gauge, "0", "4102444800"),
    (295, "meter.clock.time", "s", .gauge, "0", "86400"),
  ]

  /// The rates of the settlement days; each day has numbers for eight.
  private static let meterSettlements: [Row] = (1...12).flatMap { day in
    (1...4).map { rate in
      register(492 + 8 * day + rate, "active.import.settlement\(day).rate\(rate)", "kWh")
    }
  }

  private static let meterPurchases: [Row] =
    [
      (277, "prepaid.energy_overdrawn", "kWh", .gauge, "0", "100000000"),
      (278, "prepaid.overdrawn", "yuan", .gauge, "0", "100000000"),
      (279, "prepaid.last_purchase", "yuan", .gauge, "0", "100000000"),
      (280, "prepaid.purchased_total", "yuan", .gauge, "0", "10000000000"),
      (281, "prepaid.energy_alarm1", "kWh", .gauge, "0", "100000000"),
      (282, "meter.constant.active", "1", .gauge, "0", "999999"),
      (296, "prepaid.last_purchase.time", "epoch_s", .gauge, "0", "4102444800"),
    ]
    + (1...8).map { price(282 + $0, "rate\($0)") }
    + (1...8).map { price(600 + $0, "standby.rate\($0)") }

  private static func price(_ number: Int, _ name: String) -> Row {
    (UInt16(number), "price.energy." + name, "yuan/kWh", .gauge, "0", "100")
  }
}
