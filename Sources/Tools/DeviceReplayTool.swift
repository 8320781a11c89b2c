import Engine
import Foundation
import Setup
import SiteModel
import Storage

/// Decodes what was kept with the profiles now in force, for the `devices replay` command. Where a
/// collector runs it leaves the wish in the file and waits; else it does the work itself.
public struct DeviceReplayTool {
  /// How long the collector may take for a step, in milliseconds.
  public static let patience_ms: Int64 = 30_000
  /// How often the file is asked how far it is, in milliseconds.
  private static let pause_ms: UInt32 = 100

  private let settings: Settings
  private let shape: ShapeID?
  private let patience_ms: Int64

  /// A tool for a configuration; `shape` chooses the messages of one, nil all.
  public init(settings: Settings, shape: String? = nil) throws {
    try self.init(settings: settings, shape: shape, patience_ms: Self.patience_ms)
  }

  /// The same with another patience.
  init(settings: Settings, shape: String?, patience_ms: Int64) throws {
    let known = shape.flatMap { ShapeID($0) }
    if let shape, known == nil { throw Refusal.unknownShape(shape) }
    (self.settings, self.shape, self.patience_ms) = (settings, known, patience_ms)
  }

  /// Why nothing was decoded.
  enum Refusal: Error, Equatable, CustomStringConvertible {
    /// There is no such shape.
    case unknownShape(String)
    /// The running collector did not take the wish up.
    case noAnswer(seconds: Int64)
    /// The wish is gone.
    case lost

    var description: String {
      switch self {
      case .unknownShape(let shape):
        "there is no shape '\(shape)'; 'sitewatt devices unknown' lists them"
      case .noAnswer(let seconds):
        "the collector did not go on within \(seconds) s; the wish stays in the file, and it is "
          + "done as soon as the collector can. See its log"
      case .lost: "the wish is no longer in the file; see what 'sitewatt devices unknown' lists"
      }
    }
  }

  /// What could be decoded by the profiles on disk; nothing is changed.
  public func dryRun() throws -> [String] {
    let reader = try Store.openReadOnly(path: settings.database)
    let engine = Engine(reference: try settings.reference())
    var lines: [String] = []
    for unknown in try known(reader) where unknown.kept > 0 {
      let (decoded, count) = try engine.replayable(reader, shape: unknown.shape)
      lines.append("\(unknown.shape) \(unknown.topic): \(decoded) of \(count) can be decoded")
    }
    return lines.isEmpty ? ["nothing is kept"] : lines
  }

  /// Decodes, and says what came of it; `now` is the clock, and `told` is given what the user
  /// should know before.
  public func run(now: () -> Timestamp, told: (String) -> Void) throws -> [String] {
    let reader = try Store.openReadOnly(path: settings.database)
    _ = try known(reader)
    try reader.close()
    let done: ReplayRequest
    if let lock = try? CollectorLock(database: settings.database) {
      done = try withExtendedLifetime(lock) { try work(now, told) }
    } else {
      done = try wait(now, told)
    }
    return [
      TextColumns.count(done.decoded, "message") + (done.decoded == 1 ? " was" : " were")
        + " decoded and stored with their original times; "
        + "\(done.leftOver) " + (done.leftOver == 1 ? "is" : "are") + " still unknown"
    ]
  }

  private func known(_ reader: StoreReader) throws -> [UnknownShape] {
    let shapes = try reader.unknownShapes(shape)
    if shapes.isEmpty, let shape { throw Refusal.unknownShape(shape.description) }
    return shapes
  }

  /// Has the running collector do it.
  private func wait(_ now: () -> Timestamp, _ told: (String) -> Void) throws -> ReplayRequest {
    let store = try settings.openStore()
    defer { try? store.close() }
    let changed = try changedProfiles(store.reader)
    if changed > 0 {
      told(
        "\(changed) profile(s) on disk are not those that the collector runs with; restart it to "
          + "use them")
    }
    let id = try store.requestReplay(shape: shape, now: now())
    var (through, since) = (Int64(-1), ContinuousClock.now)
    while true {
      guard let wish = try store.reader.replay(id) else { throw Refusal.lost }
      if wish.isFinished { return wish }
      // Wishes of before come first; any step that is done is a sign of life.
      let step = try store.reader.openReplay().map { $0.id << 40 | $0.through } ?? 0
      if step != through { (through, since) = (step, .now) }
      guard since.duration(to: .now) < .milliseconds(patience_ms) else {
        throw Refusal.noAnswer(seconds: patience_ms / 1000)
      }
      usleep(Self.pause_ms * 1000)
    }
  }

  /// Does it alone, as a collector would.
  private func work(_ now: () -> Timestamp, _ told: (String) -> Void) throws -> ReplayRequest {
    let store = try settings.openStore()
    defer { try? store.close() }
    let id = try store.requestReplay(shape: shape, now: now())
    try OfflineReplay(settings: settings, store: store).run(now: now, told: told)
    guard let wish = try store.reader.replay(id) else { throw Refusal.lost }
    return wish
  }

  /// Profiles whose present text the database does not have, so that no collector uses it.
  private func changedProfiles(_ reader: StoreReader) throws -> Int {
    let stored = Set(
      try reader.currentReferences().filter { $0.kind == "profile" }.map(\.body))
    return try settings.sourceFiles().count { $0.kind == "profile" && !stored.contains($0.bytes) }
  }
}

/// Brings the engine to where the journal ends and works off the wishes for a replay, while no
/// collector runs.
struct OfflineReplay {
  let settings: Settings
  let store: Store

  /// Works until no wish is open.
  func run(now: () -> Timestamp, told: (String) -> Void) throws {
    let references = ReferenceKeeper(store: store)
    let active = try references.load(try settings.sourceFiles(), now: now())
    let recovery = Recovery(
      store: store, references: references, snapshotMessages: settings.storage.snapshotMessages,
      log: { _ in }
    ) { _ in true }
    guard let (engine, start) = try recovery.engine() else { return }
    var segment = start
    let batch = Batch()
    func commit(_ step: ReplayStep?) throws {
      var outcome = Outcome()
      try engine.process(batch, segment: segment + 1, into: &outcome) { files throws(Problems) in
        try references.compiled(files)
      }
      segment = try store.commit(
        batch: batch, outcome: outcome, replay: step, after: segment,
        firstDevice: engine.devices.count - outcome.newDevices.count)
      batch.removeAll()
    }
    if active != engine.activeFiles {
      told("the profiles and other files on disk are in force from now on")
      // As at the start of a collector: nothing is heard before the link is up.
      batch.append(.link(up: false), at: now())
      batch.append(.reference(files: active), at: now())
      try commit(nil)
    }
    let held = HeldReplay(store: store)
    repeat {
      if let step = try held.step(into: batch, engine: engine, now: now()) { try commit(step) }
      while try store.compactIfNeeded(now: now()) {}
    } while held.isUnfinished
    try store.saveSnapshot(engine.snapshot(), after: segment)
  }
}
