import Series
import Setup
import SiteModel
import Storage

/// Reads series back, for the `query` command.
public struct QueryTool {
  /// How samples are written.
  public enum Format: String, Sendable, CaseIterable {
    /// A heading and one row a sample.
    case csv
    /// One JSON object a line.
    case json
  }

  let reader: StoreReader
  let selection: SeriesSelection
  let format: Format

  /// A tool on a configuration's database, which is opened read-only, for the devices and metrics
  /// that these names or patterns stand for; without any, for all.
  public init(
    settings: Settings, devices: [String], metrics: [String], format: Format
  ) throws {
    reader = try Store.openReadOnly(path: settings.database)
    selection = try SeriesSelection(reader, devices: devices, metrics: metrics)
    self.format = format
  }

  /// Writes every sample with `from` <= time < `to`, where they are given, series by series in
  /// order of time.
  public func samples(from: Timestamp?, to: Timestamp?, to output: ByteOutput) throws {
    writeHeading(to: output)
    var rows = RowCache(selection, format)
    do {
      try reader.forEachSample(
        of: selection.devices, selection.metrics.map(\.metric), from: from ?? .min, to: to ?? .max
      ) { device, metric, sample in
        rows.row(device, metric)?.write(sample, to: output)
        return output.isOpen
      }
    } catch {
      // What can be read was given before the failure.
      try output.finish()
      throw error
    }
    try output.finish()
  }

  /// Writes the newest sample of every series that has one; it is `stale` when its device has told,
  /// or the broker for it, that it is gone.
  public func latest(to output: ByteOutput) throws {
    writeHeading(to: output)
    let devices = Set(selection.devices)
    let metrics = Set(selection.metrics.map(\.metric))
    var rows = RowCache(selection, format)
    let only = selection.devices.count == 1 ? selection.devices.first : nil
    let gone = try reader.goneDevices(among: selection.devices)
    for latest in try reader.latest(of: only)
    where devices.contains(latest.device) && metrics.contains(latest.metric) {
      let isStale = gone[latest.device].map { $0 >= latest.sample.time } ?? false
      rows.row(latest.device, latest.metric)?.write(
        latest.sample, isStale: isStale, to: output)
    }
    try output.finish()
  }

  private func writeHeading(to output: ByteOutput) {
    if format == .csv { output.text(SampleRow.heading) }
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

/// The row of the series that was asked for last; made anew when another one is.
struct RowCache {
  private let selection: SeriesSelection
  private let format: QueryTool.Format
  private var device = DeviceIndex(-1)
  private var metric = Metric(number: 0)
  private var current: SampleRow?

  init(_ selection: SeriesSelection, _ format: QueryTool.Format) {
    (self.selection, self.format) = (selection, format)
  }

  /// The row of a series; nil for a metric that is not in the catalogue.
  mutating func row(_ device: DeviceIndex, _ metric: Metric) -> SampleRow? {
    if device == self.device, metric == self.metric { return current }
    (self.device, self.metric) = (device, metric)
    let name = selection.name(of: device)
    current = MetricCatalogue.definition(of: metric).map {
      format == .csv
        ? .csv(device: name, $0, texts: selection.texts)
        : .json(device: name, $0, texts: selection.texts)
    }
    return current
  }
}
