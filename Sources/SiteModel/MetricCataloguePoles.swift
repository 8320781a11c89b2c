extension MetricCatalogue {
  /// What lamps, poles, batteries and radio modules say of themselves; the states are alarms of the
  /// device.
  static let poles: [Row] = [
    (300, "lamp.on", "state", .state, "0", "1"),
    (301, "lamp.failure", "state", .state, "0", "1"),
    (302, "lamp.gear_failure", "state", .state, "0", "1"),
    (303, "lamp.relay_failure", "state", .state, "0", "1"),
    (304, "lamp.day_burner", "state", .state, "0", "1"),
    (305, "lamp.cycling", "state", .state, "0", "1"),
    (306, "lamp.operating_time", "min", .counter, "0", "1000000000"),
    (307, "lamp.temperature", "°C", .gauge, "-60", "200"),
    (308, "lamp.energy", "kWh", .register, "0", "10000000000"),
    (310, "pole.tilt_alarm", "state", .state, "0", "1"),
    (311, "mains.supply_loss.count", "1", .counter, "0", "999999"),
    (313, "battery.low", "state", .state, "0", "1"),
    (314, "outage.long.count", "1", .counter, "0", "999999"),
    (315, "power_factor.low", "state", .state, "0", "1"),
    (316, "load.low", "state", .state, "0", "1"),
    (317, "load.high", "state", .state, "0", "1"),
    (320, "so2", "µg/m³", .gauge, "0", "100000"),
    (321, "no2", "µg/m³", .gauge, "0", "100000"),
    (330, "radio.rssi", "dBm", .gauge, "-200", "50"),
    (331, "radio.rsrq", "dB", .gauge, "-60", "30"),
    (332, "radio.snr", "dB", .gauge, "-60", "60"),
    (340, "device.imei", "text", .text, "0", "4294967295"),
    (341, "sim.imsi", "text", .text, "0", "4294967295"),
    (342, "radio.cell", "text", .text, "0", "4294967295"),
  ]
}
