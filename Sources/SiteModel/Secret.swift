/// A text that must not be seen: it never prints, whatever is done to show the value that holds it.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The text itself; only for the moment in which it is used.
  public let revealed: String

  /// A secret from its text.
  public init(_ text: String) { revealed = text }

  /// Always `***`.
  public var description: String { "***" }

  /// Always `***`.
  public var debugDescription: String { description }

  /// Nothing to look into.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
