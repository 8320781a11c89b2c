/// Reports of the fleet as bytes: CSV rows and JSON payloads.
struct ReportText {
  /// What was written since the last ``clear()``.
  private(set) var bytes: [UInt8] = []

  /// Forgets everything and keeps the memory.
  mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  /// The heading of the CSV rows.
  mutating func heading() {
    bytes += "device,time".utf8
    for series in Fleet.series {
      bytes.append(UInt8(ascii: ","))
      bytes += series.name.utf8
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// One CSV row: the device, Unix milliseconds, and all values.
  mutating func row(_ name: String, _ time_ms: Int64, _ values: [Int64]) {
    bytes += name.utf8
    bytes.append(UInt8(ascii: ","))
    integer(time_ms)
    for (place, value) in values.enumerated() {
      bytes.append(UInt8(ascii: ","))
      decimal(value, Fleet.series[place].decimals)
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// One flat JSON object with catalogue names.
  mutating func payload(_ time_ms: Int64, _ values: [Int64]) {
    bytes += "{\"time\":".utf8
    integer(time_ms)
    for (place, value) in values.enumerated() {
      bytes += ",\"".utf8
      bytes += Fleet.series[place].name.utf8
      bytes += "\":".utf8
      decimal(value, Fleet.series[place].decimals)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func decimal(_ value: Int64, _ decimals: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var scale: UInt64 = 1
    for _ in 0..<decimals { scale *= 10 }
    let magnitude = value.magnitude
    integer(Int64(magnitude / scale))
    guard decimals > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    var rest = magnitude % scale
    while scale > 1 {
      scale /= 10
      bytes.append(UInt8(ascii: "0") + UInt8(rest / scale))
      rest %= scale
    }
  }

  private mutating func integer(_ value: Int64) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }
}
