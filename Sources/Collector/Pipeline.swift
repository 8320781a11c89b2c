import Decoding
import Engine
import Logging
import MQTT
import Setup
import SiteModel
import Storage

/// The way of a message. One thread does it all, in this order, for one batch after the other:
///
///     receive → decode → detect → alert → COMMIT → release (PUBACK)
///
/// Nothing is acknowledged before the transaction that holds it is durable (decision D1). While a
/// commit fails nothing is read; the broker keeps what it has, and sends again what was not
/// acknowledged.
final class Pipeline {
  private let store: Store
  private let session: MQTTSession
  private let engine: Engine
  private let references: ReferenceKeeper
  private let options: StorageSettings
  private let status: PipelineStatus
  private let outboxSignal: @Sendable () -> Void
  private let heartbeat: () -> Void
  private let log: Logger
  private var clock: WallClock

  private let batch = Batch()
  private var outcome = Outcome()
  private let link: Link
  private var segment: Int64
  private var duplicates = 0
  private var snapshots: SnapshotSchedule
  private var care = FileCare()
  private var careTrouble: String?
  private let held: HeldReplay
  private var replay: ReplayStep?
  private var replayTrouble: String?
  private var lastTick: Timestamp

  init(
    parts: Parts, link: Link, session: MQTTSession, options: StorageSettings,
    status: PipelineStatus,
    clock: WallClock, log: Logger, outboxSignal: @escaping @Sendable () -> Void,
    heartbeat: @escaping () -> Void
  ) {
    store = parts.store
    engine = parts.engine
    references = parts.references
    segment = parts.segment
    held = HeldReplay(store: parts.store)
    self.link = link
    self.session = session
    self.options = options
    snapshots = SnapshotSchedule(messages: options.snapshotMessages)
    self.status = status
    self.clock = clock
    self.log = log
    self.outboxSignal = outboxSignal
    self.heartbeat = heartbeat
    lastTick = clock.now()
    // Nothing is heard before the link is up, whatever the saved state says.
    batch.append(.link(up: false), at: clock.now())
    if parts.active != engine.activeFiles {
      batch.append(.reference(files: parts.active), at: clock.now())
    }
  }

  /// What a recovery hands over.
  struct Parts {
    var store: Store
    var engine: Engine
    var references: ReferenceKeeper
    /// Newest row of the journal.
    var segment: Int64
    /// Reference files that are to be in force from now on.
    var active: [Int64]
  }

  /// Works until `isStopping` says so. An error that waiting does not cure ends it; nothing of the
  /// batch at hand is acknowledged then.
  func run(until isStopping: () -> Bool) throws(StartError) {
    do throws(StartError) {
      try work(until: isStopping)
      try finish()
    } catch {
      log.error("nothing is acknowledged: \(error)")
      session.abandon()
      session.close()
      throw error
    }
    session.close()
  }

  private func work(until isStopping: () -> Bool) throws(StartError) {
    while !isStopping() {
      let hasDrained = receive()
      addControls(hasDrained: hasDrained)
      if hasDrained { addHeld() }
      guard !batch.isEmpty else {
        session.release()
        lookAfterFile()
        continue
      }
      try process()
      guard try commit(until: isStopping) else { break }
      session.release()
      sendCommands()
      lookAfterFile()
    }
  }

  /// Reads what the broker has sent, up to a full batch; true when nothing more was waiting.
  private func receive() -> Bool {
    let limits = ReceiveLimits(
      messages: options.batchMessages, bytes: options.batchBytes,
      wait_ms: held.isUnfinished && replayTrouble == nil ? 0 : 1000)
    heartbeat()
    let end = session.receive(until: limits) { [self] message in
      if link.redelivery.isExpecting,
        link.redelivery.isRepeated(
          packet: message.packetID, topic: message.topic, payload: message.payload)
      {
        duplicates += 1
        return
      }
      // Before the first message after a wait: its time of receipt is by the new clock already, and
      // it came by the new link.
      if batch.isEmpty { noteClockStep() }
      if link.hasEvents { handleEvents() }
      batch.append(
        topic: message.topic, payload: message.payload, packet: message.packetID,
        qos: message.qos, retained: message.isRetained, receivedAt: clock.now())
    }
    return end != .full
  }

  /// Adds what did not come from a device: link changes, clock steps, imports, and time itself.
  private func addControls(hasDrained: Bool) {
    noteClockStep()
    let now = clock.now()
    handleEvents()
    addImports(at: now)
    // While a backlog is being read, time must not pass judgement on what is still to come.
    let isTickDue = hasDrained || now.since(lastTick) > 10_000
    guard isTickDue, engine.isDue(now) else { return }
    lastTick = now
    batch.append(.tick, at: now)
  }

  private func addImports(at now: Timestamp) {
    let files = references.changed { log.error("an import is not taken: \($0)") }
    guard let files else { return }
    log.notice("imported files are in force from now on")
    batch.append(.reference(files: files), at: now)
  }

  /// Adds messages that were kept because nothing could be used of them, when somebody asked for
  /// it. A failure is told once until another one comes; messages do not wait for its end.
  private func addHeld() {
    var trouble: String?
    do throws(StoreError) {
      replay = try held.step(into: batch, engine: engine, now: clock.now())
    } catch { trouble = "\(error)" }
    if let trouble, trouble != replayTrouble { log.error("no replay of what is kept: \(trouble)") }
    replayTrouble = trouble
  }

  private func noteClockStep() {
    guard let step = clock.step() else { return }
    log.warning("the clock was set by \(step) ms; waits move with it")
    batch.append(.clockStep(milliseconds: step), at: clock.now())
  }

  private func handleEvents() {
    let now = clock.now()
    for event in link.takeEvents() { handle(event, at: now) }
  }

  private func handle(_ event: MQTTEvent, at now: Timestamp) {
    switch event {
    case .connected(let broker):
      status.update { $0.broker = "\(broker.broker)" }
      if !broker.isSessionPresent { batch.append(.newSession, at: now) }
      batch.append(.link(up: true), at: now)
    case .disconnected, .closed:
      status.update { $0.broker = nil }
      batch.append(.link(up: false), at: now)
    case .brokerDropped(let total):
      if let count = link.newlyDropped(total) {
        batch.append(.brokerDropped(count: Int64(clamping: count)), at: now)
      }
    default: break
    }
  }

  private func process() throws(StartError) {
    outcome.removeAll()
    do throws(EngineError) {
      try engine.process(batch, segment: segment + 1, into: &outcome) {
        [references] files throws(Problems) in
        try references.compiled(files)
      }
    } catch {
      switch error {
      // The files were compiled before; now they cannot be read.
      case .reference(let problems): throw .problems(problems)
      // Live control entries come from this process itself.
      case .corrupt: preconditionFailure("a batch of our own making is unreadable: \(error)")
      }
    }
  }

  /// Makes the batch durable. While that fails the link is dropped and nothing is read; true when
  /// it worked in the end, false when the collector was stopped first (the broker then keeps it
  /// all). An error that waiting does not cure is thrown.
  private func commit(until isStopping: () -> Bool) throws(StartError) -> Bool {
    let now = batch.entry(at: batch.count - 1).time
    let isSnapshotDue = snapshots.isDue(
      messages: batch.messageCount, readings: outcome.readings.count, now: now)
    let snapshot = isSnapshotDue ? engine.snapshot() : nil
    var attempts = 0
    while true {
      do throws(StoreError) {
        try store(snapshot)
        break
      } catch {
        guard error.isRetryable else { throw .store(error) }
        if attempts == 0 {
          log.error("nothing is acknowledged: \(error)")
          session.abandon()
        }
        attempts += 1
        status.update { $0.trouble = "\(error)" }
        heartbeat()
        if isStopping() { return false }
        Pause.milliseconds(1000)
      }
    }
    if attempts > 0 {
      log.notice("storing again after \(attempts) attempts")
    }
    if isSnapshotDue { snapshots.saved(now: now) }
    account()
    return true
  }

  /// Tells devices what the stored batch asks of them. One that cannot be told now is not told
  /// later: what made it necessary goes on, or is over.
  private func sendCommands() {
    for command in outcome.commands {
      do {
        try command.payload.withUnsafeBytes {
          try session.publish(topic: command.topic, payload: $0, qos: 0)
        }
        log.info("sent \(command.topic)")
      } catch { log.notice("not sent: \(command.topic): \(error)") }
    }
    outcome.commands.removeAll()
  }

  /// Notes the end of the link and saves the engine's state, so that the next start replays
  /// nothing.
  private func finish() throws(StartError) {
    guard batch.isEmpty else { return }
    batch.append(.link(up: false), at: clock.now())
    try process()
    do throws(StoreError) { try store(engine.snapshot()) } catch { log.warning("\(error)") }
  }

  /// Commits what was worked out last.
  private func store(_ snapshot: [UInt8]?) throws(StoreError) {
    segment = try store.commit(
      batch: batch, outcome: outcome, snapshot: snapshot, duplicates: duplicates, replay: replay,
      after: segment, firstDevice: engine.devices.count - outcome.newDevices.count)
  }

  /// Looks after the file. A failure is shown until it works again, and told once until another one
  /// comes.
  private func lookAfterFile() {
    var trouble: String?
    do throws(StoreError) {
      try care.step(store, engine, now: clock.now(), log)
    } catch { trouble = "\(error)" }
    guard trouble != careTrouble else { return }
    careTrouble = trouble
    if let trouble { log.warning("the file is not looked after: \(trouble)") }
    status.update { $0.careTrouble = trouble }
  }

  private func account() {
    let (messages, readings, quarantined) = (
      batch.messageCount, outcome.readings.count, outcome.quarantined.count
    )
    let (open, repeated) = (engine.openIncidentCount, duplicates)
    status.update {
      $0.messages += messages
      $0.readings += readings
      $0.quarantined += quarantined
      $0.duplicates += repeated
      $0.openIncidents = open
      $0.commits += 1
      $0.trouble = nil
    }
    if !outcome.notifications.isEmpty { outboxSignal() }
    (duplicates, replay) = (0, nil)
    batch.removeAll()
  }
}
