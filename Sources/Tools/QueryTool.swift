import Series
import Setup
import SiteModel
import Storage

/// Reads one series back, for the `query` command.
public struct QueryTool {
  /// How samples are written.
  public enum Format: String, Sendable, CaseIterable {
    /// A heading and one row a sample.
    case csv
    /// One JSON object a line.
    case json
  }

  private let reader: StoreReader

  /// A tool on a configuration's database, which is opened read-only.
  public init(settings: Settings) throws(StoreError) {
    reader = try Store.openReadOnly(path: settings.database)
  }

  /// Why a query cannot be answered.
  public enum Refusal: Error, CustomStringConvertible {
    /// No such device has ever reported.
    case unknownDevice(String)
    /// No such name in the metric catalogue; carries what the device has.
    case unknownMetric(String, known: [String])

    /// One sentence with what would have been right.
    public var description: String {
      switch self {
      case .unknownDevice(let name): "device '\(name)' has never reported"
      case .unknownMetric(let name, let known):
        "metric '\(name)' is not in the catalogue; this device has: "
          + known.joined(separator: ", ")
      }
    }
  }

  /// Gives every sample with `from` <= time < `to` to `write`, one line each, in order of time.
  public func run(
    device name: String, metric: String, from: Timestamp, to: Timestamp, format: Format,
    write: (String) -> Void
  ) throws {
    guard let device = try reader.device(named: name) else { throw Refusal.unknownDevice(name) }
    guard let metric = MetricCatalogue.metric(named: metric),
      let definition = MetricCatalogue.definition(of: metric)
    else {
      let known = try reader.metrics(of: device)
        .compactMap { MetricCatalogue.definition(of: $0)?.name }
      throw Refusal.unknownMetric(metric, known: known)
    }
    if format == .csv { write("time,device,metric,value,unit,quality") }
    let unit = definition.unit.name
    try reader.forEachSample(of: device, metric, from: from, to: to) { sample in
      let quality = sample.quality.name
      switch format {
      case .csv:
        let cells = [
          sample.time.description, Self.cell(name), definition.name, sample.value.description,
          unit, quality,
        ]
        write(cells.joined(separator: ","))
      case .json:
        var json = JSONText()
        json.add("kind", "reading")
        json.add("device", name)
        json.add("metric", definition.name)
        json.add("value", sample.value)
        json.add("unit", unit)
        json.add("time", sample.time.description)
        json.add("quality", quality)
        write(json.text)
      }
      return true
    }
  }

  /// A CSV cell (RFC 4180), quoted where it must be. A leading `=`, `+`, `-` or `@` is defused with
  /// an apostrophe, because a spreadsheet would run it as a formula.
  static func cell(_ text: String) -> String {
    let risky = text.first.map { "=+-@".contains($0) } ?? false
    let safe = risky ? "'" + text : text
    guard safe.contains(where: { ",\"\r\n".contains($0) }) else { return safe }
    return "\"" + safe.replacing("\"", with: "\"\"") + "\""
  }
}
