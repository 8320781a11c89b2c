import Decoding
import Engine
import Foundation
import Logging
import MQTT
import Notifiers
import ServiceLifecycle
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

  /// A collector for a configuration; reads and checks every file that it names.
  ///
  /// - Throws: every problem of every file at once.
  public init(settings: Settings, log: Logger) throws(Problems) {
    self.settings = settings
    self.log = log
    sources = try settings.sourceFiles()
    _ = try Reference.compile(sources)
  }

  /// Runs until the process is told to stop. `print` takes what the `log` channels deliver; nil writes
  /// it to the log.
  public func run(print: (@Sendable (String) -> Void)? = nil) async throws {
    let clock = WallClock()
    let store = try openStore()
    let signal = Signal()
    signal.raise()
    let channels = try makeChannels(print: print)
    let pipeline = PipelineService { [self] register in
      try makePipeline(store, clock, signal, register)
    }
    let outbox = OutboxService(
      store: store, channels: channels, policy: RetryPolicy(), clock: clock, log: log,
      signal: signal)
    // Started in this order, stopped in reverse: the outbox first, then the pipeline.
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(service: pipeline, successTerminationBehavior: .gracefullyShutdownGroup),
          .init(service: outbox, successTerminationBehavior: .gracefullyShutdownGroup),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
    try await group.run()
    do { try store.close() } catch { log.warning("\(error)") }
  }

  private func openStore() throws(StartError) -> Store {
    var options = StoreOptions()
    options.synchronous = settings.storage.synchronous == "normal" ? .normal : .full
    options.maximumSizeMB = settings.storage.maxSizeMiB
    let folder = (settings.database as NSString).deletingLastPathComponent
    if !folder.isEmpty {
      try? FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o750])
    }
    do throws(StoreError) {
      return try Store.open(path: settings.database, options: options)
    } catch { throw .store(error) }
  }

  private func makePipeline(
    _ store: Store, _ clock: WallClock, _ signal: Signal, _ register: (MQTTWaker) -> Void
  ) throws -> Pipeline {
    let manager = ServiceManager()
    let references = ReferenceKeeper(store: store)
    let active = try references.load(sources, now: clock.now())
    let recovery = Recovery(
      store: store, references: references, payloadLimit: settings.storage.payloadLimit, log: log)
    let (engine, segment) = try recovery.engine()
    let link = Link(log: log)
    let filters = try Decoder(
      profiles: references.compiled(active).profiles, registry: Registry()
    ).topicFilters
    let session = try MQTTSession(settings.mqttOptions(filters: filters)) { link.take($0) }
    register(session.waker)
    let pipeline = Pipeline(
      parts: Pipeline.Parts(
        store: store, engine: engine, references: references, segment: segment),
      link: link, session: session, options: settings.storage, status: status, clock: clock,
      log: log, outboxSignal: { signal.raise() },
      heartbeat: manager.makeHeartbeat { [status] in status.now.line })
    manager.ready("recovered")
    if active != engine.activeFiles { pipeline.adopt(active) }
    return pipeline
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

extension Settings {
  /// The MQTT session's options; secrets are read from their files here.
  func mqttOptions(filters: [String]) throws(Problems) -> MQTTOptions {
    var brokers: [BrokerURL] = []
    var problems: [Problem] = []
    for text in mqtt.brokers {
      do { brokers.append(try BrokerURL(parsing: text)) } catch {
        problems.append(Problem(file: file, line: 0, text: "mqtt.brokers: \(error)"))
      }
    }
    guard problems.isEmpty else { throw Problems(problems) }
    var options = MQTTOptions(brokers: brokers, clientID: node)
    options.filters = mqtt.subscriptions.isEmpty ? filters : mqtt.subscriptions
    if let path = mqtt.usernameFile { options.user = try FileBytes.secret(path) }
    if let path = mqtt.passwordFile { options.password = MQTTSecret(try FileBytes.secret(path)) }
    options.tls.authorityFile = mqtt.caFile
    options.tls.certificateFile = mqtt.certificateFile
    options.tls.keyFile = mqtt.keyFile
    options.sessionExpiry_s = UInt32(mqtt.sessionExpirySeconds)
    options.receiveMaximum = UInt16(mqtt.receiveMaximum)
    options.keepAlive_s = UInt16(mqtt.keepAliveSeconds)
    options.connectTimeout_ms = Int64(mqtt.connectTimeoutSeconds) * 1000
    // A broker silently drops what is larger than this, so nothing may be.
    options.maximumPacketSize_bytes = 268_435_455
    options.watchesBroker = mqtt.watchesBroker
    let topic = mqtt.statusTopic ?? "sitewatt/\(node)/status"
    options.status = StatusTopic(
      topic: topic, online: Array(#"{"online":true}"#.utf8),
      offline: Array(#"{"online":false}"#.utf8))
    return options
  }
}
