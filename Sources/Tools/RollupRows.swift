import Series
import SiteModel
import Storage

// The figures of hours and days, for `query --every`.

extension QueryTool {
  /// Stretches of time with figures of their own.
  public enum Period: String, Sendable, CaseIterable {
    /// An hour of UTC.
    case hour
    /// A day of UTC+8.
    case day
  }

  /// Writes the figures of every hour or day that begins in `from` <= time < `to`, where they are
  /// given, and has samples; series by series in order of time. Texts have none.
  public func rollups(
    every period: Period, from: Timestamp?, to: Timestamp?, to output: ByteOutput
  ) throws {
    if format == .csv {
      output.text((["time", "device", "metric"] + RollupRow.names).joined(separator: ",") + "\n")
    }
    let period: RollupPeriod = period == .hour ? .hour : .day
    for device in selection.devices {
      for definition in selection.metrics {
        let rollups = try reader.rollups(
          of: device, definition.metric, period, from: from ?? .min, to: to ?? .max)
        for rollup in rollups where output.isOpen {
          let row = RollupRow(selection.name(of: device), definition, rollup)
          output.text((format == .csv ? row.csv : row.json) + "\n")
        }
      }
    }
    try output.finish()
  }
}

/// One hour or day of a series as text.
private struct RollupRow {
  /// Of the figures and counts, in the order of ``cells``.
  static let names =
    ["unit", "min", "max", "mean", "first", "last", "consumption", "gap_consumption"] + counts
  private static let counts = [
    "count", "marked", "rollovers", "resets", "glitches", "incomplete",
  ]

  private let device: String
  private let definition: MetricDefinition
  private let rollup: Rollup

  init(_ device: String, _ definition: MetricDefinition, _ rollup: Rollup) {
    (self.device, self.definition, self.rollup) = (device, definition, rollup)
  }

  var csv: String {
    let head = [rollup.start.description, QueryTool.cell(device), definition.name]
    return (head + cells.map { $0 ?? "" }).joined(separator: ",")
  }

  var json: String {
    var json = JSONText()
    json.add("kind", "rollup")
    json.add("device", device)
    json.add("metric", definition.name)
    json.add("time", rollup.start.description)
    for (name, cell) in zip(Self.names, cells) {
      guard let cell else { continue }
      if Self.counts.contains(name) { json.raw(name, cell) } else { json.add(name, cell) }
    }
    return json.text
  }

  /// Nil where there is no such figure.
  private var cells: [String?] {
    let register = rollup.register
    let figures = [
      rollup.minimum, rollup.maximum, rollup.mean, rollup.first?.value, rollup.last?.value,
      register?.consumption, register?.gapConsumption,
    ]
    let counts = [
      rollup.count, rollup.marked, register?.rollovers, register?.resets, register?.glitches,
      rollup.isIncomplete ? 1 : 0,
    ]
    return [definition.unit.name] + figures.map { $0?.description }
      + counts.map { $0.map(String.init) }
  }
}
