import SiteModel

/// What a detector says about a matter: that it began, goes on with other facts, or is over.
public struct Finding: Sendable, Equatable {
  /// Where the matter stands.
  public enum Phase: Sendable, Equatable {
    /// It goes on.
    case open
    /// It ended at this instant (event time).
    case ended(at: Timestamp)
    /// It turned out, after a correction of the reference data, never to have been one.
    case withdrawn(at: Timestamp)
  }

  /// Dotted kind, such as `outage.mains`.
  public var kind: String
  /// How urgent it is.
  public var severity: Severity
  /// Site code; empty when the device is not registered.
  public var site: String
  /// Device, contract or month that it is about; empty when it is about the whole site.
  public var subject: String
  /// When it began, in event time; together with kind, site and subject this is its identity.
  public var openedAt: Timestamp
  /// Where it stands.
  public var phase: Phase
  /// Title in Chinese.
  public var titleZh: String
  /// Title in English.
  public var titleEn: String
  /// The facts it rests on.
  public var evidence: JSONText

  /// The lasting identity of the matter: `<kind>/<site or subject>/<begin in ms>`.
  public var id: String {
    let about = subject.isEmpty ? site : subject
    return "\(kind)/\(about)/\(openedAt.milliseconds)"
  }

  /// Two findings are equal when they say the same.
  public static func == (left: Finding, right: Finding) -> Bool {
    left.id == right.id && left.phase == right.phase && left.severity == right.severity
      && left.evidence.text == right.evidence.text
  }
}
