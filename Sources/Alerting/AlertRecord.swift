import SiteModel

/// Where an alert stands.
public enum AlertState: String, Sendable {
  /// The matter goes on.
  case open
  /// The matter ended by itself.
  case cleared
  /// A correction of the reference data showed that it never was one.
  case withdrawn
}

/// One incident as it is stored, listed and sent: one begin, one end, one id.
public struct AlertRecord: Sendable, Equatable {
  /// `<kind>/<subject>/<begin in ms>`: the same matter always has the same id.
  public var id: String
  /// Dotted kind, such as `outage.mains`.
  public var kind: String
  /// How urgent it is.
  public var severity: Severity
  /// Site code; empty when the device is not registered.
  public var site: String
  /// Region of the site; empty when unknown.
  public var region: String
  /// Device or contract that it is about; empty when it is about the whole site.
  public var subject: String
  /// When the matter began, in event time.
  public var openedAt: Timestamp
  /// When it ended, in event time; nil while it goes on.
  public var clearedAt: Timestamp?
  /// Where it stands.
  public var state: AlertState
  /// Title in Chinese.
  public var titleZh: String
  /// Title in English.
  public var titleEn: String
  /// The facts it rests on, a JSON object whose numbers are texts.
  public var evidence: String

  /// An alert from its parts.
  public init(
    id: String, kind: String, severity: Severity, site: String, region: String, subject: String,
    openedAt: Timestamp, clearedAt: Timestamp?, state: AlertState, titleZh: String,
    titleEn: String, evidence: String
  ) {
    self.id = id
    self.kind = kind
    self.severity = severity
    self.site = site
    self.region = region
    self.subject = subject
    self.openedAt = openedAt
    self.clearedAt = clearedAt
    self.state = state
    self.titleZh = titleZh
    self.titleEn = titleEn
    self.evidence = evidence
  }
}
