/// Which broker to try next, and how: the brokers in turn, each with the protocol version and the
/// Will that it accepts. A pure value; knows neither clock nor network.
struct Rotation {
  /// What to do after a failed attempt.
  enum Next: Equatable {
    /// Another attempt at once.
    case now
    /// All brokers failed in this round: a pause first.
    case afterPause(needsOperator: Bool)
  }

  /// What is remembered about one broker.
  private struct Memory {
    /// For how many more attempts MQTT 3.1.1 is tried first, because it worked.
    var oldProtocolAttempts_left = 0
    var willQoS: Int32 = 1
    var retainsWill = true
    var hadSession = false
  }

  /// After MQTT 3.1.1 worked, this many connections use it before MQTT 5 is tried again: a broker
  /// that ignores MQTT 5 costs a whole connect timeout each time.
  static let oldProtocolAttempts = 8

  private var memories: [Memory]
  private var failures = 0
  private var someFailureIsTransient = false
  private var isFallback = false

  /// The broker to try, an index into the options' brokers.
  private(set) var index = 0

  /// The version to offer.
  private(set) var version = ProtocolVersion.v5

  init(brokerCount: Int) {
    memories = Array(repeating: Memory(), count: brokerCount)
  }

  var willQoS: Int32 { memories[index].willQoS }
  var retainsWill: Bool { memories[index].retainsWill }

  /// The broker accepted the session. Returns whether it forgot one that it had.
  mutating func succeeded(isSessionPresent: Bool) -> Bool {
    if version == .v5 {
      memories[index].oldProtocolAttempts_left = 0
    } else if isFallback {
      memories[index].oldProtocolAttempts_left = Self.oldProtocolAttempts
    }
    beginRound()
    defer { memories[index].hadSession = true }
    return memories[index].hadSession && !isSessionPresent
  }

  /// The connection ended: the same broker, which holds the session, comes first again.
  mutating func lost() {
    beginRound()
    chooseVersion()
  }

  /// The attempt failed.
  mutating func failed(_ failure: MQTTFailure) -> Next {
    if version == .v5, failure.suggestsOlderProtocol {
      version = .v311
      isFallback = true
      return .now
    }
    if adaptsWill(to: failure) { return .now }
    if version == .v311 { memories[index].oldProtocolAttempts_left = 0 }
    if !failure.needsOperator { someFailureIsTransient = true }
    failures += 1
    index = (index + 1) % memories.count
    let isRoundOver = failures == memories.count
    let needsOperator = !someFailureIsTransient
    if isRoundOver { beginRound() }
    chooseVersion()
    return isRoundOver ? .afterPause(needsOperator: needsOperator) : .now
  }

  /// A broker with maximum QoS 0, or without retained messages, refuses a Will beyond that
  /// (MQTT 5, 3.2.2.3.4 and .5); its CONNACK is the first that says so.
  private mutating func adaptsWill(to failure: MQTTFailure) -> Bool {
    switch failure.reason {
    case .broker(code: 0x9B) where memories[index].willQoS > 0:
      memories[index].willQoS = 0
      return true
    case .broker(code: 0x9A) where memories[index].retainsWill:
      memories[index].retainsWill = false
      return true
    default:
      return false
    }
  }

  private mutating func beginRound() {
    failures = 0
    someFailureIsTransient = false
  }

  private mutating func chooseVersion() {
    isFallback = false
    guard memories[index].oldProtocolAttempts_left > 0 else {
      version = .v5
      return
    }
    memories[index].oldProtocolAttempts_left -= 1
    version = .v311
  }
}
