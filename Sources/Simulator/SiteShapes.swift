import SiteModel

// Payloads of indoor systems, smart poles and power terminals.

extension PayloadWriter {
  mutating func edgeloggerPower(_ moment: Moment) {
    raw("{\"msgType\":\"report\",\"msgId\":\"")
    integer(moment.serial)
    raw("\",\"msgCreateTime\":\"")
    time(moment.time.advanced(byMilliseconds: 145), .compact)
    raw("\",\"source\":{\"gatewayId\":\"")
    name(moment.site.name)
    raw("-G\"},\"batch\":[{\"timestamp\":\"")
    time(moment.time, .wall)
    raw("\",\"device_type\":\"three_phase_meter\",\"device_id\":\"")
    name(moment.device.name)
    raw("\",\"metrics\":{\"voltage\":{\"unit\":\"V\",\"value\":{")
    let keys: (StaticString, StaticString, StaticString) =
      ("\"phase_a\":", "\"phase_b\":", "\"phase_c\":")
    phases(keys, moment.supply.volts, 1)
    raw("}},\"current\":{\"unit\":\"A\",\"value\":{")
    phases(keys, moment.supply.amps, 2)
    raw("}},\"power\":{\"active\":{\"unit\":\"kW\",\"value\":{\"total\":")
    decimal(moment.supply.watts, 3)
    // The source's own mistake: its unit of energy says kW.
    raw("}}},\"energy\":{\"active\":{\"unit\":\"kW\",\"value\":{\"forward\":")
    decimal(moment.register, 2)
    raw(",\"reverse\":0.00}}}}}]}")
  }

  mutating func indoorUnit(_ moment: Moment) {
    raw("{\"t\":")
    integer(moment.time.milliseconds / 1000)
    raw(",\"phases\":{")
    let keys: [StaticString] = ["\"a\":{\"u\":", ",\"b\":{\"u\":", ",\"c\":{\"u\":"]
    for (phase, key) in keys.enumerated() {
      raw(key)
      decimal(Int64(moment.supply.volts[phase]), 1)
      raw(",\"i\":")
      decimal(Int64(moment.supply.amps[phase]), 2)
      raw("}")
    }
    raw("},\"p\":")
    integer(moment.supply.watts)
    raw(",\"temp\":")
    decimal(moment.temperature(rise: 80), 1)
    raw(",\"door\":\"")
    let quarter = moment.time.milliseconds / 900_000
    raw(Noise.bits(moment.source.key, quarter) % 200 == 0 ? "open" : "closed")
    raw("\"}")
  }

  mutating func smartPole(_ moment: Moment) {
    raw("{\"time\":")
    integer(moment.time.milliseconds)
    raw(",\"meter\":{\"v\":")
    decimal(Int64(moment.supply.volts[0]), 1)
    raw(",\"a\":")
    decimal(Int64(moment.supply.amps[0]), 2)
    raw(",\"w\":")
    integer(moment.supply.watts)
    raw(",\"wh\":")
    integer(moment.register)
    raw("},\"lamp\":{\"dim\":")
    integer(moment.lampDimming)
    raw(",\"w\":")
    integer(Load.lampWatts(dimming: moment.lampDimming))
    raw(",\"fault\":false},\"tilt_deg\":")
    decimal(4 + moment.drift(3, amplitude: 2), 1)
    raw(",\"leak_ma\":")
    decimal(moment.outage == nil ? 12 + moment.drift(4, amplitude: 5) : 0, 1)
    raw(",\"door\":0,\"air\":{\"pm25\":")
    let dust = 35 + moment.drift(5, amplitude: 20)
    integer(dust)
    raw(",\"pm10\":")
    integer(dust * 17 / 10)
    raw(",\"t\":")
    decimal(moment.temperature(rise: 0), 1)
    raw(",\"rh\":")
    integer(moment.humidity)
    raw("},\"noise_db\":")
    decimal(551 + moment.drift(6, amplitude: 60), 1)
    raw(",\"ev\":{\"wh\":")
    integer(moment.chargerRegister)
    raw(",\"charging\":")
    truth(moment.chargerWatts > 0)
    raw("}}")
  }

  mutating func sgccTerminal(_ moment: Moment) {
    raw("{\"token\":\"")
    integer(moment.serial)
    raw("\",\"timestamp\":\"")
    time(moment.time, .chinaMilliseconds)
    raw("\",\"datatype\":1,\"body\":[")
    let volts: [StaticString] = ["PhV_phsA", "PhV_phsB", "PhV_phsC"]
    for (phase, id) in volts.enumerated() {
      point(moment, id, Int64(moment.supply.volts[phase]), 1, unit: "V")
      raw(",")
    }
    let amps: [StaticString] = ["A_phsA", "A_phsB", "A_phsC"]
    for (phase, id) in amps.enumerated() {
      point(moment, id, Int64(moment.supply.amps[phase]), 2, unit: "A")
      raw(",")
    }
    point(moment, "TotW", Int64(moment.supply.watts), 3, unit: "kW")
    raw(",")
    point(moment, "SupWh", moment.register, 2, unit: "kWh")
    raw("]}")
  }

  private mutating func point(
    _ moment: Moment, _ id: StaticString, _ value: Int64, _ decimals: Int, unit: StaticString
  ) {
    raw("{\"name\":\"")
    raw(id)
    raw("\",\"val\":\"")
    decimal(value, decimals)
    raw("\",\"unit\":\"")
    raw(unit)
    raw("\",\"quality\":\"0\",\"timestamp\":\"")
    time(moment.time, .chinaMilliseconds)
    raw("\"}")
  }

  mutating func powerCPE(_ moment: Moment) {
    raw("{\"ts\":")
    integer(moment.time.milliseconds)
    raw(",\"imei\":\"86")
    padded(moment.source.key % 10_000_000_000_000, 13)
    raw("\",\"rsrp\":")
    integer(-92 + moment.drift(7, amplitude: 9))
    raw(",\"sinr\":")
    decimal(140 + moment.drift(8, amplitude: 50), 1)
    raw(",\"latency\":")
    decimal(180 + moment.drift(9, amplitude: 60), 1)
    raw(",\"loss\":")
    decimal(max(0, moment.drift(10, amplitude: 3)), 1)
    raw(",\"ac\":")
    integer(moment.outage == nil ? 1 : 0)
    raw(",\"temp\":")
    decimal(moment.temperature(rise: 140), 1)
    raw("}")
  }
}

extension PayloadWriter {
  /// The payload of a measurement in its source's form.
  mutating func payload(_ moment: Moment) {
    switch moment.source.shape {
    case .genericJSON: genericJSON(moment)
    case .acrelMeter: acrelMeter(moment)
    case .lorawanThreePhase: lorawanThreePhase(moment)
    case .edgeloggerPower: edgeloggerPower(moment)
    case .elemeterEnvelope: elemeterEnvelope(moment)
    case .prepaidSubmeter: prepaidSubmeter(moment)
    case .fsuData: fsuData(moment)
    case .fsuAlarm: fsuAlarm(moment)
    case .baseStationStatus: baseStationStatus(moment)
    case .indoorUnit: indoorUnit(moment)
    case .smartPole: smartPole(moment)
    case .sgccTerminal: sgccTerminal(moment)
    case .powerCPE: powerCPE(moment)
    case .neuron: neuron(moment)
    }
  }
}
