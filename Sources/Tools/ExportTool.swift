import Foundation
import Glibc
import Series
import Setup
import SiteModel
import Storage

/// Writes series as CSV or JSON, for the `export` command: one, thousands or all. Memory does not
/// grow with what is written.
public struct ExportTool {
  /// What is exported.
  public struct Request: Sendable {
    /// Names or patterns of devices; empty for all.
    public var devices: [String] = []
    /// Names or patterns of metrics; empty for all.
    public var metrics: [String] = []
    /// First instant.
    public var from = Timestamp.min
    /// First instant after the range.
    public var to = Timestamp.max
    /// How it is written.
    public var form = Form.rows

    /// Everything, one row a sample.
    public init() {}
  }

  /// How samples are written.
  public enum Form: Sendable {
    /// CSV with one row a sample.
    case rows
    /// CSV with one row an instant of a device and a column a metric.
    case wide
    /// JSON with one line a stretch of a series, as VictoriaMetrics imports it: the smallest and
    /// fastest.
    case series
  }

  /// Stretches of time into which a series that is alone is cut for the lanes.
  private static let stretches = 8
  /// Milliseconds of which a wide export holds one device's samples in memory.
  private static let windowMilliseconds: Int64 = 7 * 86_400_000
  /// Most threads that decode and make text side by side.
  private static let laneLimit = 4

  private let reader: StoreReader
  private let selection: SeriesSelection
  private let request: Request

  /// A tool on a configuration's database, which is opened read-only; what it writes is of this
  /// moment.
  public init(settings: Settings, request: Request) throws {
    reader = try Store.openReadOnly(path: settings.database, isFrozen: true)
    selection = try SeriesSelection(reader, devices: request.devices, metrics: request.metrics)
    self.request = request
  }

  /// Writes into a file, which is there under its name only when it is complete; until then it is
  /// `<path>.part`. Returns the number of rows.
  public func run(toFile path: String, progress: Progress) throws -> Int {
    let part = path + ".part"
    let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure(part) }
    defer { close(descriptor) }
    do {
      let rows = try run(to: ByteOutput(descriptor: descriptor), progress: progress)
      guard fsync(descriptor) == 0, rename(part, path) == 0 else { throw Self.failure(path) }
      return rows
    } catch {
      unlink(part)
      throw error
    }
  }

  /// Writes to an output. Returns the number of rows.
  public func run(to output: ByteOutput, progress: Progress) throws -> Int {
    defer { progress.end() }
    do {
      let rows =
        request.form == .wide ? try writeWide(output, progress) : try writeLong(output, progress)
      try output.finish()
      return rows
    } catch {
      // What can be read was given before the failure.
      try output.finish()
      throw error
    }
  }

  private static func failure(_ path: String) -> OutputError {
    .failed("\(path): \(String(cString: strerror(errno)))")
  }

  /// Several threads make the text; this one writes it.
  private func writeLong(_ output: ByteOutput, _ progress: Progress) throws -> Int {
    if request.form == .rows { output.text(SampleRow.heading) }
    guard let span = try range() else { return 0 }
    let share = Share(selection, span)
    let scan = try SeriesScan(
      reader, of: selection.devices, selection.metrics.map(\.metric), from: span.lowerBound,
      to: span.upperBound)
    let items = try items(scan)
    let count = min(Self.laneLimit, ProcessInfo.processInfo.processorCount, items.count)
    let lanes = ExportLanes(count, items, scan, SeriesText(selection, request.form))
    var samples = 0
    while output.isOpen, let piece = lanes.next() {
      output.append(piece.text)
      samples += piece.samples
      progress.update(share.done(piece.device, piece.metric, piece.time), rows: samples)
    }
    try lanes.finish()
    return samples
  }

  /// Several devices are dealt out one by one; of one device its metrics, of one series stretches
  /// of time.
  private func items(_ scan: SeriesScan) throws -> [ExportLanes.Item] {
    let metrics = selection.metrics.map(\.metric)
    guard selection.devices.count == 1, let device = selection.devices.first else {
      return selection.devices.map { ExportLanes.Item(device: $0, metrics: metrics) }
    }
    let whole = try scan.stretch(of: device)
    guard metrics.count == 1 else {
      return metrics.map { ExportLanes.Item(device: device, metrics: [$0], stretch: whole) }
    }
    return whole.cut(Self.stretches).map {
      ExportLanes.Item(device: device, metrics: metrics, stretch: $0)
    }
  }

  /// In stretches of seven days; within each, device by device in order of time.
  private func writeWide(_ output: ByteOutput, _ progress: Progress) throws -> Int {
    var rows = WideRows(selection)
    rows.writeHeading(to: output)
    guard let span = try range() else { return 0 }
    let length = span.upperBound.since(span.lowerBound)
    var start = span.lowerBound
    while start < span.upperBound, output.isOpen {
      let end = min(span.upperBound, start.advanced(byMilliseconds: Self.windowMilliseconds))
      try reader.forEachSample(
        of: selection.devices, selection.metrics.map(\.metric), from: start, to: end
      ) { device, metric, sample in
        rows.add(device, metric, sample, to: output)
        return output.isOpen
      }
      rows.writeDevice(to: output)
      start = end
      progress.update(
        Double(start.since(span.lowerBound)) / Double(length), rows: rows.count)
    }
    return rows.count
  }

  /// What of the asked range has samples; nil when nothing has.
  private func range() throws -> Range<Timestamp>? {
    guard let span = try reader.timeSpan() else { return nil }
    let from = max(request.from, span.lowerBound)
    let to = min(request.to, span.upperBound.advanced(byMilliseconds: 1))
    return from < to ? from..<to : nil
  }
}

/// How much of an export is done: series by series, and within one by time.
private struct Share {
  private let devices: [DeviceIndex: Int]
  private let metrics: [Metric: Int]
  private let span: Range<Timestamp>

  init(_ selection: SeriesSelection, _ span: Range<Timestamp>) {
    devices = Dictionary(
      uniqueKeysWithValues: selection.devices.enumerated().map { ($0.element, $0.offset) })
    metrics = Dictionary(
      uniqueKeysWithValues: selection.metrics.enumerated().map { ($0.element.metric, $0.offset) })
    self.span = span
  }

  func done(_ device: DeviceIndex, _ metric: Metric, _ time: Timestamp) -> Double {
    let length = Double(span.upperBound.since(span.lowerBound))
    let inSeries = Double(time.since(span.lowerBound)) / max(1, length)
    let inDevice = (Double(metrics[metric] ?? 0) + inSeries) / Double(max(1, metrics.count))
    return (Double(devices[device] ?? 0) + inDevice) / Double(max(1, devices.count))
  }
}
