import SiteModel

/// Writes notifications to the log, for a set-up without any other way out; always delivers.
public struct LogNotifier: Sendable {
  private let write: @Sendable (String) -> Void

  /// A notifier that hands one line per notification to `write`.
  public init(write: @escaping @Sendable (String) -> Void) { self.write = write }

  /// Writes number, channel, key and body as one line; control characters become spaces.
  public func deliver(_ notification: Notification) -> DeliveryOutcome {
    let text =
      "notification \(notification.number) for \(notification.channel), "
      + "key \(notification.key): \(notification.body)"
    write(ReasonText.oneLine(text))
    return .delivered
  }
}
