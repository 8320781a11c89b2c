import SiteModel

/// Which alerts a channel is told of.
public struct Route: Sendable, Equatable {
  /// Name of the channel.
  public var channel: String
  /// Least urgent severity that is sent. Default `info`: all.
  public var leastSeverity: Severity
  /// Kinds that are sent, by their beginnings (`outage.`); empty means all.
  public var kinds: [String]

  /// A route from its parts.
  public init(channel: String, leastSeverity: Severity = .info, kinds: [String] = []) {
    self.channel = channel
    self.leastSeverity = leastSeverity
    self.kinds = kinds
  }

  /// Whether an alert takes this route.
  func takes(_ alert: AlertRecord) -> Bool {
    alert.severity >= leastSeverity
      && (kinds.isEmpty || kinds.contains { alert.kind.hasPrefix($0) })
  }
}
