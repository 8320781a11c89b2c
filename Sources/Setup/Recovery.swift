import Engine
import SiteModel
import Storage

/// Brings the engine to where the journal ends: the newest snapshot, and a replay of what came
/// after. What the replay causes is in the file already, because it was committed with the batch.
public struct Recovery {
  private let store: Store
  private let references: ReferenceKeeper
  private let snapshotMessages: Int
  private let log: (Notice) -> Void
  private let goesOn: (Int64) -> Bool

  /// What a recovery tells while it works.
  public enum Notice: Sendable {
    /// A saved state after this journal row does not fit and is left aside.
    case misfit(row: Int64)
    /// So many journal rows were replayed.
    case replayed(rows: Int64)
  }

  /// A recovery. The state is saved every `snapshotMessages` messages, so that one that is ended
  /// gets further next time; `goesOn` is told which journal row was reached, and ends it with
  /// false.
  public init(
    store: Store, references: ReferenceKeeper, snapshotMessages: Int,
    log: @escaping (Notice) -> Void, goesOn: @escaping (Int64) -> Bool
  ) {
    self.store = store
    self.references = references
    self.snapshotMessages = snapshotMessages
    self.log = log
    self.goesOn = goesOn
  }

  /// The engine after the newest journal row, and that row's number; nil when it was ended early.
  public func engine() throws(StartError) -> (engine: Engine, segment: Int64)? {
    var (engine, segment) = try fromSnapshot()
    let start = segment
    var (messages, isEnded) = (0, false)
    let batch = Batch()
    var outcome = Outcome()
    var failure: StartError?
    do throws(StoreError) {
      try store.reader.forEachSegment(after: segment) { row in
        do {
          try batch.load(row.body)
          outcome.removeAll()
          try engine.process(batch, segment: row.seq, into: &outcome) {
            files throws(Problems) in try references.compiled(files)
          }
          segment = row.seq
          messages += row.messages
          if messages >= snapshotMessages {
            try store.saveSnapshot(engine.snapshot(), after: segment)
            messages = 0
          }
          isEnded = !goesOn(segment)
          return !isEnded
        } catch {
          failure = .damaged(
            "journal row \(row.seq) cannot be replayed: \(error); run 'sitewatt verify'")
          return false
        }
      }
    } catch { throw .store(error) }
    if let failure { throw failure }
    if segment > start { log(.replayed(rows: segment - start)) }
    if isEnded { return nil }
    try check(engine)
    return (engine, segment)
  }

  /// What goes on from here must fit what is stored: another numbering of devices would put
  /// readings into the wrong series.
  private func check(_ engine: Engine) throws(StartError) {
    let fits: Bool
    do throws(StoreError) {
      let names = try store.reader.deviceNames()
      let newest = try store.reader.newestNotification()
      let texts = try store.reader.texts().texts
      fits =
        names == engine.devices.names && texts == engine.texts.texts
        && newest == engine.nextNotification - 1
    } catch { throw .store(error) }
    guard fits else {
      throw .damaged("the replayed journal does not fit what is stored; run 'sitewatt verify'")
    }
  }

  /// The newest saved state that fits; without any the journal's beginning, as long as it is there.
  private func fromSnapshot() throws(StartError) -> (Engine, Int64) {
    var before = Int64.max
    while let snapshot = try stored({ reader throws(StoreError) in
      try reader.latestSnapshot(before: before)
    }) {
      if let engine = try engine(of: snapshot.bytes) { return (engine, snapshot.seq) }
      log(.misfit(row: snapshot.seq))
      before = snapshot.seq
    }
    guard try stored({ reader throws(StoreError) in try reader.releasedSegment() }) == 0 else {
      throw .damaged("no saved state fits, and the journal's beginning was released")
    }
    return (try make([]), 0)
  }

  /// The engine of a saved state; nil when that does not fit.
  private func engine(of snapshot: [UInt8]) throws(StartError) -> Engine? {
    let names = try stored { reader throws(StoreError) in try reader.deviceNames() }
    let texts = try stored { reader throws(StoreError) in try reader.texts().texts }
    guard let files = try? Engine.activeFiles(of: snapshot) else { return nil }
    let engine = try make(files)
    do { try engine.restore(snapshot, names: names, texts: texts) } catch { return nil }
    return engine
  }

  private func stored<T>(
    _ body: (StoreReader) throws(StoreError) -> T
  ) throws(StartError) -> T {
    do { return try body(store.reader) } catch { throw .store(error) }
  }

  /// An engine with nothing but the given files.
  private func make(_ files: [Int64]) throws(StartError) -> Engine {
    let engine: Engine
    do throws(Problems) {
      let reference = try files.isEmpty ? Reference.compile([]) : references.compiled(files)
      engine = Engine(reference: reference, activeFiles: files)
    } catch { throw .problems(error) }
    engine.alarmsSince = try stored { reader throws(StoreError) in try reader.alarmsSince() }
    return engine
  }
}
