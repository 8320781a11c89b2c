import SiteModel
import CMosquitto

/// Everything a session is told before it begins: plain values with defaults.
public struct MQTTOptions: Sendable, Equatable {
  /// The brokers, tried in turn; 1 to 16.
  public var brokers: [BrokerURL]

  /// The fixed client id under which the broker keeps the session; 1 to 128 bytes of UTF-8.
  public var clientID: String

  /// The topic filters, subscribed at QoS 1 on every connection but for those that another one
  /// covers; at most 256.
  public var filters: [String] = []

  /// Filters that a kept session may still have from another configuration; they are taken out of
  /// it, but for those that are subscribed.
  public var formerFilters: [String] = []

  /// The user name, if the broker asks for one; at most 65535 bytes.
  public var user: String?

  /// The password; needs a user.
  public var password: Secret?

  /// The files for `mqtts` brokers.
  public var tls = TLSFiles()

  /// Whether the broker forgets the session at every connection; default false. For publishers.
  public var startsClean = false

  /// How long the broker keeps the session while nobody is connected, in seconds; default 7 days.
  /// Under MQTT 3.1.1 the broker's own setting decides.
  public var sessionExpiry_s: UInt32 = 7 * 86_400

  /// How many unacknowledged messages the broker may send (MQTT 5 receive maximum); 1 to 65535,
  /// default 4096. It bounds a commit group. Under MQTT 3.1.1 the broker's own setting decides.
  public var receiveMaximum: UInt16 = 4096

  /// The largest packet the broker may send, in bytes; 1024 or more, default 1 MiB. An MQTT 5
  /// broker drops larger messages for this session; MQTT 3.1.1 has no such limit.
  public var maximumPacketSize_bytes: UInt32 = 1 << 20

  /// The keep-alive interval in seconds; 5 to 65535, default 60. A broker ends a connection that is
  /// silent for 1.5 times as long: a commit may take up to 90 s before everything is redelivered.
  public var keepAlive_s: UInt16 = 60

  /// How long one attempt may take from name look-up to CONNACK, in milliseconds; 50 to 120000,
  /// default 10000.
  public var connectTimeout_ms: Int64 = 10_000

  /// The shortest pause after all brokers failed, in milliseconds; 1 or more, default 1000.
  public var minimumBackoff_ms: Int64 = 1_000

  /// The longest pause, in milliseconds; at most an hour, default 60000.
  public var maximumBackoff_ms: Int64 = 60_000

  /// The retained topic on which this session says whether it is there; none by default.
  public var status: StatusTopic?

  /// Whether the broker's own `$SYS` counters are followed; default true, useless for publishers.
  public var watchesBroker = true

  /// How many publishes may be unacknowledged before `publish` refuses; 1 to 10000, default 200.
  public var maximumOutstandingPublishes = 200

  /// Options for a client id and its brokers.
  public init(brokers: [BrokerURL], clientID: String) {
    self.brokers = brokers
    self.clientID = clientID
  }

  /// The filters that the broker is asked for.
  public var subscribedFilters: [String] { TopicFilter.withoutCovered(filters) }

  /// Every limit that the options break; touches no file and no network.
  public func problems() -> [MQTTOptionProblem] {
    var found: [MQTTOptionProblem] = []
    func check(_ holds: Bool, _ option: String, _ text: String) {
      if !holds { found.append(MQTTOptionProblem(option: option, text: text)) }
    }
    check((1...16).contains(brokers.count), "brokers", "1 to 16 brokers are needed")
    check((1...128).contains(clientID.utf8.count), "client_id", "1 to 128 bytes are needed")
    check(!clientID.utf8.contains(0), "client_id", "a zero byte is not allowed")
    check(filters.count <= 256, "filters", "at most 256 filters are allowed")
    for filter in filters {
      check(Self.isFilter(filter), "filters", "not a topic filter: \(filter)")
    }
    let isUserFit = user.map { !$0.utf8.contains(0) && $0.utf8.count <= 65_535 } ?? true
    check(isUserFit, "user", "at most 65535 bytes and no zero byte are allowed")
    if let password = password?.revealed.utf8 {
      check(user != nil, "password", "a password needs a user")
      check((1...65_535).contains(password.count), "password", "1 to 65535 bytes are needed")
      check(!password.contains(0), "password", "a zero byte is not allowed")
    }
    check(receiveMaximum > 0, "receive_maximum", "1 to 65535 are allowed")
    check(maximumPacketSize_bytes >= 1024, "maximum_packet_size_bytes", "1024 or more are needed")
    check(keepAlive_s >= 5, "keep_alive_s", "5 to 65535 seconds are allowed")
    check(
      (50...120_000).contains(connectTimeout_ms), "connect_timeout_ms", "50 to 120000 are allowed")
    check(minimumBackoff_ms >= 1, "minimum_backoff_ms", "1 or more is needed")
    check(
      maximumBackoff_ms >= minimumBackoff_ms && maximumBackoff_ms <= 3_600_000,
      "maximum_backoff_ms", "between minimum_backoff_ms and an hour is allowed")
    check(
      (1...10_000).contains(maximumOutstandingPublishes), "maximum_outstanding_publishes",
      "1 to 10000 are allowed")
    if let status {
      check(Self.isTopic(status.topic), "status", "not a topic: \(status.topic)")
      check(status.size_bytes <= 65_535, "status", "at most 65535 bytes are allowed")
    }
    check(
      (tls.certificateFile == nil) == (tls.keyFile == nil), "tls",
      "a certificate and its key go together")
    return found
  }

  private static func isFilter(_ text: String) -> Bool {
    !text.isEmpty && !text.utf8.contains(0) && mosquitto_sub_topic_check(text) == 0
  }

  static func isTopic(_ text: String) -> Bool {
    !text.isEmpty && !text.utf8.contains(0) && mosquitto_pub_topic_check(text) == 0
  }
}

/// An option outside its limits.
public struct MQTTOptionProblem: Error, Sendable, Equatable {
  /// The option, written as a configuration key.
  public let option: String

  /// What is wrong, one English sentence.
  public let text: String
}

/// The files that an encrypted connection needs. Verification of the broker cannot be turned off.
public struct TLSFiles: Sendable, Equatable {
  /// The PEM file of the authorities that may sign the broker's certificate; without one, those
  /// of the operating system under `/etc/ssl/certs`.
  public var authorityFile: String?

  /// The PEM file of this client's certificate chain, if the broker asks for one.
  public var certificateFile: String?

  /// The PEM file of the certificate's key, without a passphrase.
  public var keyFile: String?

  /// No files: the authorities of the operating system, no client certificate.
  public init() {}
}

/// The retained topic on which a session says whether it is there. `online` is published after
/// every connection, `offline` at an orderly end and by the broker (as the Will) at any other.
public struct StatusTopic: Sendable, Equatable {
  /// The topic; the collector's is `sitewatt/<client id>/status`.
  public var topic: String

  /// The payload that says the session is there.
  public var online: [UInt8]

  /// The payload that says it is not.
  public var offline: [UInt8]

  /// True for the state of a Sparkplug host: both payloads get the time at which the connection was
  /// asked for, the topic is subscribed, and `offline` on it is answered by `online`.
  public private(set) var isSparkplugHost = false

  /// A status topic with its two payloads, at most 65535 bytes each (MQTT 3.1.3.3).
  public init(topic: String, online: [UInt8], offline: [UInt8]) {
    self.topic = topic
    self.online = online
    self.offline = offline
  }

  /// The state of a Sparkplug B 3.0 host application (chapter 5 of the standard):
  /// `spBv1.0/STATE/<id>` with `{"online":true,"timestamp":<Unix ms>}`.
  public static func sparkplugHost(_ id: String) -> StatusTopic {
    var status = StatusTopic(
      topic: "spBv1.0/STATE/\(id)", online: Array(#"{"online":true,"timestamp":"#.utf8),
      offline: Array(#"{"online":false,"timestamp":"#.utf8))
    status.isSparkplugHost = true
    return status
  }

  /// The same with the payloads of a connection that is asked for at `now_ms`.
  func stamped(now_ms: Int64) -> StatusTopic {
    guard isSparkplugHost else { return self }
    var status = self
    status.online += Array("\(now_ms)}".utf8)
    status.offline += Array("\(now_ms)}".utf8)
    return status
  }

  var size_bytes: Int { max(topic.utf8.count, online.count, offline.count) }
}
