import ArgumentParser

/// The options that choose series and a range of time.
struct SeriesOptions: ParsableArguments {
  @Option(name: .long, help: "A device's name, or a pattern.") var device: [String] = []
  @Option(name: .long, help: "A metric's catalogue name, or a pattern.")
  var metric: [String] = []
  @Option(name: .long, help: "First instant, RFC 3339 or local UTC+8.") var from: TimeArgument?
  @Option(name: .long, help: "First instant after the range.") var to: TimeArgument?
}
