import Decoding
import Engine
import SiteModel
import Storage

// What the fields of an unknown payload are besides metrics: records, names of devices, times.
extension ProfileSkeleton {
  /// The members that name themselves, when at least two in one list do and more of them than of
  /// the fields look like metrics.
  static func namedValues(of shape: PayloadShape) -> [NamedValue] {
    guard let first = shape.namedValues.first else { return [] }
    if shape.kind == .sparkplug { return shape.namedValues }
    let values = shape.namedValues.filter {
      $0.list == first.list && $0.nameKey == first.nameKey && $0.valueKey == first.valueKey
    }
    let metrics = shape.fields.count { field in
      MetricGuess(path: field.path, sample: field.sample) != nil
    }
    let named = values.count { MetricGuess(path: $0.name, sample: $0.sample) != nil }
    return values.count > 1 && named >= metrics ? values : []
  }

  /// The list with most fields that look like metrics, as `records` has it; empty when they stand
  /// in none, or in lists of lists.
  static func records(of fields: [PayloadField]) -> String {
    var counts: [String: Int] = [:]
    for field in fields where MetricGuess(path: field.path, sample: field.sample) != nil {
      let end = field.path.firstRange(of: "[*]")?.upperBound ?? field.path.startIndex
      counts[String(field.path[..<end]), default: 0] += 1
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
  }

  /// The path of a field in the profile; nil when it cannot be read by one.
  func path(of field: PayloadField) -> String? {
    let names = field.path.split(separator: ".").map(String.init)
    guard !names.contains("*") else { return nil }
    let inner = records + "."
    if !records.isEmpty, field.path.hasPrefix(inner) {
      let path = String(field.path.dropFirst(inner.count))
      return path.contains("[*]") ? nil : path
    }
    if field.path.contains("[*]") || field.path.isEmpty { return nil }
    return records.isEmpty ? field.path : "$.\(field.path)"
  }

  /// The path that names the device, when the payload does it better than the topic.
  func device() -> String? {
    let names = shape.fields.filter(isName).compactMap { path(of: $0) }
    let inner = names.first { !$0.hasPrefix("$") }
    // Where members name their values, their `id` is that of the quantity.
    if let inner, !records.isEmpty, namedValues.isEmpty { return inner }
    return unknown.topic.contains("{device}")
      ? nil : names.first { namedValues.isEmpty || $0.hasPrefix("$") }
  }

  /// Whether a field names the device by the usual words.
  func isName(_ field: PayloadField) -> Bool {
    guard field.kind != .null, field.kind != .empty, field.kind != .truth, !field.sample.isEmpty
    else { return false }
    let word = Self.lastWord(field.path)
    return [
      "id", "sn", "imei", "devid", "deviceid", "deviceno", "devicesn", "devicecode", "devsn",
      "devno", "meterid", "meterno", "metersn", "meteraddr", "addr", "address", "deveui", "mac",
      "equipid", "equipmentid", "terminalid", "fsuid", "sensorid", "设备编号", "表号",
    ].contains(word)
  }

  /// The format in which a field is a time near its receipt; nil when it is none.
  func timeFormat(_ field: PayloadField) -> TimeFormat? {
    let word = Self.lastWord(field.path)
    let isCalledTime =
      ["t", "ts", "tm", "date", "clock", "时间"].contains(word)
      || ["time", "stamp"].contains { word.contains($0) }
    guard isCalledTime else { return nil }
    let formats: [TimeFormat] = [
      .epochSeconds, .epochMilliseconds, .epochMicroseconds, .compact, .text,
    ]
    return formats.first { format in
      let isText = field.kind == .text || field.kind == .numericText
      let time = Array(field.sample.utf8).withUnsafeBytes { bytes in
        format.time(bytes, isText: isText, zoneSeconds: 28_800)
      }
      // Devices whose clock stood still for years are rare, and those of the future rarer.
      return time.map { (-10...400).contains(message.receivedAt.since($0) / 86_400_000) } ?? false
    }
  }

  private static func lastWord(_ path: String) -> String {
    let last = path.split(separator: ".").last.map(String.init) ?? ""
    return String(last.lowercased().unicodeScalars.filter { $0.properties.isAlphabetic })
  }
}
