import SiteModel

// Payloads of electricity meters.

extension PayloadWriter {
  /// `"<key>a":…,"<key>b":…,"<key>c":…` in the order of the phases.
  mutating func phases(
    _ keys: (StaticString, StaticString, StaticString), _ values: SIMD3<Int32>, _ decimals: Int
  ) {
    for (phase, key) in [keys.0, keys.1, keys.2].enumerated() {
      if phase > 0 { raw(",") }
      raw(key)
      decimal(Int64(values[phase]), decimals)
    }
  }

  mutating func genericJSON(_ moment: Moment) {
    raw("{\"time\":\"")
    time(moment.time, .zulu)
    raw("\",")
    phases(
      ("\"voltage.a\":", "\"voltage.b\":", "\"voltage.c\":"), moment.supply.volts, 1)
    raw(",")
    phases(
      ("\"current.a\":", "\"current.b\":", "\"current.c\":"), moment.supply.amps, 2)
    raw(",\"power.active.total\":")
    decimal(moment.supply.watts, 3)
    raw(",\"energy.active.import.total\":")
    decimal(moment.register, 2)
    raw(",\"power_factor.total\":")
    decimal(moment.supply.powerFactor, 3)
    raw(",\"frequency\":")
    decimal(moment.supply.frequency, 2)
    raw("}")
  }

  mutating func acrelMeter(_ moment: Moment) {
    raw("{\"ts\":")
    integer(moment.time.milliseconds / 1000)
    raw(",")
    phases(("\"Ua\":", "\"Ub\":", "\"Uc\":"), moment.supply.volts, 0)
    raw(",")
    phases(("\"Ia\":", "\"Ib\":", "\"Ic\":"), moment.supply.amps, 0)
    raw(",\"totalP\":")
    decimal(moment.supply.watts, 3)
    raw(",\"EPI\":")
    decimal(moment.register, 2)
    raw(",\"Pf\":")
    decimal(moment.supply.powerFactor, 3)
    raw("}")
  }

  mutating func lorawanThreePhase(_ moment: Moment) {
    raw("{\"time\":\"")
    time(moment.time, .microseconds)
    raw("\",\"deviceInfo\":{\"devEui\":\"")
    name(moment.device.name)
    raw("\"},\"object\":{\"kwh_forward\":")
    decimal(moment.register, 2)
    raw(",\"power_total_w\":")
    integer(moment.supply.watts)
    raw(",")
    phases(
      ("\"voltage_l1\":", "\"voltage_l2\":", "\"voltage_l3\":"), moment.supply.volts, 1)
    raw(",")
    phases(
      ("\"current_l1\":", "\"current_l2\":", "\"current_l3\":"), moment.supply.amps, 2)
    raw(",")
    let factors = SIMD3<Int32>(repeating: Int32(moment.supply.powerFactor))
    phases(("\"pf_l1\":", "\"pf_l2\":", "\"pf_l3\":"), factors, 3)
    raw(",\"temperature_c\":")
    decimal(moment.temperature(rise: 90), 1)
    raw("}}")
  }

  mutating func elemeterEnvelope(_ moment: Moment) {
    raw("{\"mid\":\"")
    integer(moment.serial)
    raw("\",\"type\":\"elemeter_info\",\"device_uid\":\"")
    name(moment.site.name)
    raw("-G\",\"sub_device_id\":\"")
    name(moment.device.name)
    raw("\",\"timestamp\":")
    integer(moment.time.milliseconds)
    raw(",\"data\":{\"application_proto_type\":1,\"dlt_addr\":\"")
    padded(moment.source.key % 1_000_000_000, 12)
    raw("\",\"pt\":1,\"ct\":")
    integer(moment.device.ct)
    raw(",\"purpose\":2,\"values\":{\"ep\":")
    decimal(moment.register, 2)
    raw(",\"price\":")
    decimal(moment.price / 1_000_000, 2)
    raw(",\"balance\":")
    decimal(moment.balance, 2)
    raw(",\"ua\":")
    decimal(Int64(moment.supply.volts[0]), 1)
    raw(",\"ia\":")
    decimal(Int64(moment.supply.amps[0]), 2)
    raw(",\"p\":")
    decimal(moment.supply.watts, 3)
    raw("}}}")
  }

  mutating func prepaidSubmeter(_ moment: Moment) {
    raw("{\"time\":")
    integer(moment.time.milliseconds)
    raw(",\"energy_kwh\":\"")
    decimal(moment.register, 2)
    raw("\",\"price_yuan_per_kwh\":\"")
    decimal(moment.price, 8)
    raw("\",\"balance_yuan\":\"")
    decimal(moment.balance, 2)
    raw("\",\"voltage_v\":")
    decimal(Int64(moment.supply.volts[0]), 1)
    raw(",\"current_a\":")
    decimal(Int64(moment.supply.amps[0]), 2)
    raw(",\"power_kw\":")
    decimal(moment.supply.watts, 3)
    raw("}")
  }

  mutating func neuron(_ moment: Moment) {
    raw("{\"node\":\"modbus\",\"group\":\"g\",\"timestamp\":")
    integer(moment.time.milliseconds)
    raw(",\"values\":{\"Ua\":")
    decimal(Int64(moment.supply.volts[0]), 1)
    raw(",\"Ep\":")
    decimal(moment.register, 2)
    raw("},\"errors\":{}}")
  }
}
