import Series
import SiteModel

/// A stretch of one series as a line of JSON, as VictoriaMetrics exports and imports them
/// (`/api/v1/export`, `/api/v1/import`):
/// `{"metric":{"__name__":…,"device":…,"unit":…},"values":[…],"timestamps":[…],"quality":[…]}`.
/// Times are Unix milliseconds. Values are numbers with all their decimals, which a reader that
/// needs them exact reads as decimals; of text metrics they are texts. `quality` is there only when
/// not all samples of the line are good.
struct SeriesLine {
  private let begin: [UInt8]
  private let texts: TextTable?

  init(device: String, _ definition: MetricDefinition, texts: TextTable) {
    var labels = JSONText()
    labels.add("__name__", definition.name)
    labels.add("device", device)
    labels.add("unit", definition.unit.name)
    begin = Array("{\"metric\":\(labels.text),\"values\":".utf8)
    self.texts = definition.kind == .text ? texts : nil
  }

  /// Writes samples in order of time, at least one.
  func write(_ samples: [Sample], to output: ByteOutput) {
    output.bytes(begin)
    if let texts {
      list(samples, to: output) { sample in
        output.text(JSONText.quoted(texts.text(of: sample.value) ?? sample.value.description))
      }
    } else {
      list(samples, to: output) { output.decimal($0.value) }
    }
    output.bytes(Self.times)
    list(samples, to: output) { output.integer($0.time.milliseconds) }
    if samples.contains(where: { $0.quality != .good }) {
      output.bytes(Self.quality)
      list(samples, to: output) { output.text("\"\($0.quality.name)\"") }
    }
    output.bytes(Self.end)
  }

  private static let times = Array(",\"timestamps\":".utf8)
  private static let quality = Array(",\"quality\":".utf8)
  private static let end = Array("}\n".utf8)

  @inline(__always)
  private func list(_ samples: [Sample], to output: ByteOutput, _ write: (Sample) -> Void) {
    var separator = UInt8(ascii: "[")
    for sample in samples {
      output.byte(separator)
      write(sample)
      separator = UInt8(ascii: ",")
    }
    output.byte(UInt8(ascii: "]"))
  }
}

/// The text of stretches of series in a form of export.
struct SeriesText {
  private let selection: SeriesSelection
  private let isSeries: Bool
  private var rows: RowCache

  init(_ selection: SeriesSelection, _ form: ExportTool.Form) {
    self.selection = selection
    isSeries = form == .series
    rows = RowCache(selection, .csv)
  }

  /// Writes samples of a series; none of a metric that is not in the catalogue.
  mutating func write(
    _ device: DeviceIndex, _ metric: Metric, _ samples: [Sample], to output: ByteOutput
  ) {
    if !isSeries {
      guard let row = rows.row(device, metric) else { return }
      for sample in samples { row.write(sample, to: output) }
    } else if let definition = MetricCatalogue.definition(of: metric) {
      SeriesLine(device: selection.name(of: device), definition, texts: selection.texts)
        .write(samples, to: output)
    }
  }
}
