import Series
import SiteModel

/// Rows with one column a metric: what a device said at one instant stands in one row. Values that
/// contradict each other take rows of their own, so that none is lost; the last column has the
/// first quality that is not good.
struct WideRows {
  private let selection: SeriesSelection
  private let places: [Metric: Int]
  private var device: DeviceIndex?
  private var columns: [[Sample]]
  /// Rows that were written.
  private(set) var count = 0

  init(_ selection: SeriesSelection) {
    self.selection = selection
    places = Dictionary(
      uniqueKeysWithValues: selection.metrics.enumerated().map { ($0.element.metric, $0.offset) })
    columns = selection.metrics.map { _ in [] }
  }

  func writeHeading(to output: ByteOutput) {
    let names = ["time", "device"] + selection.metrics.map(\.name) + ["quality"]
    output.text(names.joined(separator: ",") + "\n")
  }

  /// Takes a sample; samples come device by device, and of each metric in order of time.
  mutating func add(
    _ device: DeviceIndex, _ metric: Metric, _ sample: Sample, to output: ByteOutput
  ) {
    if device != self.device {
      writeDevice(to: output)
      self.device = device
    }
    if let place = places[metric] { columns[place].append(sample) }
  }

  /// Writes the rows of the device at hand.
  mutating func writeDevice(to output: ByteOutput) {
    guard let device else { return }
    let name = Array(",\(QueryTool.cell(selection.name(of: device)))".utf8)
    var next = [Int](repeating: 0, count: columns.count)
    while let time = earliest(next) {
      output.time(time)
      output.bytes(name)
      var quality = Quality.good
      for place in columns.indices {
        output.byte(UInt8(ascii: ","))
        guard next[place] < columns[place].count, columns[place][next[place]].time == time
        else { continue }
        let sample = columns[place][next[place]]
        write(sample.value, place, to: output)
        if quality == .good { quality = sample.quality }
        next[place] += 1
      }
      output.text(",\(quality.name)\n")
      count += 1
    }
    for place in columns.indices { columns[place].removeAll(keepingCapacity: true) }
    self.device = nil
  }

  private func write(_ value: ExactDecimal, _ place: Int, to output: ByteOutput) {
    guard selection.metrics[place].kind == .text else { return output.decimal(value) }
    output.text(QueryTool.cell(selection.texts.text(of: value) ?? value.description))
  }

  private func earliest(_ next: [Int]) -> Timestamp? {
    var earliest: Timestamp?
    for place in columns.indices where next[place] < columns[place].count {
      let time = columns[place][next[place]].time
      if earliest.map({ time < $0 }) ?? true { earliest = time }
    }
    return earliest
  }
}
