import Engine
import SiteModel
import Storage

/// Decodes what is held by the profiles in force, as wishes in the file ask for it: a few messages
/// with each batch, so that nothing else waits long. A running collector does it, or else the
/// command that wished it.
public final class HeldReplay {
  /// Most messages of one step.
  public static let stepMessages = 2_000
  /// Payload bytes after which a step takes no further message.
  public static let stepBytes = 2 << 20

  /// True when the last step left something to do.
  public private(set) var isUnfinished = false
  private let store: Store
  private let scratch = Batch()

  /// A replay of what is held in `store`.
  public init(store: Store) { self.store = store }

  /// Takes the next step of the oldest wish: adds the messages that can be decoded now to `batch`,
  /// as entries of the journal. What is given is to be stored with the batch, in one transaction;
  /// nil when nothing was added. A step without such a message is stored at once. `engine` is the
  /// one that will work through the batch; a batch that changes its profiles is left alone.
  public func step(
    into batch: Batch, engine: Engine, now: Timestamp
  ) throws(StoreError) -> ReplayStep? {
    isUnfinished = false
    guard let wish = try store.reader.openReplay() else { return nil }
    isUnfinished = true
    if (0..<batch.count).contains(where: { batch.entry(at: $0).kind == .reference }) { return nil }
    var messages = try store.reader.heldMessages(
      shape: wish.shape, after: wish.through, through: wish.last, limit: Self.stepMessages,
      bytes: Self.stepBytes)
    scratch.removeAll()
    for message in messages { scratch.append(message, at: now) }
    let found = engine.understands(scratch)
    // A reading that goes on in the next step's messages is left to it.
    let isLast = messages.isEmpty || messages.last?.id == wish.last
    if !isLast, found.whole > 0 { messages.removeSubrange(found.whole...) }
    let understood = found.isUnderstood.prefix(messages.count)
    for (place, isUnderstood) in understood.enumerated() where isUnderstood {
      batch.append(scratch.entry(at: place))
    }
    let decoded = zip(messages, understood).filter(\.1).map(\.0.id)
    let step = ReplayStep(
      request: wish.id, decoded: decoded, leftOver: messages.count - decoded.count,
      through: messages.last?.id ?? wish.last, finishedAt: messages.isEmpty ? now : nil)
    if !decoded.isEmpty { return step }
    try store.noteReplay(step)
    return nil
  }
}

extension Batch {
  /// Adds a message that was held.
  fileprivate func append(_ message: HeldMessage, at now: Timestamp) {
    message.topic.withUnsafeBytes { topic in
      message.payload.withUnsafeBytes { payload in
        append(
          replayed: topic, payload: payload, retained: message.isRetained,
          receivedAt: message.receivedAt, at: now)
      }
    }
  }
}

extension Engine {
  /// How many kept messages of each shape could be decoded by the profiles in force, of how many.
  public func replayable(
    _ reader: StoreReader, shape: ShapeID? = nil
  ) throws(StoreError) -> (decoded: Int, of: Int) {
    let batch = Batch()
    var (decoded, count, last) = (0, 0, Int64(0))
    while case let messages = try reader.heldMessages(
      shape: shape, after: last, limit: HeldReplay.stepMessages, bytes: HeldReplay.stepBytes),
      let newest = messages.last
    {
      batch.removeAll()
      for message in messages { batch.append(message, at: message.receivedAt) }
      decoded += understands(batch).isUnderstood.count { $0 }
      (count, last) = (count + messages.count, newest.id)
    }
    return (decoded, count)
  }
}
