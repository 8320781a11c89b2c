import Protocols
import SiteModel

/// What follows from one Sparkplug message, or from time, in the words of the session; what the
/// values mean is for a profile to say.
enum SparkplugStep {
  /// A node or device spoke.
  case heard(String, at: Timestamp)
  /// Values of a node or device, with their names.
  case values(SparkplugValues)
  /// A node or device came or went; `word` is the kind of message that says so.
  case link(String, SparkplugEdge.Link, at: Timestamp, word: String)
  /// Something that the standard does not allow; of the node or device if it is known.
  case fault(String?, WireFault)
  /// Values that were recognized and left out.
  case ignored(Int)
  /// A command for the edge, to be published.
  case command(DeviceCommand)
}

/// Values of one message.
struct SparkplugValues {
  /// The node or device.
  var owner: String
  var points: PointList
  var receivedAt: Timestamp
  /// True for births, which name every metric that there is, so that a profile which has none of
  /// them is the wrong one.
  var mustBeKnown: Bool
}
