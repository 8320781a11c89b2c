import SiteModel
import Storage

/// The series that a person asks for: devices and metrics by names, or by patterns in which `*`
/// stands for any characters and `?` for one.
struct SeriesSelection {
  /// In the order of their numbers.
  private(set) var devices: [DeviceIndex] = []
  /// In catalogue order.
  private(set) var metrics: [MetricDefinition] = []
  /// Names of all devices of the file, by number.
  let names: [String]
  /// What the values of text metrics stand for; empty when none is asked for.
  private(set) var texts = TextTable()

  /// Finds what the names and patterns stand for; without any, all that is stored.
  init(_ reader: StoreReader, devices: [String], metrics: [String]) throws {
    names = try reader.deviceNames()
    self.devices = try find(devices)
    self.metrics = try find(metrics, reader)
    if self.metrics.contains(where: { $0.kind == .text }) { texts = try reader.texts() }
  }

  /// Name of a device.
  func name(of device: DeviceIndex) -> String { names[Int(device.position)] }

  private func find(_ patterns: [String]) throws(Refusal) -> [DeviceIndex] {
    var isWanted = [Bool](repeating: patterns.isEmpty, count: names.count)
    for text in patterns {
      let pattern = NamePattern(text)
      var isFound = false
      // A name that is given in full means itself, whatever characters it has.
      if let exact = names.firstIndex(of: text) {
        (isWanted[exact], isFound) = (true, true)
      } else if pattern.hasWildcard {
        for place in names.indices where pattern.matches(names[place]) {
          (isWanted[place], isFound) = (true, true)
        }
      }
      if !isFound {
        throw pattern.hasWildcard ? .noMatch("device", text) : .unknownDevice(text)
      }
    }
    return isWanted.indices.filter { isWanted[$0] }.map { DeviceIndex(Int32($0)) }
  }

  private func find(_ patterns: [String], _ reader: StoreReader) throws -> [MetricDefinition] {
    var wanted: Set<Metric> = []
    var isOpen = patterns.isEmpty
    for text in patterns {
      if let metric = MetricCatalogue.metric(named: text) {
        wanted.insert(metric)
        continue
      }
      let pattern = NamePattern(text)
      let found = MetricCatalogue.all.filter { pattern.hasWildcard && pattern.matches($0.name) }
      guard !found.isEmpty else { throw try refusal(text, pattern, reader) }
      wanted.formUnion(found.map(\.metric))
      isOpen = true
    }
    guard isOpen else { return MetricCatalogue.all.filter { wanted.contains($0.metric) } }
    let stored = try reader.storedMetrics()
    return MetricCatalogue.all.filter {
      stored.contains($0.metric) && (patterns.isEmpty || wanted.contains($0.metric))
    }
  }

  private func refusal(
    _ text: String, _ pattern: NamePattern, _ reader: StoreReader
  ) throws -> Refusal {
    if pattern.hasWildcard { return .noMatch("metric", text) }
    let isOne = devices.count == 1
    let known = isOne ? try reader.metrics(of: devices[0]) : try reader.storedMetrics().sorted()
    let names = known.compactMap { MetricCatalogue.definition(of: $0)?.name }
    return .unknownMetric(text, known: names, isOneDevice: isOne)
  }

  /// Why a question cannot be answered.
  enum Refusal: Error, Equatable, CustomStringConvertible {
    /// No such device has ever reported.
    case unknownDevice(String)
    /// A pattern that no `device` or `metric` matches.
    case noMatch(String, String)
    /// No such name in the metric catalogue; carries what the device, or the file, has.
    case unknownMetric(String, known: [String], isOneDevice: Bool)

    /// One sentence with what would have been right.
    var description: String {
      switch self {
      case .unknownDevice(let name): "device '\(name)' has never reported"
      case .noMatch(let kind, let pattern): "no \(kind) matches '\(pattern)'"
      case .unknownMetric(let name, let known, let isOneDevice):
        "metric '\(name)' is not in the catalogue; "
          + (isOneDevice ? "this device has: " : "the database has: ")
          + known.joined(separator: ", ")
      }
    }
  }
}

/// A name in which `*` stands for any characters, none included, and `?` for one.
struct NamePattern {
  private let pattern: [Unicode.Scalar]

  init(_ text: String) { pattern = Array(text.unicodeScalars) }

  /// False when it can only mean itself.
  var hasWildcard: Bool { pattern.contains("*") || pattern.contains("?") }

  /// True when it stands for this name. The work grows with the product of both lengths at most.
  func matches(_ name: String) -> Bool {
    let text = Array(name.unicodeScalars)
    var (at, place) = (0, 0)
    // Where the last `*` stood, and what it has taken so far.
    var star: (pattern: Int, text: Int)?
    while place < text.count {
      if at < pattern.count, pattern[at] == "*" {
        star = (at, place)
        at += 1
      } else if at < pattern.count, pattern[at] == "?" || pattern[at] == text[place] {
        at += 1
        place += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        (at, place) = (last.pattern + 1, last.text + 1)
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == "*" }
  }
}
