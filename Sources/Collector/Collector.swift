import Decoding
import Engine
import Foundation
import Logging
import MQTT
import Notifiers
import ServiceLifecycle
import Setup
import SiteModel
import Storage
import UnixSignals

/// The service: everything that `sitewatt run` starts, and its order.
public struct Collector: Sendable {
  private let settings: Settings
  private let sources: [SourceFile]
  private let log: Logger
  /// What the pipeline is doing.
  public let status = PipelineStatus()

  /// Version of the product.
  public static let version = "0.1.0"

  /// A collector for a configuration; reads and checks every file that it names. All problems
  /// of all files are thrown at once.
  public init(settings: Settings) throws(Problems) {
    self.settings = settings
    var log = Logger(label: settings.node) { StreamLogHandler.standardError(label: $0) }
    log.logLevel = Logger.Level(rawValue: settings.logLevel) ?? .info
    self.log = log
    _ = try settings.mqttOptions(filters: [])
    sources = try settings.sourceFiles()
    _ = try Reference.compile(sources)
  }

  /// Runs until the process is told to stop, or a companion has done its work. `print` takes what
  /// the `log` channels deliver (nil writes it to the log); `companions` run beside the service and
  /// are cancelled when it stops. A start that fails throws every problem at once.
  public func run(
    print: (@Sendable (String) -> Void)? = nil,
    companions: [@Sendable () async throws -> Void] = []
  ) async throws {
    let clock = WallClock()
    settings.makeDatabaseFolder()
    let lock = try CollectorLock(database: settings.database)
    defer { withExtendedLifetime(lock) {} }
    let store = try openStore()
    let outboxes = try makeChannels(print: print).map { channel in
      OutboxService(store: store, channel: channel, policy: RetryPolicy(), clock: clock, log: log)
    }
    failUnknownChannels(store, clock)
    let pipeline = PipelineService { [self] register, isStopping in
      guard let parts = try recover(store, clock, isStopping) else { return nil }
      return try makePipeline(parts, clock, outboxes, register)
    }
    let services: [any Service] = [pipeline] + outboxes + companions.map(Companion.init)
    // Started in this order, stopped in reverse: the pipeline last.
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map {
          .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
        },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
    try await group.run()
    do { try store.close() } catch { log.warning("\(error)") }
  }

  private func openStore() throws(StartError) -> Store {
    do throws(StoreError) {
      return try settings.openStore()
    } catch { throw .store(error) }
  }

  /// The engine as the journal left it; nil when the process is told to stop meanwhile.
  private func recover(
    _ store: Store, _ clock: WallClock, _ isStopping: () -> Bool
  ) throws -> Pipeline.Parts? {
    let manager = ServiceManager()
    let references = ReferenceKeeper(store: store)
    let active = try references.load(sources, now: clock.now())
    let newest = try store.reader.newestSegment()
    var told = ContinuousClock.now
    return try withoutActuallyEscaping(isStopping) { isStopping in
      let recovery = Recovery(
        store: store, references: references,
        snapshotMessages: settings.storage.snapshotMessages, log: { [log] in log.note($0) }
      ) { [log] segment in
        if told.duration(to: .now) > .seconds(1) {
          told = .now
          manager.starting("replaying journal row \(segment) of \(newest)")
          log.info("replaying journal row \(segment) of \(newest)")
        }
        return !isStopping()
      }
      return try recovery.engine().map { engine, segment in
        Pipeline.Parts(
          store: store, engine: engine, references: references, segment: segment, active: active)
      }
    }
  }

  private func makePipeline(
    _ parts: Pipeline.Parts, _ clock: WallClock, _ outboxes: [OutboxService],
    _ register: (MQTTWaker) -> Void
  ) throws -> Pipeline {
    let filters = try Decoder(
      profiles: parts.references.compiled(parts.active).profiles, registry: Registry()
    ).topicFilters
    let sessionOptions = try settings.mqttOptions(filters: filters)
    let link = Link(log: log, filters: sessionOptions.subscribedFilters) { [log] redelivery in
      do throws(StoreError) {
        try redelivery.recall(parts.store.reader)
      } catch { log.warning("repeated messages may be journaled twice: \(error)") }
    }
    let session = try MQTTSession(sessionOptions) { link.take($0) }
    register(session.waker)
    let manager = ServiceManager()
    manager.ready("recovered")
    return Pipeline(
      parts: parts, link: link, session: session, options: settings.storage, status: status,
      clock: clock, log: log, outboxSignal: { for outbox in outboxes { outbox.signal.raise() } },
      heartbeat: manager.makeHeartbeat { [status] in status.now.line })
  }

  /// Messages of channels that are configured no more can never be delivered.
  private func failUnknownChannels(_ store: Store, _ clock: WallClock) {
    do throws(StoreError) {
      let names = settings.channels.map(\.name)
      let count = try store.failNotifications(besidesChannels: names, at: clock.now())
      if count > 0 { log.error("\(count) notifications failed: their channels are gone") }
    } catch { log.warning("outbox: \(error)") }
  }

  private func makeChannels(
    print: (@Sendable (String) -> Void)?
  ) throws -> [Channel] {
    let clock = WallClock()
    return try settings.channels.map { channel in
      if let webhook = channel.webhook {
        let notifier = try WebhookNotifier(webhook, version: Self.version) { clock.now() }
        return Channel(name: channel.name, kind: .webhook(notifier))
      }
      let log = log
      return Channel(
        name: channel.name,
        kind: .log(
          LogNotifier { notification in
            let line = AlertLine(notification.body).text
            if let print { print(line) } else { log.notice("\(line)") }
          }))
    }
  }
}

extension Logger {
  fileprivate func note(_ notice: Recovery.Notice) {
    switch notice {
    case .misfit(let row): warning("the state saved after journal row \(row) does not fit")
    case .replayed(let rows): info("replayed \(rows) journal rows")
    }
  }
}

/// Work beside the service, such as the demonstration's fleet.
private struct Companion: Service {
  let work: @Sendable () async throws -> Void

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown(work)
    } catch is CancellationError {}  // That is how it is told to stop.
  }
}
