import Foundation
import Glibc
import Series
import Setup
import SiteModel
import Storage

/// Writes series as CSV, for the `export` command: one, thousands or all. Memory does not grow with
/// what is written.
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
    /// True for one row an instant of a device with a column a metric; false, the default, for one
    /// row a sample.
    public var isWide = false

    /// Everything, one row a sample.
    public init() {}
  }

  /// Milliseconds of which a wide export holds one device's samples in memory.
  private static let windowMilliseconds: Int64 = 7 * 86_400_000
  /// Most threads that read side by side.
  private static let laneLimit = 4

  private let reader: StoreReader
  /// Readers of the same moment, the first included.
  private let readers: [StoreReader]
  private let selection: SeriesSelection
  private let request: Request

  /// A tool on a configuration's database, which is opened read-only; what it writes is of this
  /// moment.
  public init(settings: Settings, request: Request) throws {
    // One name may be a pattern; a second reader costs a millisecond, so it is for several only.
    let isOne = request.devices.count == 1 && !NamePattern(request.devices[0]).hasWildcard
    let lanes =
      request.isWide || isOne
      ? 1 : min(Self.laneLimit, ProcessInfo.processInfo.processorCount)
    readers = try Store.openFrozen(path: settings.database, count: lanes)
    reader = readers[0]
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
        request.isWide ? try writeWide(output, progress) : try writeLong(output, progress)
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

  /// Several threads read and make rows, each those of every n-th device; this one writes them.
  private func writeLong(_ output: ByteOutput, _ progress: Progress) throws -> Int {
    output.text(SampleRow.heading)
    guard let span = try range() else { return 0 }
    let share = Share(selection, span)
    let lanes = readers.enumerated().map { number, reader in
      let own = stride(from: number, to: selection.devices.count, by: readers.count)
      return ExportLane(reader, selection, own.map { selection.devices[$0] }, span)
    }
    var count = 0
    for (place, device) in selection.devices.enumerated() where output.isOpen {
      while output.isOpen, let piece = lanes[place % lanes.count].next(of: device) {
        output.bytes(piece.bytes)
        count += piece.rows
        progress.update(share.done(device, piece.metric, piece.time), rows: count)
      }
    }
    let failures = lanes.compactMap { lane in
      do { try lane.finish() } catch { return error }
      return nil as (any Error)?
    }
    if let failure = failures.first { throw failure }
    return count
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
