import SiteModel

// Payloads of base stations: the field supervision unit (FSU) and the radio's own status.

extension PayloadWriter {
  mutating func fsuData(_ moment: Moment) {
    fsuHead(moment)
    raw("\",\"Time\":\"")
    time(moment.time, .wall)
    raw("\",\"TSemaphoreList\":[")
    signal(moment, "0406101001", Int(moment.supply.volts[0]), 1)
    raw(",")
    signal(moment, "0406102001", Int(moment.supply.volts[1]), 1)
    raw(",")
    signal(moment, "0406103001", Int(moment.supply.volts[2]), 1)
    raw(",")
    signal(moment, "0406111001", moment.batteryVoltage, 2)
    raw(",")
    signal(moment, "0406112001", moment.loadCurrent, 1)
    raw(",")
    signal(moment, "0406115001", moment.outage == nil ? 4 : -moment.loadCurrent, 1)
    raw(",")
    signal(moment, "0407102001", moment.batteryVoltage, 2)
    raw(",")
    signal(moment, "0418101001", moment.temperature(rise: 60), 1)
    raw(",")
    signal(moment, "0418102001", moment.humidity, 0)
    raw("]}")
  }

  private mutating func signal(
    _ moment: Moment, _ id: StaticString, _ value: Int, _ decimals: Int
  ) {
    raw("{\"DeviceId\":\"")
    equipment(moment)
    raw("\",\"Id\":\"")
    raw(id)
    raw("\",\"MeasuredVal\":\"")
    decimal(value, decimals)
    raw("\",\"Status\":\"0\"}")
  }

  /// An alarm that begins with the outage or ends with it.
  mutating func fsuAlarm(_ moment: Moment) {
    let isBegin = moment.outage != nil
    raw("{\"TAlarmList\":[")
    alarm(moment, "0406016001", isBegin, level: 1, "交流输入01停电告警", part: 0)
    raw(",")
    alarm(moment, "0406005001", isBegin, level: 2, "电池放电告警", part: 1)
    raw("]}")
  }

  private mutating func alarm(
    _ moment: Moment, _ id: StaticString, _ isBegin: Bool, level: Int, _ text: StaticString,
    part: Int64
  ) {
    raw("{\"SerialNo\":\"")
    // The begin and the end of one alarm carry the same number.
    padded(UInt64((moment.serial - 1) / 2 * 2 + part), 10)
    raw("\",\"Id\":\"")
    raw(id)
    raw("\",\"FsuId\":\"")
    name(moment.device.name)
    raw("\",\"DeviceId\":\"")
    equipment(moment)
    raw("\",\"AlarmTime\":\"")
    time(moment.time, .wall)
    raw("\",\"AlarmLevel\":")
    integer(level)
    raw(",\"AlarmFlag\":\"")
    raw(isBegin ? "BEGIN" : "END")
    raw("\",\"AlarmDesc\":\"")
    raw(text)
    raw("\"}")
  }

  private mutating func fsuHead(_ moment: Moment) {
    raw("{\"FsuId\":\"")
    name(moment.device.name)
  }

  private mutating func equipment(_ moment: Moment) {
    raw("370102406")
    padded(UInt64(moment.device.site + 1), 5)
  }

  mutating func baseStationStatus(_ moment: Moment) {
    let isUp = moment.batteryVoltage >= Battery.cutOffCentivolts
    raw("{\"ne\":\"")
    name(moment.device.name)
    raw("\",\"time\":\"")
    time(moment.time, .chinaSeconds)
    raw("\",\"power\":{\"dc\":{\"v\":")
    decimal(moment.batteryVoltage / 10, 1)
    raw(",\"a\":")
    decimal(isUp ? moment.loadCurrent : 0, 1)
    raw("},\"ac\":{\"present\":")
    truth(moment.outage == nil)
    raw("}},\"radio\":{\"service_up\":")
    truth(isUp)
    raw(",\"temperature\":")
    decimal(moment.temperature(rise: 230), 1)
    raw("},\"link\":{\"latency_ms\":")
    decimal(112 + moment.drift(1, amplitude: 30), 1)
    raw(",\"loss_pct\":")
    decimal(max(0, moment.drift(2, amplitude: 4)), 1)
    raw("}}")
  }
}
