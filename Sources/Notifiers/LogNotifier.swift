import SiteModel

/// Hands notifications to the process's own log or terminal, for a set-up without any other way
/// out; always delivers.
public struct LogNotifier: Sendable {
  private let write: @Sendable (Notification) -> Void

  /// A notifier that hands each notification to `write`.
  public init(write: @escaping @Sendable (Notification) -> Void) { self.write = write }

  /// Writes the notification.
  public func deliver(_ notification: Notification) -> DeliveryOutcome {
    write(notification)
    return .delivered
  }
}
