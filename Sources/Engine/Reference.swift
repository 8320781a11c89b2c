import Alerting
import Decoding
import Detection
import SiteModel

/// Everything that people configured and imported, compiled: what a message means and how it is
/// judged.
public struct Reference: Sendable {
  /// Device profiles.
  public var profiles: [DeviceProfile]
  /// Rules, registry and tariffs.
  public var context: SiteContext
  /// Who is told of what.
  public var routes: [Route]
  /// Longest payload that is decoded, in bytes.
  public var payloadLimit: Int

  /// A reference from its parts.
  public init(
    profiles: [DeviceProfile], context: SiteContext, routes: [Route],
    payloadLimit: Int = Decoder.defaultPayloadLimit
  ) {
    self.payloadLimit = payloadLimit
    self.profiles = profiles
    self.context = context
    self.routes = routes
  }
}
