import SiteModel
import Storage

/// `benchmarks scan`: reads one metric of one device, or of all, again and again in this process;
/// reports the fastest time, which leaves out the start of a process and the writing of text.
enum ScanRun {
  static func run(_ options: Options) throws {
    let reader = try Store.openReadOnly(path: try options.text("database"))
    guard let metric = MetricCatalogue.metric(named: try options.text("metric")) else {
      throw Options.Fault(description: "--metric: no such name in the catalogue")
    }
    let devices: [DeviceIndex]
    if let name = options.optionalText("device") {
      devices = try reader.device(named: name).map { [$0] } ?? []
    } else {
      devices = (0..<(try reader.deviceNames().count)).map { DeviceIndex(Int32($0)) }
    }
    var (samples, fastest) = (0, Double.infinity)
    for _ in 0..<(try options.number("rounds", default: 7)) {
      var (count, watch) = (0, Watch())
      try watch.measure {
        try reader.forEachSample(of: devices, [metric]) { _, _, _ in
          count += 1
          return true
        }
      }
      samples = count
      fastest = min(fastest, watch.total.wall_s)
    }
    try reader.close()
    try Report.write(["samples": Double(samples), "wall_s": fastest])
  }
}
