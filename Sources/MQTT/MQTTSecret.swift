/// A password that must not be seen: it never prints, whatever shows the value that holds it.
public struct MQTTSecret: Sendable, Equatable, CustomStringConvertible,
  CustomDebugStringConvertible, CustomReflectable
{
  /// The text itself; only for the moment in which it is used.
  let revealed: String

  /// A secret from its text; 1 to 65535 bytes (MQTT 3.1.3.6) without a zero byte.
  public init(_ text: String) { revealed = text }

  /// Always `***`.
  public var description: String { "***" }

  /// Always `***`.
  public var debugDescription: String { description }

  /// Nothing to look into.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
