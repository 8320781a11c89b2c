import Protocols
import SiteModel

/// What was not taken: where it stands, what was found, and what was expected.
public struct Rejection: Error, Sendable, Equatable {
  /// Why.
  public var reason: RejectionReason
  /// The device, when it is known.
  public var device: DeviceIndex?
  /// The topic of what waited for something, or a filter of its topics; nil when it is that of the
  /// message at hand.
  public var topic: String?
  /// The member within the payload, such as `batch[2].metrics.Ua`; empty for the whole message.
  public var part: String
  /// What was found there.
  public var found: String
  /// What would have been taken.
  public var expected: String

  /// A rejection from its parts.
  public init(
    reason: RejectionReason, device: DeviceIndex? = nil, part: String = "", found: String,
    expected: String
  ) {
    self.reason = reason
    self.device = device
    self.part = part
    self.found = found
    self.expected = expected
  }

  /// One sentence for a technician: `batch[2].Ua: found 'x', expected a decimal number`.
  public var text: String {
    (part.isEmpty ? "" : "\(part): ") + "found \(found), expected \(expected)"
  }
}
