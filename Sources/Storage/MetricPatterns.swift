import SiteModel

/// A choice of metrics by names and beginnings of names.
public struct MetricPatterns: Sendable, Equatable {
  /// The patterns as they were written: a metric's name, or the beginning of names and `*`.
  public let patterns: [String]
  private let chosen: Set<Metric>

  /// Every metric.
  public static let all = MetricPatterns(["*"])
  /// The registers of energy.
  public static let energy = MetricPatterns(["energy.*"])

  /// The metrics that match one of the patterns.
  public init(_ patterns: [String]) {
    self.patterns = patterns
    chosen = Set(
      MetricCatalogue.all.filter { row in
        patterns.contains { Self.matches(row.name, $0) }
      }.map(\.metric))
  }

  /// Whether a metric is chosen.
  public func contains(_ metric: Metric) -> Bool { chosen.contains(metric) }

  /// The patterns that no metric of the catalogue matches.
  public var unmatched: [String] {
    patterns.filter { pattern in
      !MetricCatalogue.all.contains { Self.matches($0.name, pattern) }
    }
  }

  private static func matches(_ name: String, _ pattern: String) -> Bool {
    pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
  }
}
