import Decoding
import Engine
import SiteModel
import Storage

/// A profile for messages of an unknown shape, as far as it can be guessed. What is certain is
/// written out; what a person must decide is a comment that begins with `CHECK` or `FILL`.
struct ProfileSkeleton {
  /// The profile, one line of YAML after the other.
  private(set) var lines: [String] = []
  let unknown: UnknownShape
  let message: HeldMessage
  let shape: PayloadShape
  /// The list whose elements are taken one by one, as `records` has it; empty for none.
  private(set) var records = ""
  /// Values that name themselves; empty where fields have fixed meanings.
  private(set) var namedValues: [NamedValue] = []

  /// A profile for the shape of a message.
  init(_ unknown: UnknownShape, _ message: HeldMessage) {
    self.unknown = unknown
    self.message = message
    shape = ShapeFinder().payload(message.payload, topic: message.topic)
    namedValues = Self.namedValues(of: shape)
    records = namedValues.first?.list ?? Self.records(of: shape.fields)
    write()
  }

  private mutating func write() {
    let device = isSparkplug ? nil : device()
    lines = [
      "# Suggested for shape \(unknown.shape): \(Self.comment(unknown.payload))",
      "# Save it among the profiles, go through the lines with CHECK and FILL, then run",
      "# 'sitewatt check', restart the collector, and run 'sitewatt devices replay'.",
      "profile: \(name)",
      "title: { zh: 未知设备, en: Unknown device }  # FILL: the model's name for people",
      "hardware: any  # CHECK: meter, fsu, base_station, indoor, smart_pole, power_terminal",
      "topics: [\(JSONText.quoted(topic(device)))]",
      "silent_after_s: 900  # CHECK: after this long without a message it counts as silent",
    ]
    if let word = wireProtocol { lines.append("protocol: \(word)") }
    if let device { lines.append("device: \(JSONText.quoted(device))") }
    if device == nil, !isSparkplug, !unknown.topic.contains("{device}") {
      lines.append("# FILL: nothing found that names the device; write {device} for a level of the")
      lines.append("# topic, or device: and the path of a field")
    }
    if isSparkplug {
      lines.append(
        "# CHECK: all devices of the group are read by this file then; what they send under")
      lines.append("# names of the sparkplug profile belongs into the table as well")
    }
    if !records.isEmpty, !isSenML { lines.append("records: \(JSONText.quoted(records))") }
    if !isSenML, !isSparkplug { writeTime() }
    if namedValues.isEmpty { writeMetrics() } else { writeNamedValues() }
    writeExample()
  }

  /// Fixed words of the topic and the beginning of the shape, so that it is unique.
  private var name: String {
    let words = unknown.topic.lowercased().split(separator: "/").map { level in
      String(level.unicodeScalars.filter { "a"..."z" ~= $0 || "0"..."9" ~= $0 })
    }
    let fixed = zip(words, unknown.topic.split(separator: "/")).filter { word, level in
      !word.isEmpty && level.first != "{" && level.first != "+"
    }
    let start = fixed.isEmpty ? "unknown" : fixed.prefix(3).map(\.0).joined(separator: "-")
    return "\(start.prefix(40))-\(unknown.shape.description.prefix(4))"
  }

  /// The pattern; where the payload names the device, the topic names what speaks for it.
  private func topic(_ device: String?) -> String {
    if isSparkplug {
      let levels = String(decoding: message.topic, as: UTF8.self).split(separator: "/")
      return "spBv1.0/\(levels[1])/#"
    }
    return device == nil ? unknown.topic : unknown.topic.replacing("{device}", with: "{gateway}")
  }

  /// Whether it is a SenML pack (RFC 8428): a list at the top whose members have `n` and `v`.
  private var isSenML: Bool {
    namedValues.first.map { $0.list == "[*]" && $0.nameKey == "n" && $0.valueKey == "v" } ?? false
  }

  /// Whether it is a birth of Sparkplug, whose standard names device and time.
  private var isSparkplug: Bool { shape.kind == .sparkplug }

  /// The word of the profile's protocol; nil for JSON, the default.
  private var wireProtocol: String? {
    switch (shape.kind, shape.detail) {
    case (.xml, _): "xml"
    case (.sparkplug, _): "sparkplug"
    case (_, "DL/T 645"): "dlt645"
    case (_, "DL/T 698.45"): "dlt698"
    case (_, "Modbus RTU"): "modbus"
    case _ where isSenML: "senml"
    case (.cbor, _): "cbor"
    default: nil
    }
  }

  private mutating func writeTime() {
    let times = shape.fields.compactMap { field -> (String, TimeFormat)? in
      guard let path = path(of: field) else { return nil }
      return timeFormat(field).map { (path, $0) }
    }
    guard let (path, format) = times.first else {
      if !shape.fields.isEmpty { lines.append("# no time found: that of the receipt is taken") }
      return
    }
    lines.append("time:")
    lines.append("  - { path: \(JSONText.quoted(path)), format: \(format.rawValue) }")
  }

  private mutating func writeMetrics() {
    guard !shape.fields.isEmpty else {
      let how =
        switch wireProtocol {
        case "modbus": "registers and values as in devices/acrel-dtsd1352.yaml"
        case .some(let word): "the values of devices/\(word).yaml; or add the topic to that file"
        case nil: "this is no format that profiles know yet"
        }
      lines.append("# FILL: \(how)")
      return
    }
    lines.append("metrics:")
    var used: Set<String> = []
    for field in shape.fields {
      let isMeasured = [.number, .numericText, .truth, .text].contains(field.kind)
      guard isMeasured, timeFormat(field) == nil, !isName(field) else { continue }
      writeMetric(field, &used)
    }
    if used.isEmpty {
      lines.append("  # FILL: take the # from at least one line, with metric and unit")
    }
  }

  private mutating func writeNamedValues() {
    lines.append("values:")
    // The names of a pack begin with what its first record says for all.
    if isSenML { lines.append("  match: suffix") }
    if !isSenML, !isSparkplug, let first = namedValues.first {
      lines.append("  name: \(JSONText.quoted(first.nameKey))")
      lines.append("  value: \(JSONText.quoted(first.valueKey))")
    }
    lines.append("  table:")
    var used = false
    for value in namedValues {
      let sample = Self.comment(String(value.sample.prefix(24)))
      let path = value.name.replacing("/", with: ".")
      guard let guess = MetricGuess(path: path, sample: value.sample) else {
        lines.append(
          "    # \(JSONText.quoted(value.name)): { metric: FILL, unit: FILL }  # found \(sample)")
        continue
      }
      let row = "\(JSONText.quoted(value.name)): \(Self.row(guess))"
      used = used || guess.isSure
      lines.append(
        guess.isSure
          ? "    \(row)  # found \(sample)" + (guess.scale == nil ? "" : "; CHECK the scale")
          : "    # \(row)  # perhaps; found \(sample); CHECK metric, unit and scale")
    }
    if !used { lines.append("    # FILL: take the # from at least one line") }
  }

  /// A row of a table of metrics.
  private static func row(_ guess: MetricGuess) -> String {
    var row = "{ metric: \(guess.metric)"
    if !["1", "state", "text"].contains(guess.unit) { row += ", unit: \"\(guess.unit)\"" }
    if let scale = guess.scale { row += ", scale: \(scale)" }
    return row + " }"
  }

  private mutating func writeMetric(_ field: PayloadField, _ used: inout Set<String>) {
    let guess = MetricGuess(path: field.path, sample: field.sample)
    let sample = Self.comment(String(field.sample.prefix(24)))
    guard let path = path(of: field) else {
      return lines.append("  # \(Self.comment(field.path)): found \(sample); not one value")
    }
    guard let guess, field.kind != .text || guess.unit == "text" else {
      if field.kind == .text { return }
      return lines.append(
        "  # \(JSONText.quoted(path)): { metric: FILL, unit: FILL }  # found \(sample)")
    }
    let row = "\(JSONText.quoted(path)): \(Self.row(guess))  # "
    let isOutside = path.hasPrefix("$") && !records.isEmpty
    if guess.isSure, !isOutside, used.insert(guess.metric).inserted {
      lines.append("  \(row)found \(sample)" + (guess.scale == nil ? "" : "; CHECK the scale"))
    } else {
      lines.append("  # \(row)perhaps; found \(sample); CHECK metric, unit and scale")
    }
  }

  private mutating func writeExample() {
    let topic = String(decoding: message.topic, as: UTF8.self)
    lines += [
      "examples:", "  - name: as it was received", "    topic: \(JSONText.quoted(topic))",
      "    received: \"\(message.receivedAt)\"",
    ]
    if let text = String(validating: message.payload, as: UTF8.self) {
      let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
      let quoted = isPlain ? "'\(text.replacing("'", with: "''"))'" : JSONText.quoted(text)
      lines.append("    payload: \(quoted)")
    } else {
      lines.append("    payload_hex: \"\(Digest.hex(message.payload))\"")
    }
    lines.append("    expect: []  # FILL: 'sitewatt check' says what comes out")
  }

  /// Without line breaks and other marks that would end a comment.
  private static func comment(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
  }
}
