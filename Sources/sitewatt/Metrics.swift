import ArgumentParser
import SiteModel

/// `sitewatt metrics`: the catalogue.
struct Metrics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Lists the metrics that a profile may name: name, unit, kind. 列出指标目录。")

  @Argument(help: "Only names that contain this.") var part: String?

  func run() {
    for definition in MetricCatalogue.all {
      if let part, !definition.name.contains(part) { continue }
      let fill = String(repeating: " ", count: max(1, 44 - definition.name.count))
      let unit = definition.unit.name
      let gap = String(repeating: " ", count: max(1, 10 - unit.count))
      Output.line("\(definition.name)\(fill)\(unit)\(gap)\(definition.kind)")
    }
  }
}
