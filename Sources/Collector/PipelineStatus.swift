import Synchronization

/// What the pipeline's thread tells the others: what it has done.
public final class PipelineStatus: Sendable {
  /// The figures of one moment.
  public struct Figures: Sendable {
    /// Address of the connected broker; nil while there is none.
    public var broker: String?
    /// Messages made durable since the start.
    public var messages = 0
    /// Readings among them.
    public var readings = 0
    /// Messages that came again and were not stored again.
    public var duplicates = 0
    /// Messages, or parts of them, that were put aside.
    public var quarantined = 0
    /// Incidents that go on.
    public var openIncidents = 0
    /// Commits since the start.
    public var commits = 0
    /// Why nothing can be made durable at present; nil when all is well.
    public var trouble: String?
    /// Why readings stay where commits put them, which costs room and speed only; nil when all is
    /// well.
    public var careTrouble: String?

    /// One line for people.
    public var line: String {
      let link = broker.map { "connected to \($0)" } ?? "not connected"
      let state = trouble.map { "NOT STORING: \($0); " } ?? ""
      let care = careTrouble.map { "FILE NOT LOOKED AFTER: \($0); " } ?? ""
      return "\(state)\(care)\(link); \(messages) messages, \(readings) readings, "
        + "\(openIncidents) open alerts, \(quarantined) quarantined, \(duplicates) repeated"
    }
  }

  private let figures = Mutex(Figures())

  /// Nothing has happened yet.
  public init() {}

  /// The figures now.
  public var now: Figures { figures.withLock { $0 } }

  /// Changes the figures.
  func update(_ change: (inout sending Figures) -> Void) { figures.withLock { change(&$0) } }
}
