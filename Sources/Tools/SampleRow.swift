import Series
import SiteModel

/// How samples are written: everything of a series that is the same in every row, made once.
struct SampleRow {
  /// The heading of a CSV file.
  static let heading = "time,device,metric,value,unit,quality\n"

  private var isTimeFirst = true
  private var begin: [UInt8] = []
  private var middle: [UInt8] = []
  private var ends: [[UInt8]] = []
  private var texts: TextTable?

  /// A row of CSV: time, device, metric, value, unit, quality.
  static func csv(
    device: String, _ definition: MetricDefinition, texts: TextTable
  ) -> SampleRow {
    var row = SampleRow()
    row.texts = definition.kind == .text ? texts : nil
    row.middle = Array(",\(QueryTool.cell(device)),\(definition.name),".utf8)
    row.ends = qualities.map { Array(",\(definition.unit.name),\($0)\n".utf8) }
    return row
  }

  /// One JSON object a line.
  static func json(
    device: String, _ definition: MetricDefinition, texts: TextTable
  ) -> SampleRow {
    var (begin, middle) = (JSONText(), JSONText())
    begin.add("kind", "reading")
    begin.add("device", device)
    begin.add("metric", definition.name)
    middle.add("unit", definition.unit.name)
    var row = SampleRow()
    row.isTimeFirst = false
    row.texts = definition.kind == .text ? texts : nil
    row.begin = Array((begin.text.dropLast() + ",\"value\":\"").utf8)
    row.middle = Array(("\"," + middle.text.dropFirst().dropLast() + ",\"time\":\"").utf8)
    row.ends = qualities.map { Array("\",\"quality\":\"\($0)\"}\n".utf8) }
    return row
  }

  /// The words for qualities, and behind them the one for a good value of a device that is gone.
  private static let qualities = Quality.allCases.map(\.name) + ["stale"]

  /// Writes one sample. A good one is `stale` when its device has gone since.
  func write(_ sample: Sample, isStale: Bool = false, to output: ByteOutput) {
    if isTimeFirst {
      output.time(sample.time)
      output.bytes(middle)
      write(sample.value, to: output)
    } else {
      output.bytes(begin)
      write(sample.value, to: output)
      output.bytes(middle)
      output.time(sample.time)
    }
    let isMarked = isStale && sample.quality == .good
    output.bytes(ends[isMarked ? ends.count - 1 : Int(sample.quality.rawValue)])
  }

  private func write(_ value: ExactDecimal, to output: ByteOutput) {
    guard let texts else { return output.decimal(value) }
    let text = texts.text(of: value) ?? value.description
    output.text(
      isTimeFirst ? QueryTool.cell(text) : String(JSONText.quoted(text).dropFirst().dropLast()))
  }
}
