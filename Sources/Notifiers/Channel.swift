import SiteModel

/// A named way out: what a route of the alerting configuration points at.
public struct Channel: Sendable {
  /// The ways out there are; one file each.
  public enum Kind: Sendable {
    /// HTTP POST.
    case webhook(WebhookNotifier)
    /// A line in the log.
    case log(LogNotifier)
  }

  /// Name in the configuration, and in ``Notification/channel``.
  public let name: String
  /// How it delivers.
  public let kind: Kind

  /// A channel from its parts.
  public init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }

  /// Makes one attempt.
  public func deliver(_ notification: Notification) async -> DeliveryOutcome {
    switch kind {
    case .webhook(let notifier): await notifier.deliver(notification)
    case .log(let notifier): notifier.deliver(notification)
    }
  }

  /// Lets go of connections; no delivery after that.
  public func shutdown() async {
    switch kind {
    case .webhook(let notifier): await notifier.shutdown()
    case .log: break
    }
  }
}
